"""What the cache costs a call, and saves: a hit beside a call, a miss and a drawn call beside the same without a cache.

A simulated server that answers at once runs in a process of its own, so a call is as cheap here as it can be. The sides
ask in turns, in blocks, so that what the machine does meanwhile hits them alike; CPU time of this process is counted, and
the median block decides. The cache is that of the product: in a database on disk, with ten thousand replies in it.
"""

import argparse
import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinyllm.cache import Cache, rows
from tinyllm.guard import Breakers, Guard, StoreShelf
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.running import Event, Running, entered
from tinyllm.settings import Settings
from tinyllm.store import Store, open_store

MODEL = "bench:1b"
FULL = 10_000  # replies
BARS_MS = {
    "hit": 1.0,
    "drawn_extra": 0.05,
    "miss_extra": 5.0,
}  # a miss asks which model it was before it is kept
SERVER = """
import asyncio, sys
from tinyllm.testing.simulator import Simulator

async def serve():
    async with Simulator({"bench:1b": "word " * 40}) as simulator:
        print(simulator.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(serve())
"""


@contextmanager
def server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.communicate("")


def full(store: Store) -> None:
    def fill(db: Any) -> None:
        for number in range(FULL):
            row = {"key": f"{number:032x}", "run": "", "savepoint": 0, "model": MODEL, "digest": "d"}
            rows.put(db, {**row, "body": "x" * 400, "at": float(number)})

    store.write_now(fill)


class Side:
    """A guard, with a cache or without one; what its run keeps is written as a commit would write it."""

    def __init__(self, url: str, store: Store, *, cached: bool) -> None:
        self.models = Models(Settings(ollama_host=url))
        cache = Cache.of(self.models, lambda: store) if cached else None
        self.guard = Guard(
            self.models, {"m": Entry(key="m", name=MODEL)}, Breakers(StoreShelf(store)), cache=cache
        )
        self.store = store
        self.number = 0

    def listen(self, event: Event) -> None:
        if event.kind == "kept":
            data = {**event.data, "run": "", "savepoint": 0, "at": event.at}
            self.store.write_now(lambda db: rows.put(db, data))

    async def ask(self, temperature: float, *, new: bool, keeps: bool = False) -> None:
        self.number += new
        messages: Any = [{"role": "user", "content": f"Question {self.number}: " + "context " * 200}]
        ask = Ask(messages, options={"temperature": temperature, "num_predict": 64})
        running = Running(id="bench", listen=self.listen) if keeps else Running(id="bench")
        with entered(running):
            await self.guard.ask("m", ask, text)


def text(reply: Reply) -> str:
    return reply.text


async def block(ask: Callable[[], Awaitable[Any]], calls: int) -> tuple[float, float]:
    """CPU and wall milliseconds per call."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        await ask()
    return (time.process_time() - cpu) * 1000 / calls, (time.perf_counter() - wall) * 1000 / calls


async def measured(url: str, folder: Path, blocks: int, calls: int) -> dict[str, tuple[float, float]]:
    with open_store(folder / "cache.db") as store:
        full(store)
        plain, cached = Side(url, store, cached=False), Side(url, store, cached=True)
        await cached.ask(0, new=True, keeps=True)
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "drawn_plain": lambda: plain.ask(0.8, new=True),
            "drawn_cached": lambda: cached.ask(0.8, new=False),
            "miss_plain": lambda: plain.ask(0, new=True),
            "miss_cached": lambda: others.ask(0, new=True),
            "hit": lambda: cached.ask(0, new=False),
        }
        others = Side(url, store, cached=True)
        others.number = 1_000_000
        for ask in kinds.values():
            await ask()
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
        for _ in range(blocks):
            for name, ask in kinds.items():
                found[name].append(await block(ask, calls))
        for side in (plain, cached, others):
            await side.models.aclose()
    return {
        name: (statistics.median(each[0] for each in took), statistics.median(each[1] for each in took))
        for name, took in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=15)
    parser.add_argument("--calls", type=int, default=40)
    args = parser.parse_args()
    with server() as url, tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measured(url, Path(folder), args.blocks, args.calls))
    cpu = {name: took[0] for name, took in found.items()}
    figures = {
        "hit": cpu["hit"],
        "drawn_extra": cpu["drawn_cached"] - cpu["drawn_plain"],
        "miss_extra": cpu["miss_cached"] - cpu["miss_plain"],
    }
    for name, (took, wall) in found.items():
        print(json.dumps({"call": name, "cpu_ms": round(took, 3), "wall_ms": round(wall, 3)}))
    held = True
    for name, value in figures.items():
        fine = value <= BARS_MS[name]
        held = held and fine
        print(json.dumps({"figure": name, "cpu_ms": round(value, 3), "bar_ms": BARS_MS[name], "held": fine}))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
