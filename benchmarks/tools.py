"""What a tool call costs: the wrapper, the sandbox, and DuckDB beside DuckDB alone, side by side in one run.

python benchmarks/tools.py            prints every figure with its limit; exits 1 when one is missed
"""

import argparse
import asyncio
import csv
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import duckdb

from tinyllm.engine import Engine
from tinyllm.sandbox import arun
from tinyllm.services import Services
from tinyllm.settings import Settings
from tinyllm.toolkit import Tool

LIMITS = {"call overhead": 0.2, "monty, warm": 2.0, "sandboxed CPython": 150.0}  # milliseconds
RATIO = 1.2
ROWS = 1_000_000
SQL = "SELECT region, count(*) AS n, sum(amount) AS total FROM {} GROUP BY region ORDER BY region"


async def same(text: str) -> str:
    """Give the text back."""
    return text


async def median(do: Callable[[], Awaitable[Any]], rounds: int) -> float:
    """Milliseconds of the middle round."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        await do()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def overhead(services: Services, rounds: int) -> float:
    """A call through the wrapper, less the function itself."""
    through = await median(lambda: services.call("same", {"text": "tea"}), rounds)
    return through - await median(lambda: same("tea"), rounds)


async def in_sandbox(layer: Any, rounds: int) -> float:
    await arun("6 * 7", layer=layer)
    return await median(
        lambda: arun("total = 0\nfor n in range(100): total += n\ntotal", layer=layer), rounds
    )


def table(folder: Path) -> Path:
    chance = random.Random(7)
    path = folder / "sales.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "region", "amount", "when"])
        rows.writerows(
            (
                n,
                chance.choice(("north", "south", "east", "west")),
                round(chance.random() * 100, 2),
                f"2026-01-{n % 28 + 1:02}",
            )
            for n in range(ROWS)
        )
    return path


async def beside_duckdb(services: Services, path: Path, rounds: int) -> tuple[float, float]:
    """Our query and DuckDB's own, taking turns, both from the file to rows in Python."""

    async def alone() -> None:
        with duckdb.connect() as connection:
            connection.execute(SQL.format(f"read_csv('{path}')")).fetchall()

    async def ours() -> None:
        await services.call("data_query", {"sql": SQL.format("sales"), "files": ["sales.csv"]})

    mine, theirs = [], []
    for _ in range(rounds):
        theirs.append(await median(alone, 1))
        mine.append(await median(ours, 1))
    return statistics.median(mine), statistics.median(theirs)


async def measured(rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(workspace=name, database=str(folder / "runs.db"))
        nothing = {"name": "t", "steps": [{"id": "a", "kind": "transform", "value": "1"}]}
        async with Engine(nothing, settings=settings, tools=(Tool("same", same, "pure", "none"),)) as engine:
            mine, theirs = await beside_duckdb(
                engine.services, await asyncio.to_thread(table, folder), rounds
            )
            return {
                "call overhead": await overhead(engine.services, 2_000),
                "monty, warm": await in_sandbox("monty", 200),
                "sandboxed CPython": await in_sandbox("cpython", rounds * 2),
                "query of a million rows": mine,
                "DuckDB alone": theirs,
            }


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rounds", type=int, default=7)
    reader.add_argument("--json", action="store_true")
    options = reader.parse_args()
    found = asyncio.run(measured(options.rounds))
    ratio = found["query of a million rows"] / found["DuckDB alone"]
    if options.json:
        print(json.dumps({**found, "ratio": ratio, "load": os.getloadavg()[0]}))
    else:
        for name, taken in found.items():
            limit = f"   limit {LIMITS[name]:g}" if name in LIMITS else ""
            print(f"{name:28}{taken:10.3f} ms{limit}")
        print(f"{'ours beside DuckDB alone':28}{ratio:10.2f}      limit {RATIO:g}")
    missed = [name for name, limit in LIMITS.items() if found[name] > limit] + (
        ["ratio"] if ratio > RATIO else []
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
