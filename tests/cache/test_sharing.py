"""Who asks the same at the same time is told by one call; what goes wrong with it is nobody else's."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.cache.conftest import MODEL, Opened, graph
from tinyllm.errors import TinyError
from tinyllm.guard import Guard
from tinyllm.guard.sharing import Flight, flight
from tinyllm.models import Ask, Models, Reply
from tinyllm.running import Event, Priority, Running, entered
from tinyllm.settings import Settings
from tinyllm.testing.simulator import Reply as Said
from tinyllm.testing.simulator import Script, Simulator

SURE = Ask([{"role": "user", "content": "Who?"}], options={"temperature": 0})


class Held:
    """A server that answers when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.replies: list[Any] = []
        self.simulator = Simulator(Script({MODEL: self._reply}))

    async def _reply(self, _: Any) -> Any:
        number = len(self.simulator.asked)
        await self.go.wait()
        return self.replies.pop(0) if self.replies else f"reply {number}"

    async def asked(self, times: int) -> None:
        while len(self.simulator.asked) < times:
            await asyncio.sleep(0.001)


@asynccontextmanager
async def guarded(**settings: Any) -> AsyncIterator[tuple[Guard, Held]]:
    held = Held()
    async with held.simulator:
        models = Models(Settings(ollama_host=held.simulator.url, **settings))
        yield Guard(models), held
        await models.aclose()


def text(reply: Reply) -> str:
    return reply.text


def asking(
    guard: Guard, ask: Ask = SURE, read: Callable[[Reply], Any] = text, **running: Any
) -> "asyncio.Task[Any]":
    async def one() -> Any:
        with entered(Running(**running)):
            return await guard.ask(MODEL, ask, read)

    return asyncio.create_task(one())


async def together(held: Held, tasks: list["asyncio.Task[Any]"]) -> list[Any]:
    """All of them have asked; now the server answers."""
    await held.asked(1)
    for _ in range(200):
        await asyncio.sleep(0)
    held.go.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_eight_that_ask_the_same_make_one_call() -> None:
    heard: list[Event] = []
    async with guarded() as (guard, held):
        tasks = [asking(guard, listen=heard.append) for _ in range(8)]
        assert await together(held, tasks) == ["reply 1"] * 8
        assert len(held.simulator.asked) == 1
        assert [event.kind for event in heard].count("call") == 1
        assert [event.data["shared"] for event in heard if event.kind == "cached"] == [True] * 7
        # Nothing of it is kept: that is the cache's business.
        assert await asking(guard) == "reply 2"


async def test_what_differs_is_not_shared() -> None:
    async with guarded() as (guard, held):
        asks = [
            SURE,
            Ask(SURE.messages, options={"temperature": 0, "num_ctx": 512}),
            Ask([{"role": "user", "content": "Where?"}], options={"temperature": 0}),
            *(Ask(SURE.messages, options={"temperature": 0.8, "seed": seed}) for seed in (1, 2)),
            *[Ask(SURE.messages)] * 3,
            *[Ask(SURE.messages, options={"temperature": 0.8})] * 3,
        ]
        held.go.set()
        await asyncio.gather(*(asking(guard, ask) for ask in asks))
        assert len(held.simulator.asked) == len(asks)


@pytest.mark.parametrize("fault", ["cancelled", "failed"])
async def test_when_the_first_is_stopped_or_fails_the_next_one_takes_over(fault: str) -> None:
    async with guarded() as (guard, held):
        tasks = [asking(guard) for _ in range(4)]
        await held.asked(1)
        if fault == "cancelled":
            tasks[0].cancel()
            await held.asked(2)
        else:
            held.replies = [Said(status=400, error="no")]
        said = await together(held, tasks)
        first: Any = asyncio.CancelledError if fault == "cancelled" else TinyError
        assert isinstance(said[0], first)
        assert said[1:] == ["reply 2"] * 3
        assert len(held.simulator.asked) == 2


async def test_each_judges_for_itself_what_was_heard() -> None:
    def strict(reply: Reply) -> str:
        raise TinyError("not good enough")

    async with guarded() as (guard, held):
        said = await together(held, [asking(guard), asking(guard, read=strict), asking(guard)])
        assert (said[0], said[2], str(said[1])) == ("reply 1", "reply 1", "not good enough")
        assert len(held.simulator.asked) == 1


async def test_who_waits_for_another_one_has_a_deadline_too() -> None:
    async with guarded() as (guard, held):
        first = asking(guard)
        await held.asked(1)
        clock = guard.clock
        with pytest.raises(TinyError) as late:
            await asking(guard, deadline=clock.monotonic() + 0.05)
        assert late.value.code == "DEADLINE_EXCEEDED"
        held.go.set()
        assert await first == "reply 1"


async def test_who_watches_is_told_the_whole_text_when_it_is_there() -> None:
    heard: list[str] = []
    async with guarded() as (guard, held):
        watching = Ask(SURE.messages, options=SURE.options, token=heard.append)
        await together(held, [asking(guard), asking(guard, watching)])
        assert heard == ["reply 1"]


async def test_a_call_is_as_urgent_as_the_most_urgent_who_waits_for_it() -> None:
    told: list[str] = []
    made = Flight("background")
    made.raised.append(told.append)
    later: tuple[Priority, ...] = ("background", "batch", "background", "person", "batch")
    for priority in later:
        made.join(priority)
    assert (made.priority, told) == ("person", ["batch", "person"])

    seen: list[str] = []

    def listen(event: Event) -> None:
        if event.kind == "call" and (led := flight()):
            seen.append(led.priority)

    async with guarded() as (guard, held):
        tasks = [
            asking(guard, priority="batch", listen=listen),
            asking(guard, priority="person", listen=listen),
        ]
        await together(held, tasks)
        assert (seen, flight()) == (["person"], None)


async def test_in_the_queue_it_goes_with_the_most_urgent(opened: Opened) -> None:
    """One slot, taken; three of a batch wait, and a person asks for what the last of them asks."""
    asks = [Ask([{"role": "user", "content": word}], options={"temperature": 0}) for word in "abcd"]
    async with guarded(slots=1) as (guard, held):
        tasks = []
        for ask in asks:
            tasks.append(asking(guard, ask, priority="batch"))
            await asyncio.sleep(0)
        await held.asked(1)
        tasks.append(asking(guard, asks[3], priority="person"))
        await together(held, tasks)
        assert [request.text for request in held.simulator.asked] == ["a", "d", "b", "c"]


async def test_two_runs_of_one_engine_and_two_nodes_of_one_run_share(opened: Opened) -> None:
    held = Held()
    one = {"prompt": "Same.", "model": MODEL, "temperature": 0, "window": False, "to": "join"}
    fork = {"kind": "transform", "value": "1", "to": ["a", "b"]}
    join = {"kind": "transform", "value": "outputs.a ~ outputs.b", "to": "end"}
    async with held.simulator:
        given = {"name": "fork", "nodes": {"fork": fork, "a": one, "b": one, "join": join}}
        async with opened(given=given, ollama_host=held.simulator.url) as engine:
            both = [asyncio.create_task(engine.ask("x")), asyncio.create_task(engine.ask("y"))]
            answers = await together(held, both)
        assert [str(each) for each in answers] == ["reply 1reply 1"] * 2
        assert len(held.simulator.asked) == 1


async def test_what_was_shared_is_kept_by_whoever_commits(opened: Opened) -> None:
    held = Held()
    fails = {"kind": "transform", "value": "1 / (outputs.say | length - outputs.say | length)", "to": "end"}
    async with held.simulator:
        url = held.simulator.url
        async with (
            opened(given=graph(fails=fails), ollama_host=url) as failing,
            opened(ollama_host=url) as good,
        ):
            good.services = replace(
                good.services, guard=replace(good.services.guard, flights=failing.services.guard.flights)
            )
            cache = good.services.guard.cache
            assert cache is not None
            await cache.digests.of(MODEL)  # from here on it meets nobody but the other run
            first = asyncio.create_task(failing.ask("Who?"))
            await held.asked(1)
            said = await together(held, [first, asyncio.create_task(good.ask("Who?"))])
            assert isinstance(said[0], TinyError)
            assert [str(said[1]), str(await good.ask("Who?"))] == ["reply 1"] * 2
        assert len(held.simulator.asked) == 1
