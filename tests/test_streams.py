"""A run leaves nothing behind: no object for the garbage collector, no connection that is opened for one request."""

import asyncio
import gc
from pathlib import Path

from tinyllm.engine import Engine
from tinyllm.settings import Settings
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
