"""A long conversation: how large the database grows, and what a late turn costs against an early one.

`python benchmarks/thread.py [--turns N] [--bytes N]` prints one line of JSON.
"""

import argparse
import asyncio
import json
import random
import statistics
import string
import tempfile
import time
from pathlib import Path
from typing import Any

from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

PAIRS, YOUNG, FULL = 15, 10, 21  # late turns, each beside a 10th one, and one whose window is as full
GRAPH = {"name": "chat", "nodes": {"say": {"prompt": "Be brief."}}}


CHANCE = random.Random(0)


def text(size: int) -> str:
    """Words that no loop guard takes for a loop."""
    letters = "".join(CHANCE.choices(string.ascii_lowercase, k=size))
    return " ".join(letters[place : place + 6] for place in range(0, size, 7))[:size]


async def main(turns: int, size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database=str(Path(folder) / "runs.db"))
        script = Scripted(lambda *_, **__: text(size))

        async def turn(engine: Engine, thread: str) -> float:
            started = time.perf_counter()
            await engine.ask(text(size), thread=thread)
            script.calls.clear()
            return (time.perf_counter() - started) * 1000

        async with Engine(GRAPH, settings=settings, make=lambda *_: script) as engine:
            for _ in range(turns - PAIRS):
                await turn(engine, "long")
        megabytes = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 1e6
        async with Engine(GRAPH, settings=settings, make=lambda *_: script) as engine:
            await turn(engine, "warm")
            found: dict[int, list[float]] = {YOUNG: [], FULL: [], turns: []}
            for number in range(PAIRS):
                for turned in range(1, FULL + 1):
                    took = await turn(engine, f"young{number}")
                    if turned in found:
                        found[turned].append(took)
                    if turned in (YOUNG, FULL):
                        found[turns].append(await turn(engine, "long"))
            return {
                "turns": turns,
                "bytes_each": size,
                "database_mb": round(megabytes, 2),
                **_compared(found, turns),
                "problems": await engine.transactions.problems(),
            }


def _compared(found: dict[int, list[float]], turns: int) -> dict[str, float]:
    """The medians of turns that took turns, so that all met the same machine."""
    medians = {turn: statistics.median(times) for turn, times in found.items()}
    return {
        **{f"turn_{turn}_ms": round(median, 2) for turn, median in medians.items()},
        **{f"to_turn_{turn}": round(medians[turns] / medians[turn], 2) for turn in (YOUNG, FULL)},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=400)
    parser.add_argument("--bytes", type=int, default=1000, help="of the question, and of the answer")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(main(given.turns, given.bytes))))
