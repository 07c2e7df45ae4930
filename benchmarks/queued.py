"""What the queue makes of few slots: 4 of them, two models of which one fits into memory, 8 s to load one, about 16 s
an answer.

A simulated server runs in a process of its own, its seconds scaled. A line of JSON is printed for each bar, and the exit
code is 1 when one does not hold.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tinyllm.guard import Guard
from tinyllm.guard.queue import place
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.running import Priority, Running, entered
from tinyllm.settings import Settings

SLOTS, LOAD, ANSWER = 4, 8.0, 16.0
MODELS = ("a:3b", "b:3b")
SERVER = """
import asyncio, sys
from tinyllm.testing.simulator import Model, Simulator
from tinyllm.testing.simulator.model import Latency
from tinyllm.testing.simulator.population import Population

scale, slots, load, answer = map(float, sys.argv[1:5])
models = {name: Model(slots=int(slots), load=load, latency=Latency(first=answer, spread=0.2)) for name in sys.argv[5:]}

async def serve():
    async with Simulator(Population(models=models, room=1, scale=scale), queue=1000) as simulator:
        print(simulator.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(serve())
"""


@contextmanager
def server(scale: float) -> Iterator[str]:
    figures = [str(each) for each in (scale, SLOTS, LOAD, ANSWER)]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, *figures, *MODELS],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.communicate("")


@dataclass
class Side:
    """A server, and what it is asked through."""

    url: str
    scale: float
    slots: int = SLOTS

    def __post_init__(self) -> None:
        self.models = Models(Settings(ollama_host=self.url, slots=self.slots))
        self.guard = Guard(self.models)

    async def ask(self, model: str, number: int, thread: str = "t", priority: Priority = "batch") -> float:
        """Seconds of the server's time beyond the answer and the loading."""
        began = time.monotonic()
        with entered(Running(id=str(number), thread=thread, priority=priority)):
            reply = await self.guard.ask(model, question(number), lambda reply: reply)
        return self.waited(began, reply)

    async def warm(self) -> "Side":
        """The first model is loaded, and so is this process."""
        await self.ask(MODELS[0], -1)
        return self

    async def plain(self, model: str, number: int) -> float:
        """Sent at once: the server's own queue, first come, first served."""
        began = time.monotonic()
        reply = await self.models.ask(Entry(key=model, name=model), question(number))
        return self.waited(began, reply)

    def waited(self, began: float, reply: Reply) -> float:
        return max(0.0, time.monotonic() - began - reply.load - reply.worked) / self.scale

    async def counts(self) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as http:
            found: dict[str, Any] = (await http.get(f"{self.url}/simulator")).json()
            return found


def question(number: int) -> Ask:
    return Ask([{"role": "user", "content": f"question {number}"}], options={"num_predict": 200})


def mixed(count: int) -> list[str]:
    return random.Random(count).choices(MODELS, k=count)


async def backlog(url: str, scale: float) -> Iterator[dict[str, Any]]:
    """400 requests of eight threads at once, each for both models in turns."""
    side = await Side(url, scale).warm()
    before = await side.counts()
    began = time.monotonic()
    work = [side.ask(MODELS[(n + n // 8) % 2], n, f"t{n % 8}") for n in range(400)]
    waits = await asyncio.gather(*work)
    took = time.monotonic() - began
    counts = await side.counts()
    await side.models.aclose()
    busy = (sum(counts["busy_seconds"].values()) - sum(before["busy_seconds"].values())) / (SLOTS * took)
    loading = (counts["loads"] - before["loads"]) * LOAD * scale
    means = [statistics.mean(waits[thread::8]) for thread in range(8)]
    return iter(
        [
            bar("slots busy, 400 waiting", busy, 0.95, at_least=True, swaps=counts["swaps"], seconds=took,
                without_loading=round(busy * took / (took - loading), 4)),
            bar("worst of eight threads' mean waits, by the mean of all", max(means) / statistics.mean(means), 1.2),
        ]
    )  # fmt: skip


async def swaps(url: str, scale: float) -> Iterator[dict[str, Any]]:
    """The same 100 requests, one after the other, as the server takes them and through the queue."""
    side = await Side(url, scale).warm()
    counts = [(await side.counts())["swaps"]]
    for ask in (side.plain, side.ask):
        asked = []
        for number, model in enumerate(mixed(100)):
            asked.append(asyncio.ensure_future(ask(model, number)))
            await asyncio.sleep(0.01)  # all at once they would reach the server in the order of their sockets
        await asyncio.gather(*asked)
        counts.append((await side.counts())["swaps"])
    await side.models.aclose()
    first_come, queued = counts[1] - counts[0], counts[2] - counts[1]
    return iter([bar("swaps, by those of a first-come queue", queued / first_come, 0.25,
                     first_come=first_come, queued=queued)])  # fmt: skip


async def person(url: str, scale: float) -> Iterator[dict[str, Any]]:
    """People come at any moment while a batch fills all slots; the last two want the model that is not loaded."""
    side = await Side(url, scale).warm()
    dice = random.Random(1)
    batch = [asyncio.ensure_future(side.ask(MODELS[0], n)) for n in range(150)]
    await asyncio.sleep(1.5 * ANSWER * scale)
    here, other = [], []
    for number in range(8):
        await asyncio.sleep(dice.uniform(0, ANSWER * scale))
        here.append(await side.ask(MODELS[0], 1000 + number, "me", "person") / ANSWER)
    for number in range(2):
        await asyncio.sleep(2 * LOAD * scale)
        other.append(await side.ask(MODELS[1], 2000 + number, "me", "person") / ANSWER)
    assert not all(each.done() for each in batch)
    for each in batch:
        each.cancel()
    await asyncio.gather(*batch, return_exceptions=True)
    await side.models.aclose()
    return iter(
        [
            bar(
                "a person's longest wait behind a batch, in answers",
                max(here),
                1.2,
                mean=statistics.mean(here),
            ),
            bar("the same for the other model, loading aside", max(other), 1.2),
        ]
    )


async def found(url: str, scale: float) -> Iterator[dict[str, Any]]:
    """Nobody said how many slots there are."""
    side = await Side(url, scale, slots=0).warm()
    await asyncio.gather(*(side.ask(MODELS[0], n) for n in range(48)))
    size = place(side.models, MODELS[0]).line.window.size  # type: ignore[union-attr]
    await side.models.aclose()
    return iter([bar("slots found, by those there are", size / SLOTS, 1.5, found=size)])


def bar(what: str, value: float, bar: float, *, at_least: bool = False, **more: Any) -> dict[str, Any]:
    passed = value >= bar if at_least else value <= bar
    rounded = {name: round(each, 3) if isinstance(each, float) else each for name, each in more.items()}
    return {"what": what, "value": round(value, 4), "at_least" if at_least else "at_most": bar,
            "passed": passed, **rounded}  # fmt: skip


Part = Callable[[str, float], Awaitable[Iterator[dict[str, Any]]]]
PARTS: dict[Part, float] = {backlog: 1.0, swaps: 0.2, person: 1.0, found: 0.5}  # counts need less time


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1 / 26, help="seconds for a second of the server")
    parser.add_argument("--only", choices=[part.__name__ for part in PARTS], default="")
    given = parser.parse_args()
    good = True
    for part, share in PARTS.items():
        if given.only in ("", part.__name__):
            scale = given.scale * share
            with server(scale) as url:
                for row in asyncio.run(part(url, scale)):
                    print(json.dumps(row), flush=True)
                    good = good and row["passed"]
    return 0 if good else 1
