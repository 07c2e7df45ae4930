"""Loading, waiting, slots, and clients that leave."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.testing.clients import client, http
from tinyllm.errors import UsageError
from tinyllm.testing.simulator import Model, Reply, Request, Script, Simulator

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "?"}], "stream": False}


class Held:
    """A reply that waits to be let go, and tells who has come so far."""

    def __init__(self) -> None:
        self.came = asyncio.Semaphore(0)
        self.go = asyncio.Event()

    async def __call__(self, request: Request) -> Reply:
        self.came.release()
        await self.go.wait()
        return Reply("done")


async def test_no_more_requests_than_slots_are_worked_on() -> None:
    held = Held()
    async with Simulator(Script(held, models=[Model(name="m", slots=2)])) as simulator:
        calls = http(simulator)
        asked = [asyncio.create_task(calls.post("/api/chat", json=ASK)) for _ in range(5)]
        await held.came.acquire()
        await held.came.acquire()
        while simulator.world.memory.waiting < 3:
            await asyncio.sleep(0)
        assert held.came.locked()
        held.go.set()
        assert [task.status_code for task in await asyncio.gather(*asked)] == [200] * 5
    assert max(request.started for request in simulator.asked) >= min(
        request.ended for request in simulator.asked
    )


async def test_a_full_queue_refuses() -> None:
    held = Held()
    async with Simulator(Script(held, models=[Model(name="m")]), queue=1) as simulator:
        calls = http(simulator)
        first = asyncio.create_task(calls.post("/api/chat", json=ASK))
        await held.came.acquire()
        second = asyncio.create_task(calls.post("/api/chat", json=ASK))
        while not simulator.world.memory.waiting:
            await asyncio.sleep(0)
        third = await calls.post("/api/chat", json=ASK)
        held.go.set()
        assert [(await task).status_code for task in (first, second)] == [200, 200]
    assert third.status_code == 503
    assert third.json() == {"error": "server busy, please try again.  maximum pending requests exceeded"}


async def test_a_model_that_is_in_use_is_not_swapped_out() -> None:
    held = Held()
    async with Simulator({"a": held, "b": "hi"}, room=1) as simulator:
        calls = http(simulator)
        first = asyncio.create_task(calls.post("/api/chat", json={**ASK, "model": "a"}))
        await held.came.acquire()
        second = asyncio.create_task(calls.post("/api/chat", json={**ASK, "model": "b"}))
        while not simulator.world.memory.waiting:
            await asyncio.sleep(0)
        names = [model["name"] for model in (await calls.get("/api/ps")).json()["models"]]
        held.go.set()
        await asyncio.gather(first, second)
        counted = (await calls.get("/simulator")).json()
    assert names == ["a:latest"]
    assert (counted["loads"], counted["swaps"]) == (2, 1)
    assert set(counted["busy_seconds"]) == {"a:latest", "b:latest"}


async def test_loading_takes_its_time_once() -> None:
    cards = [Model(name="m", load=5, longest=2048)]
    async with Simulator(Script("hi", models=cards), scale=0.01) as simulator:
        calls = http(simulator)
        first, second = [(await calls.post("/api/chat", json=ASK)).json()["load_duration"] for _ in range(2)]
        other = (await calls.post("/api/chat", json={**ASK, "options": {"num_ctx": 9999}})).json()[
            "load_duration"
        ]
        [loaded] = (await calls.get("/api/ps")).json()["models"]
    assert first >= 50_000_000 > second
    assert other >= 50_000_000
    assert loaded["context_length"] == 2048


async def test_keep_alive_decides_when_a_model_goes() -> None:
    async with Simulator("hi") as simulator:
        calls = http(simulator)
        for keep in (-1, "1h30m", 0.001):
            await calls.post("/api/chat", json={**ASK, "keep_alive": keep})
            models = (await calls.get("/api/ps")).json()["models"]
            if keep == -1:
                assert models[0]["expires_at"] > "2300"
        while (await calls.get("/api/ps")).json()["models"]:
            await asyncio.sleep(0)


async def test_a_client_that_leaves_ends_the_answer() -> None:
    async with Simulator(Reply("word " * 1000, ending="hang", after=3)) as simulator:
        async with http(simulator).stream("POST", "/api/chat", json={**ASK, "stream": True}) as response:
            assert len([json.loads(line) async for line in _first(response, 3)]) == 3
        await _until(lambda: simulator.cancelled == 1)
        [request] = simulator.asked
        assert (request.pieces, request.cancelled) == (3, True)
        assert (await http(simulator).post("/api/show", json={"model": "m"})).status_code == 200


async def _first(response: httpx.Response, count: int) -> Any:
    lines = response.aiter_lines()
    for _ in range(count):
        yield await anext(lines)


async def _until(true: Any) -> None:
    while not true():
        await asyncio.sleep(0)


async def test_a_cancelled_call_gives_its_slot_back() -> None:
    replies = [Reply(ending="hang"), Reply("next")]
    async with Simulator(Script(replies, models=[Model(name="m")])) as simulator:
        calls = client(simulator)
        lost = asyncio.create_task(calls.chat("m", ASK["messages"]))
        await _until(lambda: simulator.asked and simulator.asked[0].started)
        lost.cancel()
        answer = await calls.chat("m", ASK["messages"])
    assert answer.message.content == "next"
    assert simulator.cancelled == 1


async def test_stopping_leaves_nothing_behind() -> None:
    async with Simulator(Script([Reply(ending="hang")], models=[Model(name="m", load=9)])) as simulator:
        lost = asyncio.create_task(http(simulator).post("/api/chat", json=ASK))
        await _until(lambda: simulator.asked)
    with pytest.raises(httpx.HTTPError):
        await lost
    left = {task.get_name() for task in asyncio.all_tasks()} - {asyncio.current_task().get_name()}  # type: ignore[union-attr]
    assert not left
    with pytest.raises(httpx.ConnectError):
        await http(simulator).get("/")


async def test_requests_are_kept_word_for_word() -> None:
    async with Simulator(lambda request: f"{request.nth}: {request.text}") as simulator:
        content = b'{ "model":"m","messages":[ {"role":"USER","content":"hi"}],"stream":false,"odd":1}'
        answer = (await http(simulator).post("/api/chat", content=content)).json()
        [request] = simulator.requests
    assert answer["message"]["content"] == "0: hi"
    assert (request.raw, request.body["odd"], request.path, request.status) == (content, 1, "/api/chat", 200)
    assert request.messages == [{"role": "user", "content": "hi"}]
    assert 0 < request.arrived <= request.started <= request.first <= request.ended
    assert simulator.connections == 1


async def test_a_port_in_use_is_said_so() -> None:
    async with Simulator() as simulator:
        with pytest.raises(UsageError, match=f"port {simulator.port} of 127.0.0.1 is in use") as failure:
            await Simulator(port=simulator.port).start()
        with pytest.raises(UsageError, match="is in use"):
            Simulator(port=simulator.port).start_in_thread()
    assert "stop it or choose another port" in failure.value.hint


async def test_options_bound_what_is_said() -> None:
    async with Simulator("one two three four") as simulator:
        calls = client(simulator)
        cut = await calls.chat("m", ASK["messages"], options={"num_predict": 2})
        stopped = await calls.chat("m", ASK["messages"], options={"stop": [" three"]})
    assert (cut.message.content, cut.done_reason, cut.eval_count) == ("one two ", "length", 2)
    assert (stopped.message.content, stopped.done_reason) == ("one two", "stop")


async def test_logprobs_come_with_every_piece() -> None:
    async with Simulator("one two") as simulator:
        parts = [
            p
            async for p in await client(simulator).chat(
                "m", ASK["messages"], logprobs=True, top_logprobs=2, stream=True
            )
        ]
        whole = await client(simulator).generate("m", "?", logprobs=True)
    assert [p.logprobs[0].token for p in parts if p.logprobs] == ["one", " two"]
    assert whole.logprobs is not None
