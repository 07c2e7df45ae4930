"""Many runs at once in one process: what they add to the model server's own time, and whether memory grows.

Runs arrive at a steady rate (10 a second, for 2 minutes) and take as long as the simulated server does (6.4 s), so that
64 are under way at any moment. Each is a whole run of a graph: model, gate, transaction on disk. The server is a process
of its own, and so is a bystander that sends the same request straight by httpx, five a second, all the while. What a run
takes more than the median of the bystander's requests of the same two seconds is what we add; what the bystander's own
take more than that (`jitter`) is the noise of the server and the machine, and is not taken off. A run's time counts from
the moment it was due, so that a loop that is late does not flatter itself. Memory is the resident set after the 100th run
and after the 1,000th.

`python benchmarks/load.py [--quick] [--json]`; exit code 1 when a bar is missed. `--quick` only shows that it works.
"""

import argparse
import asyncio
import functools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx

from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.steady import steadied

MODEL = "load:1b"
WORDS = 12
QUESTION = "How are you today, and what will you do tomorrow, number {}?"  # no two alike: none is answered for another
PROMPT = "Be brief."
GRAPH = {
    "name": "load",
    "models": {"general": {"name": MODEL}},
    "nodes": {
        "say": {"prompt": PROMPT, "to": "check"},
        "check": {"kind": "gate", "checks": ["not_empty"]},
    },
}
BARS = {"added_p99_ms": 20.0, "rss_ratio": 1.05}
OFTEN = 5  # requests of the bystander in a second
EARLY, LATE = 100, 1_000  # runs after which memory is looked at

SERVER = """
import asyncio, sys
from tinyllm.testing.simulator import Reply, Script, Simulator
from tinyllm.testing.simulator.model import Model

async def serve():
    words, seconds = int(sys.argv[1]), float(sys.argv[2])
    reply = Reply("word " * words, first_delay=seconds * 0.8, delay=seconds * 0.2 / words)
    async with Simulator(Script({sys.argv[3]: reply}, [Model(name=sys.argv[3], slots=256)]), remembers=0) as simulator:
        print(simulator.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(serve())
"""


@dataclass(frozen=True)
class Load:
    """How much comes, for how long, and how long each takes."""

    rate: float = 10.0
    seconds: float = 120.0
    service: float = 6.4

    @property
    def runs(self) -> int:
        return int(self.rate * self.seconds)


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                assert child.stdin
                child.stdin.close()
                child.wait(30)


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


Took = tuple[float, float]  # when it was due, counted from the first, and the seconds it took


async def straight(url: str, load: Load) -> list[Took]:
    """The bystander: the same request without us."""
    body = {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": PROMPT},
            {"role": "user", "content": QUESTION.format("x")},
        ],
        "stream": True,
        "options": {"num_ctx": Settings().num_ctx},  # another size would make the server load the model again
    }
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:

        async def one(started: float, after: float) -> Took:
            due = started + after
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            async with client.stream("POST", f"{url}/api/chat", json=body) as response:
                async for line in response.aiter_lines():
                    json.loads(line)
            return after, time.monotonic() - due

        started = time.monotonic() + 0.1
        return list(
            await asyncio.gather(
                *(one(started, number / OFTEN) for number in range(int(load.seconds * OFTEN)))
            )
        )


@dataclass
class Seen:
    """What was measured of the runs."""

    taken: list[Took]
    rss: dict[int, int]
    together: int = 0
    most: int = 0
    cpu: float = 0.0


async def ours(url: str, folder: Path, load: Load, ready: Callable[[], None]) -> Seen:
    known = {each.name for each in fields(Settings)}
    wanted: dict[str, Any] = {
        "ollama_host": url,
        "database": str(folder / "load.db"),
        "model": MODEL,
        "slots": 256,
    }
    settings = Settings(**{name: value for name, value in wanted.items() if name in known})
    seen = Seen([], {})
    async with Engine(GRAPH, settings=settings) as engine:
        await engine.ask(QUESTION.format("first"))  # what is loaded once is no part of a run
        steadied()
        ready()
        used = time.process_time()

        async def one(number: int, due: float) -> None:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            seen.together += 1
            seen.most = max(seen.most, seen.together)
            answer = await engine.ask(QUESTION.format(number))
            assert answer.status == "committed"
            seen.taken.append((number / load.rate, time.monotonic() - due))
            seen.together -= 1
            if len(seen.taken) % 100 == 0:
                seen.rss[len(seen.taken)] = resident()

        started = time.monotonic() + 0.1
        tasks = set()
        for number in range(load.runs):
            due = started + number / load.rate
            await asyncio.sleep(max(0.0, due - 0.5 - time.monotonic()))
            task = asyncio.ensure_future(one(number, due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        while tasks:
            await asyncio.gather(*tasks)
        seen.cpu = time.process_time() - used
    return seen


def over(taken: list[Took], own: list[Took]) -> list[float]:
    """Milliseconds beyond the median of the bystander's requests that were due about then, in order."""

    def base(after: float) -> float:
        return statistics.median(took for due, took in own if abs(due - after) <= 1.0)

    return sorted((took - base(after)) * 1000 for after, took in taken)


def at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measured(load: Load) -> dict[str, Any]:
    with process(sys.executable, "-c", SERVER, str(WORDS), str(load.service), MODEL) as server:
        assert server.stdout
        url = server.stdout.readline().strip()
        told = [str(load.rate), str(load.seconds), str(load.service)]
        with process(sys.executable, __file__, "--straight", url, *told) as bystander:
            assert bystander.stdin
            assert bystander.stdout
            go = functools.partial(print, "go", file=bystander.stdin, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                seen = asyncio.run(ours(url, Path(folder), load, go))
            own: list[Took] = json.loads(bystander.stdout.read())
    added, jitter = over(seen.taken, own), over(own, own)
    alone = sorted(took * 1000 for _, took in own)
    early, late = seen.rss.get(EARLY, 0), seen.rss.get(LATE, 0)
    return {
        "runs": len(seen.taken),
        "together": seen.most,
        "cpu_ms_per_run": round(seen.cpu * 1000 / len(seen.taken), 1),
        "own_p50_ms": round(at(alone, 0.5), 1),
        "own_p99_ms": round(at(alone, 0.99), 1),
        "jitter_p99_ms": round(at(jitter, 0.99), 1),
        "added_p50_ms": round(at(added, 0.5), 1),
        "added_p90_ms": round(at(added, 0.9), 1),
        "added_p99_ms": round(at(added, 0.99), 1),
        "added_max_ms": round(added[-1], 1),
        "rss_mb": {count: round(rss / 1e6, 1) for count, rss in seen.rss.items() if count in (EARLY, LATE)},
        "rss_ratio": round(late / early, 3) if early and late else None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="some seconds, to see that it works: no bar counts"
    )
    parser.add_argument("--rate", type=float, default=Load.rate)
    parser.add_argument("--seconds", type=float, default=Load.seconds)
    parser.add_argument("--service", type=float, default=Load.service)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--straight", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.straight:
        url, *numbers = given.straight
        sys.stdin.readline()  # when the other side is warm
        print(json.dumps(asyncio.run(straight(url, Load(*map(float, numbers))))))
        return 0
    load = Load(10.0, 5.0, 1.0) if given.quick else Load(given.rate, given.seconds, given.service)
    found = measured(load)
    missed = [name for name, bar in BARS.items() if found[name] is not None and found[name] > bar]
    if given.json:
        print(json.dumps({**found, "bars": BARS, "missed": missed}))
    else:
        for name, value in found.items():
            print(f"{name:16} {value}" + (f"   (at most {BARS[name]:g})" if name in BARS else ""))
    return 1 if missed and not given.quick else 0


if __name__ == "__main__":
    sys.exit(main())
