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

PAIRS, YOUNG = 15, 10  # late turns, each beside the tenth turn of a thread of its own
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
        async with Engine(GRAPH, settings=settings, make=lambda *_: script) as engine:

            async def turn(thread: str) -> tuple[float, float]:
                started, cpu = time.perf_counter(), time.process_time()
                await engine.ask(text(size), thread=thread)
                script.calls.clear()
                return (time.perf_counter() - started) * 1000, (time.process_time() - cpu) * 1000

            for _ in range(turns - PAIRS):
                await turn("long")
            # With its log; the young threads that come now are none of this one's.
            megabytes = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 1e6
            young, old = [], []
            for number in range(PAIRS):
                for _ in range(YOUNG - 1):
                    await turn(f"young{number}")
                young.append(await turn(f"young{number}"))
                old.append(await turn("long"))
            return {
                "turns": turns,
                "bytes_each": size,
                "database_mb": round(megabytes * turns / (turns - PAIRS), 2),
                **_compared([each[0] for each in young], [each[0] for each in old], ""),
                **_compared([each[1] for each in young], [each[1] for each in old], "cpu_"),
                "problems": await engine.transactions.problems(),
            }


def _compared(early: list[float], late: list[float], kind: str) -> dict[str, float]:
    """The medians of turns that took turns, so that both met the same machine."""
    one, other = statistics.median(early), statistics.median(late)
    return {
        f"{kind}early_ms": round(one, 2),
        f"{kind}late_ms": round(other, 2),
        f"{kind}ratio": round(other / one, 2),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=400)
    parser.add_argument("--bytes", type=int, default=1000, help="of the question, and of the answer")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(main(given.turns, given.bytes))))
