"""A run leaves nothing behind: no object for the garbage collector, no connection that is opened for one request."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.streams import HOOKS, renewing
from tinyllm.testing.simulator import Reply, Script, Simulator
from tinyllm.testing.simulator.model import Model

GRAPH = {
    "name": "said",
    "nodes": {
        "say": {"prompt": "Be brief.", "to": "check"},
        "check": {"kind": "gate", "checks": ["not_empty"]},
    },
}
MANY = 30  # more than httpx keeps open by itself


def settings(simulator: Simulator, folder: Path) -> Settings:
    return Settings(ollama_host=simulator.url, database=str(folder / "runs.db"), slots=2 * MANY)


async def test_a_run_leaves_nothing_to_the_garbage_collector(tmp_path: Path) -> None:
    async with (
        Simulator(Script("It is well.")) as simulator,
        Engine(GRAPH, settings=settings(simulator, tmp_path)) as asked,
    ):
        await asked.ask("How is it?")
        gc.collect()
        gc.disable()
        try:
            gc.set_debug(gc.DEBUG_SAVEALL)
            await asked.ask("How was it?")
            gc.collect()
            left = {type(each) for each in gc.garbage}
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
    assert [
        each.__name__ for each in left if each.__module__.split(".")[0] in ("tinyllm", "httpx", "langgraph")
    ] == []


async def test_connections_are_used_again_however_many_are_open(tmp_path: Path) -> None:
    reply = Reply("It is well.", first_delay=0.3)
    async with Simulator(Script(reply, [Model(name="qwen2.5:3b", slots=2 * MANY)])) as simulator:
        async with Engine(GRAPH, settings=settings(simulator, tmp_path)) as asked:
            for turn in range(2):
                asks = (asked.ask(f"How is it, {turn} {number}?") for number in range(MANY))
                assert {answer.status for answer in await asyncio.gather(*asks)} == {"committed"}
        assert simulator.connections <= MANY + 1


class Server:
    """Says the same to everybody; `dead` connections are dropped when they are used again."""

    def __init__(self) -> None:
        self.open: set[asyncio.StreamWriter] = set()
        self.dead: set[asyncio.StreamWriter] = set()
        self.left = asyncio.Event()  # set while nobody is connected
        self.asked = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        self.left.clear()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or b"0"))
                self.asked += 1
                if writer in self.dead:
                    writer.transport.abort()
                    break
                await asyncio.sleep(0)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        self.open.discard(writer)
        writer.close()
        if not self.open:
            self.left.set()


@contextlib.asynccontextmanager
async def kept() -> AsyncIterator[tuple[Server, httpx.AsyncClient]]:
    """A client that keeps its connections, as that of a model does."""
    server = Server()
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening, httpx.AsyncClient(base_url=url, trust_env=False, event_hooks=HOOKS) as client:
        renewing(client)
        yield server, client


async def test_connections_that_are_dead_cost_a_new_one_and_no_request() -> None:
    async with kept() as (server, client):

        async def all_at_once() -> set[int]:
            asks = [client.post("/api/chat", json={}) for _ in range(8)]
            return {answer.status_code for answer in await asyncio.gather(*asks)}

        assert await all_at_once() == {200}
        server.dead = set(server.open)
        assert await all_at_once() == {200}
        assert server.asked == 8 + len(server.dead) + 8


async def test_a_new_connection_that_is_dropped_is_not_tried_again() -> None:
    async with kept() as (server, client):
        server.dead = server.open
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/api/chat", json={})
        assert server.asked == 1


async def test_no_connection_stays_open_whenever_a_request_is_stopped() -> None:
    async with kept() as (server, client):
        for moment in range(40):
            task = asyncio.create_task(client.post("/api/chat", json={}, headers={"Connection": "close"}))
            for _ in range(moment):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        assert server.asked > 0
        async with asyncio.timeout(10):
            await server.left.wait()
