"""What TinyLLM itself costs per question: all nodes of the answer graph, without model, tool and sandbox time.

The product as it is asks its default graph, one question after the other, with its transactions in a database on disk.
Models are scripted and answer at once; the time from a request to the end of its reply, inside tools and inside the sandbox
is measured where they are called and taken off. What is left is ours, LangGraph's part included: solving, routing,
templates, guard, gates, checkpoints, commit.

The last line is a yardstick: a graph of as many steps that do nothing, with LangGraph's own saver in a SQLite file.

`python benchmarks/overhead.py [--questions N] [--profile PATH]` prints one line of JSON per path. Wall time decides (a
disk that makes a commit wait counts); the processor time beside it says what a busy machine added.
"""

import argparse
import asyncio
import cProfile
import gc
import json
import pstats
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from tinyllm import sandbox
from tinyllm.engine import Engine
from tinyllm.paired import percentile
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

MEDIAN_MS, P99_MS = 5.0, 20.0
WARM = 15

QUESTIONS: dict[str, Callable[[int], str]] = {
    "exact": lambda n: f"What is {n}% of {240 + n}?",
    "general": lambda n: f"Describe the taste of mango to a friend, letter {n}.",
    "gated: numbers": lambda n: (
        f"A baker sells {n + 3} rolls a day for 2 euros each. What does he earn in 5 days?"
    ),
    "gated: code": lambda n: (
        f"Write a Python function times_{n}(x) that multiplies x by {n}. For example times_{n}(2) == {2 * n}."
    ),
}


MANGO = (
    "It is sweet like a ripe peach, with a little pine and a trace of orange peel behind it. The flesh is soft and smooth,"
    " closer to butter than to an apple, and it melts on the tongue. Near the stone it turns a bit sour, which keeps it from"
    " being too much. Cold from the fridge it tastes of honey and flowers; warm from the sun, almost of perfume."
)
Moment = tuple[float, float]  # by the clock on the wall, and of the processor


def now() -> Moment:
    return time.perf_counter(), time.process_time()


@dataclass
class Meter:
    """Time that is not ours."""

    wall: float = 0.0
    processor: float = 0.0
    calls: int = 0

    def add(self, started: Moment) -> None:
        ended = now()
        self.wall += ended[0] - started[0]
        self.processor += ended[1] - started[1]


def said(messages: list[Any], **asked: Any) -> str:
    """What the scripted models say: a route, a verdict, tests, a program, a number, or words."""
    text = "\n".join(str(message.text) for message in messages)
    if form := asked.get("format"):
        return json.dumps(filled(form))
    if "times_" in text:
        n = text.split("times_", 1)[1].split("(", 1)[0]
        if "Write tests" in text:
            return f"```python\nassert times_{n}(1) == {n}\nassert times_{n}(0) == 0\n```"
        return f"```python\ndef times_{n}(x):\n    return x * {n}\n```\nIt multiplies."
    if "A baker sells" in text:
        total = int(text.split("A baker sells ", 1)[1].split()[0]) * 10
        program = "Write a Python program" in text
        return f"```python\nprint({total})\n```" if program else f"He earns {total} euros.\nAnswer: {total}"
    return MANGO


def filled(form: Any) -> Any:
    """The first thing that a schema allows."""
    if "enum" in form:
        return "right" if "right" in form["enum"] else form["enum"][0]
    if form.get("type") == "object":
        return {name: filled(part) for name, part in form.get("properties", {}).items()}
    if form.get("type") == "array":
        return [filled(form.get("items", {}))]
    return {"boolean": True, "number": 1, "integer": 1}.get(str(form.get("type")), "fine")


class InOnePiece(Scripted):
    """Says it in one piece: what is done for each token is done while a model makes the next one."""

    async def _astream(self, *given: Any, **more: Any) -> AsyncIterator[ChatGenerationChunk]:
        chunks = [chunk async for chunk in super()._astream(*given, **more)]
        yield ChatGenerationChunk(message=AIMessageChunk("".join(chunk.text for chunk in chunks)))
        yield chunks[-1]


def engine(meter: Meter, folder: Path) -> Engine:
    made = Engine(settings=Settings(database=str(folder / "runs.db")), make=lambda *_: InOnePiece(said))
    made.models.ask = timed(made.models.ask, meter, calls=1)  # type: ignore[method-assign]
    sandbox.arun = timed(sandbox.arun, meter)
    for name, tool in list(made.tools.tools.items()):
        made.tools.tools[name] = replace(tool, run=timed(tool.run, meter))  # type: ignore[index]
    return made


def timed(run: Callable[..., Any], meter: Meter, calls: int = 0) -> Callable[..., Any]:
    async def running(*given: Any, **more: Any) -> Any:
        meter.calls += calls
        started = now()
        try:
            return await run(*given, **more)
        finally:
            meter.add(started)

    return running


async def measured(asked: Engine, meter: Meter, count: int) -> list[dict[str, Any]]:
    """Each path in turn, so that all meet the same machine."""
    wall: dict[str, list[float]] = {path: [] for path in QUESTIONS}
    processor: dict[str, list[float]] = {path: [] for path in QUESTIONS}
    last: dict[str, Any] = {}
    calls = dict.fromkeys(QUESTIONS, 0)
    for number in range(count + WARM):
        if number == WARM:
            gc.collect()
            gc.freeze()
        for path, question in QUESTIONS.items():
            meter.wall = meter.processor = 0.0
            meter.calls = 0
            started = now()
            answer = await asked.ask(question(number + 2))
            ended = now()
            if number >= WARM:
                wall[path].append((ended[0] - started[0] - meter.wall) * 1000)
                processor[path].append((ended[1] - started[1] - meter.processor) * 1000)
            last[path], calls[path] = answer, meter.calls
    return [told(path, wall[path], processor[path], last[path], calls[path]) for path in QUESTIONS]


def told(path: str, wall: list[float], processor: list[float], answer: Any, calls: int) -> dict[str, Any]:
    ordered = sorted(wall)
    median, p99 = percentile(ordered, 0.5), percentile(ordered, 0.99)
    return {
        "path": path,
        "nodes": list(answer.path),
        "model_calls": calls,
        "evidence": answer.evidence,
        "questions": len(wall),
        "own_ms_median": round(median, 2),
        "own_ms_p99": round(p99, 2),
        "processor_ms_median": round(percentile(sorted(processor), 0.5), 2),
        "bars_ms": [MEDIAN_MS, P99_MS],
        "passed": median <= MEDIAN_MS and p99 <= P99_MS,
    }


async def main(count: int, profile: str) -> bool:
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        async with engine(meter, Path(folder)) as asked:
            if profile:
                await profiled(asked, profile, count)
                return True
            rows = await measured(asked, meter, count)
        rows.append(await bare(Path(folder), count))
    for row in rows:
        print(json.dumps(row))
    return all(row["passed"] for row in rows[:-1])


async def bare(folder: Path, count: int) -> dict[str, Any]:
    """LangGraph alone: four steps that do nothing, a checkpoint after each."""
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
    from langgraph.graph import START, StateGraph

    from tinyllm.state import State, blank

    async def idle(_: State) -> dict[str, Any]:
        return {"visits": {"idle": 1}}

    graph = StateGraph(State)
    for number in range(4):
        graph.add_node(f"step{number}", idle)
        graph.add_edge(f"step{number - 1}" if number else START, f"step{number}")
    wall, processor = [], []
    async with AsyncSqliteSaver.from_conn_string(str(folder / "bare.db")) as saver:
        machine = graph.compile(checkpointer=saver)
        for number in range(count + WARM):
            started = now()
            config: Any = {"configurable": {"thread_id": str(number)}}
            await machine.ainvoke(blank({"question": "?"}, []), config, durability="sync")
            ended = now()
            wall.append((ended[0] - started[0]) * 1000)
            processor.append((ended[1] - started[1]) * 1000)
    return {
        "path": "yardstick: LangGraph alone, 4 empty steps",
        "ms_median": round(percentile(sorted(wall[WARM:]), 0.5), 2),
        "processor_ms_median": round(percentile(sorted(processor[WARM:]), 0.5), 2),
    }


async def profiled(asked: Engine, path: str, count: int) -> None:
    for number in range(WARM):
        await asked.ask(QUESTIONS[path](number + 2))
    profiler = cProfile.Profile()
    profiler.enable()
    for number in range(count):
        await asked.ask(QUESTIONS[path](number + 100))
    profiler.disable()
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200, help="how many on each path")
    parser.add_argument(
        "--profile", choices=list(QUESTIONS), default="", help="show where the time goes instead"
    )
    given = parser.parse_args()
    sys.exit(0 if asyncio.run(main(given.questions, given.profile)) else 1)
