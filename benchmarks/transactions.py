"""What a transaction costs, side by side with plain LangGraph on its own SQLite saver, in one run.

`python benchmarks/transactions.py [--runs N]` prints one line of JSON per measure; the medians of alternating runs.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from tinyllm.engine import Engine
from tinyllm.running import Event
from tinyllm.settings import Settings
from tinyllm.state import State
from tinyllm.store import open_store
from tinyllm.testing.scripted import Scripted
from tinyllm.transactions import Transactions

NODES = 10
Once = Callable[[], Awaitable[Any]]


def empty(saver: Any) -> Any:
    """Ten nodes that do nothing, in a row."""
    graph = StateGraph(State)
    names = [f"n{number}" for number in range(NODES)]
    for name in names:

        async def node(_state: State, name: str = name) -> dict[str, Any]:
            return {"outputs": {name: 1}}

        graph.add_node(name, node)
    for before, after in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(before, after)
    return graph.compile(checkpointer=saver)


async def alternating(runs: int, *kinds: Once) -> list[float]:
    """The median milliseconds of each, taken in turns so that both meet the same machine."""
    taken: list[list[float]] = [[] for _ in kinds]
    for number in range(runs + 5):
        for kind, times in zip(kinds, taken, strict=True):
            started = time.perf_counter()
            await kind()
            if number >= 5:
                times.append((time.perf_counter() - started) * 1000)
    return [statistics.median(times) for times in taken]


async def whole(folder: Path, runs: int, durability: str) -> dict[str, Any]:
    """The same graph: plain, and with begin, savepoints, events and commit."""
    with open_store(folder / f"ours-{durability}.db") as store:
        transactions = Transactions(store)
        ours = empty(transactions.saver)
        async with AsyncSqliteSaver.from_conn_string(str(folder / f"plain-{durability}.db")) as saver:
            await saver.setup()
            theirs = empty(saver)
            numbers = iter(range(1_000_000))

            async def plain() -> None:
                place = {"configurable": {"thread_id": str(next(numbers))}}
                await theirs.ainvoke({"inputs": {"question": "?"}}, place, durability=durability)

            async def transaction() -> None:
                options = {"graph": "g", "fingerprint": "f", "body": "{}", "durability": durability}
                async with await transactions.begin(question="?", inputs={"question": "?"}, **options) as run:
                    run.alone()
                    for number in range(NODES):
                        run.note(Event("node", f"n{number}", {"visit": 1, "seconds": 0.0}))
                    await ours.ainvoke({"inputs": {"question": "?"}}, run.config, durability=run.durability)
                    await run.commit({"answer": "1"}, [{"role": "user", "content": "?"}])

            without, with_ = await alternating(runs, plain, transaction)
    return {
        "measure": f"{NODES} empty nodes, durability {durability}",
        "plain_ms": round(without, 2),
        "ours_ms": round(with_, 2),
        "ratio": round(with_ / without, 2),
    }


async def product(folder: Path, runs: int) -> dict[str, Any]:
    """Ten empty nodes as a user writes and runs them: pure, so that the chain is one step and nothing but its end is kept."""
    nodes = {
        f"n{n}": {"kind": "transform", "value": "1", "to": f"n{n + 1}" if n + 1 < NODES else "end"}
        for n in range(NODES)
    }
    settings = Settings(database=str(folder / "product.db"))
    async with (
        Engine({"name": "empty", "nodes": nodes}, settings=settings) as engine,
        AsyncSqliteSaver.from_conn_string(str(folder / "plain-product.db")) as saver,
    ):
        await saver.setup()
        theirs = empty(saver)
        numbers = iter(range(1_000_000))

        async def plain() -> None:
            place = {"configurable": {"thread_id": str(next(numbers))}}
            await theirs.ainvoke({"inputs": {"question": "?"}}, place, durability="exit")

        without, with_ = await alternating(runs, plain, lambda: engine.ask("?"))
    return {
        "measure": f"{NODES} empty nodes from a graph file, durability exit",
        "plain_ms": round(without, 2),
        "ours_ms": round(with_, 2),
        "ratio": round(with_ / without, 2),
    }


def asking(steps: int) -> dict[str, Any]:
    nodes = {
        f"s{n}": {"prompt": "Go on.", "to": f"s{n + 1}" if n + 1 < steps else "end"} for n in range(steps)
    }
    return {"name": f"asking{steps}", "nodes": nodes}


async def step(folder: Path, runs: int) -> dict[str, Any]:
    """What one step with a model costs beside the model: the slope from one step to eleven."""
    settings = Settings(database=str(folder / "steps.db"))
    script = Scripted("an answer of a few words")
    engines = [Engine(asking(n), settings=settings, make=lambda *_: script) for n in (1, 11)]

    async def model() -> None:
        async for _ in script.astream("?"):
            pass

    one, eleven, alone = await alternating(
        runs, lambda: engines[0].ask("?"), lambda: engines[1].ask("?"), model
    )
    for engine in engines:
        await engine.aclose()
    return {
        "measure": "one step with a model",
        "step_ms": round((eleven - one) / 10, 2),
        "model_ms": round(alone, 2),
        "on_top_ms": round((eleven - one) / 10 - alone, 2),
    }


async def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for durability in ("sync", "exit"):
            print(json.dumps(await whole(Path(folder), runs, durability)), flush=True)
        print(json.dumps(await product(Path(folder), runs)), flush=True)
        print(json.dumps(await step(Path(folder), max(10, runs // 4))), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    asyncio.run(main(parser.parse_args().runs))
