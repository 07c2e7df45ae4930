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

EARLY, LATE = slice(5, 25), slice(-20, None)  # the windows that are compared
GRAPH = {"name": "chat", "nodes": {"say": {"prompt": "Be brief."}}}


CHANCE = random.Random(0)


def text(size: int) -> str:
    """Words that no loop guard takes for a loop."""
    letters = "".join(CHANCE.choices(string.ascii_lowercase, k=size))
    return " ".join(letters[place : place + 6] for place in range(0, size, 7))[:size]


async def main(turns: int, size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "runs.db"
        script = Scripted(lambda *_, **__: text(size))
        engine = Engine(GRAPH, settings=Settings(database=str(database)), make=lambda *_: script)
        took = []
        for number in range(turns):
            started = time.perf_counter()
            await engine.ask(f"turn {number}: {text(size)}", thread="t")
            took.append((time.perf_counter() - started) * 1000)
            script.calls.clear()
        problems = await engine.transactions.problems()
        await engine.aclose()
        early, late = statistics.median(took[EARLY]), statistics.median(took[LATE])
        return {
            "turns": turns,
            "bytes_each": size,
            "database_mb": round(
                sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 1e6, 2
            ),
            "early_ms": round(early, 2),
            "late_ms": round(late, 2),
            "ratio": round(late / early, 2),
            "problems": problems,
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=400)
    parser.add_argument("--bytes", type=int, default=1000, help="of the question, and of the answer")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(main(given.turns, given.bytes))))
