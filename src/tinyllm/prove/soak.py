"""Many runs in one process: what grows, and what must not."""

import asyncio
import gc
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

GRAPH = {
    "name": "soak",
    "nodes": {
        "ask": {"kind": "llm", "prompt": "Be brief.", "to": "size"},
        "size": {"kind": "transform", "value": "outputs.ask | length"},
    },
}
LOOKS = 50  # samples of one soak
THREADS = 20  # conversations that take turns
GROWTH = 1024.0  # bytes of memory that a run may leave behind


@dataclass(frozen=True, slots=True)
class Sample:
    """The process after so many runs."""

    runs: int
    rss: int
    files: int
    threads: int
    tasks: int
    database: int
    log: int
    ms: float  # the median run since the last sample


@dataclass
class Report:
    """What `prove soak` found."""

    runs: int
    samples: list[Sample] = field(default_factory=list)

    @property
    def settled(self) -> list[Sample]:
        """Without the first quarter, in which caches fill."""
        return self.samples[len(self.samples) // 4 :]

    def slope(self, what: Callable[[Sample], float]) -> float:
        """Growth of it per run, and nothing when it cannot be told from noise: Theil and Sen's median."""
        pairs = [
            (what(late) - what(early)) / (late.runs - early.runs)
            for index, early in enumerate(self.settled)
            for late in self.settled[index + 1 :]
        ]
        return statistics.median(pairs) if pairs else 0.0

    @property
    def failures(self) -> list[str]:
        first, last = self.settled[0], self.settled[-1]
        found = []
        if self.slope(lambda sample: sample.rss) > GROWTH:
            found.append(f"memory grows by {self.slope(lambda sample: sample.rss):.0f} bytes a run")
        counts = ((name, getattr(first, name), getattr(last, name)) for name in ("files", "threads", "tasks"))
        found += [f"{name} grew from {was} to {now}" for name, was, now in counts if now > was + 1]
        if last.log > 64 * 2**20:
            found.append(f"the log of the database holds {last.log} bytes")
        return found

    @property
    def passed(self) -> bool:
        return not self.failures

    def as_dict(self) -> dict[str, Any]:
        first, last = self.settled[0], self.settled[-1]
        return {
            "proof": "soak",
            "passed": self.passed,
            "failures": self.failures,
            "runs": self.runs,
            "rss_mb": [round(first.rss / 1e6, 1), round(last.rss / 1e6, 1)],
            "rss_bytes_per_run": round(self.slope(lambda sample: sample.rss), 1),
            "files": [first.files, last.files],
            "threads": [first.threads, last.threads],
            "tasks": [first.tasks, last.tasks],
            "database_bytes_per_run": round(self.slope(lambda sample: sample.database)),
            "log_mb": round(last.log / 1e6, 1),
            "run_ms": [first.ms, last.ms],
        }


async def prove(runs: int, tell: Callable[[str], None] = lambda _: None) -> Report:
    """That many turns on a few threads, in this process."""
    report = Report(runs)
    script = Scripted("an answer of a few words")
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "runs.db"
        async with Engine(GRAPH, settings=Settings(database=str(database)), make=lambda *_: script) as engine:
            every, took = max(1, runs // LOOKS), []
            for number in range(1, runs + 1):
                started = time.perf_counter()
                await engine.ask(f"question {number}", thread=f"t{number % THREADS}")
                took.append((time.perf_counter() - started) * 1000)
                script.calls.clear()
                if number % every == 0:
                    report.samples.append(_sample(number, database, statistics.median(took)))
                    took.clear()
                    if len(report.samples) % 10 == 0:
                        tell(f"{number} runs")
    return report


def _sample(number: int, database: Path, ms: float) -> Sample:
    gc.collect()
    log = database.with_name(database.name + "-wal")
    return Sample(
        runs=number,
        rss=_rss(),
        files=len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0,
        threads=threading.active_count(),
        tasks=len(asyncio.all_tasks()),
        database=database.stat().st_size,
        log=log.stat().st_size if log.exists() else 0,
        ms=round(ms, 2),
    )


def _rss() -> int:
    """Memory that is really held, where the system tells."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def lines(report: Report) -> list[str]:
    """The report as the section of a document."""
    found = report.as_dict()
    return [
        "## Soak",
        "",
        f"{report.runs:,} runs in one process on {THREADS} threads: {'; '.join(report.failures) or 'nothing grows'}.",
        (
            f"Memory {found['rss_mb'][0]} MB after a quarter, {found['rss_mb'][1]} MB at the end"
            f" ({found['rss_bytes_per_run']} bytes a run); open files {found['files']}, threads {found['threads']},"
            f" tasks {found['tasks']}; the database grows by {found['database_bytes_per_run']} bytes a run; a run took"
            f" {found['run_ms'][0]} ms early and {found['run_ms'][1]} ms late."
        ),
    ]
