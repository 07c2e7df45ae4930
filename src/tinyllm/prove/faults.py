"""Hold the guard to the table: every fault at every point, against a simulated server behind a bad network."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tinyllm.clock import Virtual
from tinyllm.errors import Stopped, TinyError
from tinyllm.guard import Breakers, Guard, read_json
from tinyllm.models import Entry, Models, Reply
from tinyllm.prove.fault_table import TABLE, Row
from tinyllm.prove.held import held, left_over
from tinyllm.prove.setups import ROUTES, SCHEMA, Setup, asked, entries, good, setup
from tinyllm.prove.world import NAMES, counted, shelf_of, world
from tinyllm.running import Running, entered
from tinyllm.settings import Settings
from tinyllm.testing.faults import FaultProxy
from tinyllm.testing.simulator import Simulator

MakeGuard = Callable[[Models, Mapping[str, Entry], Breakers], Guard]
LONGEST: Final = 4.0  # seconds; a cell that takes longer hangs
DEADLINE: Final = 0.4


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault at one point."""

    expected: Row
    point: str

    @property
    def name(self) -> str:
        before = f" ({self.expected.before})" if self.expected.before else ""
        return f"{self.expected.fault} / {self.point}{before}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened in a cell, and what of it should not have."""

    name: str
    ends: str
    exit: int
    calls: int
    breakers: str
    waited: float
    alike: int
    left: tuple[str, ...]
    wrong: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.wrong

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "passed": self.passed}


def cells(table: Sequence[Row] = TABLE) -> Iterator[Cell]:
    for row in table:
        for point in row.points:
            yield Cell(row, point)


async def prove(named: str = "", make: MakeGuard = Guard) -> AsyncIterator[Outcome]:
    """All cells whose name contains this, one after the other."""
    for cell in cells():
        if named in cell.name:
            yield await tried(cell, make)


async def tried(cell: Cell, make: MakeGuard = Guard) -> Outcome:
    """Ask one question in the world of a cell."""
    importlib.import_module("langchain_ollama")  # takes a second that must not count against the first cell
    clock = Virtual()
    given = setup(cell.expected.fault, cell.point, clock.now())
    async with world(given, cell.point) as (simulator, proxy, where):
        models = Models(Settings(ollama_host=where, **given.settings), clock=clock)
        if cell.point != "show":
            models.known = dict.fromkeys(NAMES, ("completion", "tools"))
        breakers = Breakers(shelf_of(given, cell.expected.before, where, clock), clock)
        before, started = held(), clock.monotonic()
        asking = _Asking(cell.point, given, models, make(models, entries(), breakers))
        ends, status = await asking.end(proxy)
        outcome = Outcome(
            cell.name,
            ends,
            status,
            proxy.exchanges,
            await counted(breakers, where),
            round(clock.monotonic() - started, 2),
            alike(simulator),
            await left_over(before, simulator, models),
        )
    return _judged(outcome, cell.expected)


def alike(simulator: Simulator) -> int:
    """Requests that repeat an earlier one to the letter."""
    bodies = [request.raw for request in simulator.asked]
    return len(bodies) - len(set(bodies))


def _judged(outcome: Outcome, expected: Row) -> Outcome:
    pairs = {
        "ends": (outcome.ends in expected.ends.split(" or "), outcome.ends, expected.ends),
        "exit": (outcome.exit == expected.exit, outcome.exit, expected.exit),
        "calls": (outcome.calls == expected.calls, outcome.calls, expected.calls),
        "breakers": (outcome.breakers == expected.breakers, outcome.breakers, expected.breakers),
        "waited": (outcome.waited >= expected.waits, outcome.waited, expected.waits),
        "alike": (expected.alike in (None, outcome.alike), outcome.alike, expected.alike),
        "left over": (not outcome.left, ", ".join(outcome.left), "nothing"),
    }
    wrong = [
        f"{name}: {got!r} and not {wanted!r}" for name, (right, got, wanted) in pairs.items() if not right
    ]
    return Outcome(**{**asdict(outcome), "wrong": tuple(wrong)})


@dataclass
class _Asking:
    """The question of a cell, and how it ends."""

    point: str
    given: Setup
    models: Models
    guard: Guard
    shown: list[str] = field(default_factory=list)

    async def end(self, proxy: FaultProxy) -> tuple[str, int]:
        task = asyncio.ensure_future(self._ask())
        others = [asyncio.ensure_future(self._stop(task, proxy))] if self.given.stops == "cancelled" else []
        try:
            done, _ = await asyncio.wait([task], timeout=LONGEST)
            return await task if done else ("HANGS", -1)
        except asyncio.CancelledError:
            return Stopped.default_code, Stopped.policy.exit_code
        except TinyError as failure:
            return failure.code, failure.exit_code
        finally:
            for each in (task, *others):
                each.cancel()
                await asyncio.wait([each], timeout=1.0)

    async def _ask(self) -> tuple[str, int]:
        clock = self.models.clock
        deadline = clock.monotonic() + DEADLINE if self.given.stops == "deadline" else float("inf")
        with entered(Running(id="cell", node="cell", deadline=deadline, clock=clock)):
            reply = await self.guard.ask("main", asked(self.point, self.shown.append), self._read)
        return (reply.entry if self._is_good(reply) else f"{reply.entry} with nonsense"), 0

    def _read(self, reply: Reply) -> Reply:
        """What a node does with a reply: it holds JSON to its schema, and takes anything else as it is."""
        if self.point in ("schema", "route"):
            read_json(reply, SCHEMA if self.point == "schema" else ROUTES)
        return reply

    def _is_good(self, reply: Reply) -> bool:
        if self.point in ("tool", "show"):
            return [(call["name"], call["args"]) for call in reply.tool_calls] == [("add", {"a": 2, "b": 2})]
        return self.point in ("schema", "route") or reply.text == good(self.point).text

    async def _stop(self, task: "asyncio.Task[tuple[str, int]]", proxy: FaultProxy) -> None:
        """Cancel it while the server works on it."""
        while True:
            await asyncio.sleep(0.02)
            if proxy.exchanges:
                break
        await asyncio.sleep(0.05)
        task.cancel()
