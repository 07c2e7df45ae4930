"""What the guard costs on a call where all is well, beside a plain `ChatOllama.ainvoke` of the same question.

A simulated server runs in a process of its own. Both sides ask it in turns, in blocks, so that what the machine does
meanwhile hits both alike; CPU time of this process is counted, and the median block decides. The breakers are those of
the product: in a database on disk.
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

from tinyllm.guard import Breakers, Guard, StoreShelf
from tinyllm.models import Ask, Entry, Models, Reply, ollama_chat
from tinyllm.settings import Settings
from tinyllm.store import open_store

BAR_MS = 0.3
MODEL = "bench:1b"
SERVER = """
import asyncio, sys
from tinyllm.testing.simulator import Simulator

async def serve():
    async with Simulator({"*": "word " * int(sys.argv[1])}) as simulator:
        print(simulator.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(serve())
"""


@contextmanager
def server(words: int) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.communicate("")


async def block(ask: Callable[[], Awaitable[Any]], calls: int) -> float:
    """CPU milliseconds per call."""
    started = time.process_time()
    for _ in range(calls):
        await ask()
    return (time.process_time() - started) * 1000 / calls


async def compared(
    sides: dict[str, Callable[[], Awaitable[Any]]], blocks: int, calls: int
) -> dict[str, list[float]]:
    for ask in sides.values():
        await block(ask, calls)
    found: dict[str, list[float]] = {name: [] for name in sides}
    gc.collect()
    gc.freeze()
    for number in range(blocks):
        # Each side goes first as often as the other.
        for name in sorted(sides, reverse=number % 2 == 1):
            found[name].append(await block(sides[name], calls))
    return found


async def measured(words: int, blocks: int, calls: int, *, brief: bool) -> dict[str, float]:
    with server(words) as url, tempfile.TemporaryDirectory() as folder:
        settings = Settings(ollama_host=url)
        store = open_store(Path(folder) / "bench.db")
        models = Models(settings)
        guard = Guard(models, {"m": Entry(key="m", name=MODEL)}, Breakers(StoreShelf(store)))
        chat = ollama_chat(MODEL, settings)
        options = {"num_ctx": settings.num_ctx, **({"num_predict": 64} if brief else {})}
        given = Ask([{"role": "user", "content": "How are you?"}], options=options)

        async def guarded() -> Reply:
            return await guard.ask("m", given, lambda reply: reply)

        async def plain() -> Any:
            return await chat.ainvoke("How are you?", options=options, stream=not brief)

        found = await compared({"plain": plain, "guarded": guarded}, blocks, calls)
        await models.aclose()
        store.close()
    extra = [b - a for a, b in zip(found["plain"], found["guarded"], strict=True)]
    return {
        "plain_ms": round(statistics.median(found["plain"]), 3),
        "guarded_ms": round(statistics.median(found["guarded"]), 3),
        "overhead_ms": round(statistics.median(extra), 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--calls", type=int, default=25)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    cases = {
        "12 words, streamed": (12, False),
        "12 words, in one piece": (12, True),
        "100 words, streamed": (100, False),
    }
    found = {
        name: asyncio.run(measured(words, given.blocks, given.calls, brief=brief))
        for name, (words, brief) in cases.items()
    }
    good = all(each["overhead_ms"] <= BAR_MS for each in found.values())
    if given.json:
        print(json.dumps({"bar_ms": BAR_MS, "passed": good, "cases": found}, indent=2))
    else:
        for name, each in found.items():
            print(f"{name:24} plain {each['plain_ms']:6.3f} ms  guarded {each['guarded_ms']:6.3f} ms  "
                  f"overhead {each['overhead_ms']:+.3f} ms  (bar {BAR_MS})")  # fmt: skip
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
