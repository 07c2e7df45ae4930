"""Rows per second of a batch, against a plain loop of `Engine.ask` with as many at a time; and what going on costs.

`python benchmarks/batch.py [--rows N] [--parallel N] [--rounds N]` prints one line of JSON per measure. The server is a
simulator in a process of its own that answers at once: what is measured is ours. Loop and batch take turns, each on a
database of its own; the ratio is of the medians.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tinyllm.batch import Order, Output, Source, run
from tinyllm.engine import Engine
from tinyllm.settings import Settings

BAR = 0.9  # of the plain loop's rows per second
GRAPH = {
    "name": "counting",
    "models": {"m": "m:1b"},
    "nodes": {"answer": {"prompt": "Answer.", "model": "m", "to": "end"}},
}
SERVER = """
import asyncio
from tinyllm.testing.simulator import Model, Script, Simulator

async def serve():
    async with Simulator(Script("It is so.", models=[Model(name="m:1b", slots=256)])) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()

asyncio.run(serve())
"""


@contextmanager
def served() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def engine(folder: Path, url: str) -> Engine:
    settings = Settings(database=str(folder / "runs.db"), ollama_host=url, embedder="", cache="off")
    return Engine(GRAPH, settings=settings)


class Taken:
    """Rows per second, and the milliseconds of this processor's time that a row took: the same on a busy machine."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.began, self.worked = time.perf_counter(), time.process_time()

    def measured(self) -> tuple[float, float]:
        worked = 1000 * (time.process_time() - self.worked) / self.rows
        return self.rows / (time.perf_counter() - self.began), worked


async def looped(folder: Path, url: str, rows: int, parallel: int) -> tuple[float, float]:
    """What anybody would write: so many workers, each asks the next question and keeps the answer."""
    waiting = iter(range(rows))
    answers: dict[int, str] = {}
    async with engine(folder, url) as asked:
        await asked.ask("warm")

        async def work() -> None:
            for number in waiting:
                answers[number] = str(await asked.ask(f"What is number {number}?", priority="batch"))

        taken = Taken(rows)
        await asyncio.gather(*(work() for _ in range(parallel)))
        lines = [json.dumps({"index": number, "answer": answers[number]}) for number in range(rows)]
        (folder / "looped.jsonl").write_text("\n".join(lines))
        return taken.measured()


async def batched(folder: Path, url: str, rows: int, parallel: int) -> list[tuple[float, float]]:
    """The batch, and the same command again after the output was lost."""
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps({"question": f"What is number {n}?"}) + "\n" for n in range(rows)))
    found = []
    async with engine(folder, url) as asked:
        await asked.ask("warm")
        for _ in range(2):
            taken = Taken(rows)
            with closing(Source.open(str(source))) as read, Output(folder / "out.jsonl", asked.clock) as out:
                summary = await run(asked, read, out, Order(parallel=parallel))
            found.append(taken.measured())
            assert summary.statuses == {"committed": rows}, summary.statuses
            (folder / "out.jsonl").unlink()
    return found


def measured(rows: int, parallel: int, rounds: int) -> Iterator[dict[str, Any]]:
    taken: dict[str, list[tuple[float, float]]] = {"loop": [], "batch": [], "from the database": []}
    with served() as url, tempfile.TemporaryDirectory() as made:
        for number in range(rounds):
            for name in ("loop", "batch") if number % 2 else ("batch", "loop"):
                folder = Path(made) / f"{name}{number}"
                folder.mkdir()
                if name == "loop":
                    taken["loop"].append(asyncio.run(looped(folder, url, rows, parallel)))
                else:
                    fresh, again = asyncio.run(batched(folder, url, rows, parallel))
                    taken["batch"].append(fresh)
                    taken["from the database"].append(again)
    middle = {name: [statistics.median(each) for each in zip(*of, strict=True)] for name, of in taken.items()}
    for name, (rate, worked) in middle.items():
        yield {"measure": name, "rows_per_second": round(rate, 1), "processor_ms_per_row": round(worked, 2)}
    ratio = middle["batch"][0] / middle["loop"][0]
    yield {"measure": "batch / loop", "ratio": round(ratio, 3), "bar": BAR, "held": ratio >= BAR}
    yield {
        "measure": "processor's time, loop / batch",
        "ratio": round(middle["loop"][1] / middle["batch"][1], 3),
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield {"measure": "memory", "peak_mb": round(peak, 1), "parallel": parallel, "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for line in measured(options.rows, options.parallel, options.rounds):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
