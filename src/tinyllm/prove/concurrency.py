"""Many processes on one database, several of them on one thread: a list that everybody appends to."""

import asyncio
import gc
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.prove.bounds import most, percent
from tinyllm.prove.controls import Control, controlled
from tinyllm.prove.history import FIRST, Chain, Turn, read, violations
from tinyllm.settings import Settings
from tinyllm.store import open_store
from tinyllm.testing.scripted import Scripted
from tinyllm.transactions import Transactions

GRAPH = {"name": "append", "nodes": {"append": {"kind": "llm", "prompt": "Append."}}}
SHARED = "shared"
PATIENCE = 300.0  # seconds that a waiting client waits for a busy thread


@dataclass(frozen=True)
class Load:
    """Who does how much, where."""

    database: str
    processes: int = 50
    shared: int = 8  # of them, on one thread
    runs: int = 4  # of each process
    at_once: int = 1  # in each process
    control: Control = ""


@dataclass
class Report:
    """What `prove concurrency` found."""

    load: Load
    kind: str
    turns: list[Turn] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return bool(self.violations) == bool(self.load.control) and bool(self.turns)

    def as_dict(self) -> dict[str, Any]:
        took = sorted(turn.ended - turn.began for turn in self.turns if turn.told == "ok")
        told = Counter(turn.told for turn in self.turns)
        return {
            "proof": "concurrency",
            "control": self.load.control,
            "passed": self.passed,
            "database": self.kind,
            "processes": self.load.processes,
            "on_one_thread": self.load.shared,
            "turns": len(self.turns),
            "acknowledged": told["ok"],
            "refused": told["busy"],
            "failed": told["failed"],
            "violations": len(self.violations),
            "examples": self.violations[:5],
            "most_at_95_percent": most(len(self.violations), len(self.turns)),
            "turn_ms": {"median": _at(took, 0.5), "p99": _at(took, 0.99)},
            "seconds": round(self.seconds, 1),
        }


def _at(times: Sequence[float], share: float) -> float | None:
    return round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1) if times else None


def _engine(load: Load) -> Engine:
    settings = Settings(database=load.database)
    engine = Engine(GRAPH, settings=settings, make=lambda *_: Scripted(_saw))
    if load.control:
        engine.__dict__["transactions"] = controlled(load.control, settings)
    return engine


def _saw(messages: list[Any], **_: Any) -> str:
    """Answers with the turn before this one, as the thread showed it."""
    asked = [str(message.text) for message in messages if message.type == "human"]
    return asked[-2] if len(asked) > 1 else FIRST


def prove(load: Load) -> Report:
    """Fork the clients, wait for them, and read what is there. Call it where no thread runs."""
    with tempfile.TemporaryDirectory() as folder:
        if not load.database:
            return prove(Load(**{**load.__dict__, "database": str(Path(folder) / "runs.db")}))
        with open_store(load.database) as store:  # made once, by us
            kind = store.dialect
            Transactions(store, contents=Path(folder)).saver  # noqa: B018 - makes its tables
        asyncio.run(_warm(Path(folder)))
        gc.collect()
        gc.freeze()
        started = time.monotonic()
        children = [_forked(load, number, Path(folder)) for number in range(load.processes)]
        crashed = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children)
        report = Report(load, kind, read(Path(folder)), seconds=time.monotonic() - started)
        report.violations += [f"{crashed} clients crashed"] if crashed else []
        report.violations += asyncio.run(_judged(load, report.turns, Path(folder)))
        return report


async def _warm(folder: Path) -> None:
    """What a client would import late is imported once, by us."""
    async with _engine(Load(database=str(folder / "warm.db"))) as engine:
        await engine.ask(FIRST)


def _forked(load: Load, number: int, folder: Path) -> int:
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        asyncio.run(_client(load, number, folder / f"{number:04}.history"))
        code = 0
    finally:
        os._exit(code)


async def _client(load: Load, number: int, history: Path) -> None:
    thread = SHARED if number < load.shared else f"own{number}"
    # Of those on one thread, every second waits its turn and the others are refused.
    wait = 0.0 if thread == SHARED and load.at_once == 1 and number % 2 else PATIENCE
    turn = asyncio.Semaphore(load.at_once)
    with history.open("a") as file:
        async with _engine(load) as engine:

            async def one(value: str) -> None:
                async with turn:
                    file.write((await _appended(engine, thread, value, wait)).line() + "\n")
                    file.flush()

            await asyncio.gather(*(one(f"{number}.{index}") for index in range(load.runs)))


async def _appended(engine: Engine, thread: str, value: str, wait: float) -> Turn:
    began = time.monotonic()
    try:
        await engine.ask(value, thread=thread, wait=wait)
    except TinyError as failure:
        told = "busy" if failure.code == "THREAD_BUSY" else "failed"
        return Turn(thread, value, told, began, time.monotonic(), f"{failure.code}: {failure}")  # type: ignore[arg-type]
    return Turn(thread, value, "ok", began, time.monotonic())


async def _judged(load: Load, turns: Sequence[Turn], folder: Path) -> list[str]:
    with open_store(load.database) as store:
        runs = Transactions(store, contents=folder)
        chains = {thread: await _chain(runs, thread) for thread in {turn.thread for turn in turns}}
        return [*violations(turns, chains), *await runs.problems()]


async def _chain(runs: Transactions, thread: str) -> Chain:
    said = await runs.window(thread, turns=1_000_000, letters=10**9)
    values = [str(message["content"]) for message in said if message["role"] == "user"]
    saw = [str(message["content"]) for message in said if message["role"] == "assistant"]
    rows = await runs.runs(thread=thread, limit=1_000_000)
    return Chain(thread, values, saw, sum(row.status == "committed" for row in rows))


def lines(report: Report) -> list[str]:
    """The report as the section of a document."""
    found, load = report.as_dict(), report.load
    switched = f" (control: {load.control})" if load.control else ""
    rate = percent(found["most_at_95_percent"])
    said = "something must be found here" if load.control else f"so at most {rate} of turns"
    return [
        f"## Concurrent clients on {report.kind}{switched}",
        "",
        (
            f"{load.processes} processes, {load.shared} of them on one thread, {load.at_once} turns at once in each:"
            f" {found['turns']} turns, {found['acknowledged']} acknowledged, {found['refused']} refused with the"
            f" holder's id, {found['failed']} failed; {found['violations']} violations ({said})."
        ),
        (
            f"A turn took {found['turn_ms']['median']} ms in the median and {found['turn_ms']['p99']} ms at the 99th"
            f" percentile, waiting included; all of it {found['seconds']} s."
        ),
    ]
