"""The proxy does what its faults say, to a real client of a simulated server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import pytest

from tinyllm.testing.faults import (
    Bandwidth,
    Blackhole,
    Cut,
    Drip,
    Fault,
    FaultProxy,
    Garbage,
    Latency,
    Refuse,
    Reset,
    Slice,
)
from tinyllm.testing.simulator import Simulator

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "?"}]}


@dataclass
class Line:
    """A simulator, a proxy before it, and a client before that."""

    simulator: Simulator
    proxy: FaultProxy
    client: httpx.AsyncClient

    async def ask(self, **more: Any) -> httpx.Response:
        return await self.client.post("/api/chat", json={**ASK, **more})


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    before, open_before = asyncio.all_tasks(), psutil.Process().num_fds()
    async with (
        Simulator("Grüße aus Köln") as simulator,
        FaultProxy(simulator.url) as proxy,
        httpx.AsyncClient(base_url=proxy.url, trust_env=False, verify=False, timeout=5) as client,
    ):
        yield Line(simulator, proxy, client)
    assert not asyncio.all_tasks() - before - {asyncio.current_task()}
    for _ in range(1000):  # a transport that was closed gives its socket back in a later turn of the loop
        if psutil.Process().num_fds() <= open_before:
            break
        await asyncio.sleep(0)
    assert psutil.Process().num_fds() <= open_before


async def test_without_faults_everything_passes(line: Line) -> None:
    answers = [await line.ask(), await line.ask(stream=False)]
    assert "Köln" in answers[0].text
    assert answers[1].json()["message"]["content"] == "Grüße aus Köln"
    assert (line.proxy.connections, line.proxy.exchanges) == (1, 2)
    assert line.proxy.bytes_up > 0
    assert line.proxy.bytes_down > len(answers[0].content)


@pytest.mark.parametrize(
    "fault", [Slice(1), Latency(0.001, jitter=0.001), Drip(0, size=7), Bandwidth(1_000_000)]
)
async def test_what_is_only_slow_or_torn_arrives_whole(line: Line, fault: Fault) -> None:
    plain = (await line.ask(stream=False)).json()["message"]
    line.proxy.faults = [fault]
    assert (await line.ask(stream=False)).json()["message"] == plain
    lines = (await line.ask()).text.splitlines()
    assert len(lines) == 4


async def test_latency_lasts_as_long_as_it_says(line: Line) -> None:
    line.proxy.faults = [Latency(0.05)]
    loop = asyncio.get_running_loop()
    began = loop.time()
    await line.ask(stream=False)
    assert loop.time() - began >= 0.05


async def test_a_refused_connection_is_refused_until_it_is_not(line: Line) -> None:
    line.proxy.faults = [Refuse()]
    for _ in range(2):
        with pytest.raises(httpx.ConnectError):
            await line.ask()
    assert line.proxy.connections == 0
    line.proxy.faults = []
    assert (await line.ask()).status_code == 200


async def test_refusing_ends_connections_that_are_open(line: Line) -> None:
    await line.ask()
    line.proxy.faults = [Refuse()]
    with pytest.raises(httpx.TransportError):
        await line.ask()


async def test_a_black_hole_swallows_the_request(line: Line) -> None:
    line.proxy.faults = [Blackhole()]
    with pytest.raises(httpx.ReadTimeout):
        await line.client.post("/api/chat", json=ASK, timeout=0.05)
    assert line.simulator.requests == []


async def test_a_later_black_hole_swallows_the_rest(line: Line) -> None:
    line.proxy.faults = [Blackhole(after=20)]
    with pytest.raises(httpx.ReadTimeout):
        await line.client.post("/api/chat", json=ASK, timeout=0.05)
    assert len(line.simulator.requests) == 1
    assert line.proxy.bytes_down == 20


@pytest.mark.parametrize("after", [0, 10, 200])
async def test_a_cut_connection_has_sent_so_many_bytes(line: Line, after: int) -> None:
    line.proxy.faults = [Cut(after)]
    with pytest.raises(httpx.RemoteProtocolError):
        await line.ask()
    assert line.proxy.bytes_down == after


@pytest.mark.parametrize("after", [0, 200])
async def test_a_reset_is_a_reset(line: Line, after: int) -> None:
    line.proxy.faults = [Reset(after)]
    with pytest.raises(httpx.ReadError):
        await line.ask()
    assert len(line.simulator.requests) == 1


async def test_garbage_is_not_http(line: Line) -> None:
    line.proxy.faults = [Garbage()]
    with pytest.raises(httpx.RemoteProtocolError):
        await line.ask()
    line.proxy.faults = [Garbage(after=200)]
    with pytest.raises(httpx.RemoteProtocolError):
        await line.ask()


async def test_faults_count_from_the_next_request_on_an_open_connection(line: Line) -> None:
    await line.ask()
    line.proxy.faults = [Cut(0)]
    with pytest.raises(httpx.RemoteProtocolError):
        await line.ask()
    line.proxy.faults = []
    assert (await line.ask()).status_code == 200
    assert line.proxy.connections == 2


async def test_a_function_chooses_the_faults_of_each_exchange(line: Line) -> None:
    line.proxy.faults = lambda number: [Reset()] if number == 1 else []
    assert (await line.ask()).status_code == 200
    with pytest.raises(httpx.ReadError):
        await line.ask()
    assert (await line.ask()).status_code == 200


async def test_faults_can_be_combined(line: Line) -> None:
    line.proxy.faults = [Cut(30), Slice(1), Latency(0.0001)]
    with pytest.raises(httpx.RemoteProtocolError):
        await line.ask()
    assert line.proxy.bytes_down == 30


async def test_the_server_notices_when_the_client_leaves_a_dripping_answer(line: Line) -> None:
    line.simulator.world.source = Simulator({"m": {"text": "word " * 50_000, "delay": 0.001}}).world.source
    line.proxy.faults = [Drip(0.001)]
    asked = asyncio.create_task(line.ask())
    while not line.proxy.bytes_down:
        await asyncio.sleep(0)
    asked.cancel()
    while not line.simulator.cancelled:
        await asyncio.sleep(0)
    assert line.simulator.asked[0].pieces < 50_000


async def test_a_dead_server_behind_the_proxy_is_a_reset() -> None:
    async with Simulator() as simulator:
        url = simulator.url
    async with FaultProxy(url) as proxy, httpx.AsyncClient(trust_env=False, verify=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.get(proxy.url)
