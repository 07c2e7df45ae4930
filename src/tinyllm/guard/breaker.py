"""One circuit breaker per model and per host, shared by all processes through the store.

pybreaker is the state machine and nothing more: it is asked for a transition inside one short transaction and never
holds a lock over a call. Around it stand the rules it lacks: one probe at a time, at most one failure per request,
failures that lie too far apart do not add up, and a clock that may jump.
"""

import os
import socket
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import CircuitOpen, TinyError

if TYPE_CHECKING:
    from pybreaker import CircuitBreaker

FAILURES, SUCCESSES = 3, 2
COOLDOWN, JITTER = 60.0, 0.2
WINDOW = 60.0  # failures further apart than this are not one outage
PROBE = 120.0  # a probe that has not come back by then frees its place

State = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one target; the wall clock, because processes share it."""

    target: str
    state: State = "closed"
    failures: int = 0
    successes: int = 0
    failed_at: float = 0.0
    opened_at: float = 0.0
    opened_for: float = COOLDOWN
    probe: str = ""
    probe_until: float = 0.0
    because: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


Change = Callable[[Row], Row]  # a pure step, made inside one transaction


class Shelf(Protocol):
    """Where the rows are kept: in the store, or in this process alone."""

    async def look(self, target: str) -> Row | None: ...
    async def change(self, target: str, how: Change) -> Row: ...
    async def all(self) -> list[Row]: ...


class Memory:
    """The rows of this process."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    async def look(self, target: str) -> Row | None:
        return self.rows.get(target)

    async def change(self, target: str, how: Change) -> Row:
        self.rows[target] = how(self.rows.get(target) or Row(target))
        return self.rows[target]

    async def all(self) -> list[Row]:
        return list(self.rows.values())


@dataclass
class Admitted:
    """A call that was let through; it must be told how it went, or that it does not count."""

    target: str
    probe: str = ""
    quiet: bool = True  # closed and without failures: a success changes nothing


class Breakers:
    """Admit, call outside, record."""

    def __init__(self, shelf: Shelf | None = None, clock: Clock = CLOCK) -> None:
        self.shelf: Shelf = shelf or Memory()
        self.clock = clock

    async def admit(self, target: str) -> Admitted:
        """Let a call through, or refuse it at once; in a half-open breaker only one goes at a time."""
        try:
            row = await self.shelf.look(target)
            if row is None or row.state == "closed":
                return Admitted(target, quiet=row is None or not row.failures)
            mine = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
            row = await self.shelf.change(target, lambda row: self._let_in(row, mine))
        except TinyError:
            return Admitted(target)  # a broken store must not stop the models: behave as if closed
        if row.state == "closed":
            return Admitted(target, quiet=not row.failures)
        if row.probe != mine:
            raise self._refusal(row)
        return Admitted(target, probe=mine, quiet=False)

    def _let_in(self, row: Row, mine: str) -> Row:
        now = self.clock.now()
        if row.state == "open" and row.opened_at > now:  # the clock stepped back: the rest begins now
            row = replace(row, opened_at=now)
        if row.state == "open" and self.rests(row) <= 0:
            breaker, storage = _machine(row, self.clock)
            breaker.half_open()
            row = replace(storage.row, successes=0, probe="", probe_until=0.0)
        # A probe that never came back, or a clock that stepped back, must not hold the place for ever.
        held = row.probe and 0 < row.probe_until - now <= PROBE
        if row.state == "half-open" and not held:
            return replace(row, probe=mine, probe_until=now + PROBE)
        return row

    def rests(self, row: Row) -> float:
        """Seconds until a probe may go, whatever the clock did meanwhile."""
        since = max(0.0, self.clock.now() - row.opened_at)
        return max(0.0, row.opened_for - since)

    def _refusal(self, row: Row) -> CircuitOpen:
        left = self.rests(row) if row.state == "open" else 0.0
        when = f"it is tried again in {left:.0f} s" if left else "it is being tried by another call"
        return CircuitOpen(
            f"{row.target} is resting after failures ({row.because}); {when}",
            hint=f"`tinyllm health` shows it; `tinyllm health reset {row.target}` ends the rest",
            retry_after=left,
        )

    async def succeeded(self, call: Admitted) -> None:
        if not call.quiet:
            await self._change(call, self._success)

    async def failed(self, call: Admitted, failure: TinyError) -> None:
        await self._change(call, lambda row: self._failure(row, failure))

    async def ignored(self, call: Admitted) -> None:
        """It says nothing about the target's health: nothing changes, and the probe's place is free."""
        if call.probe:
            await self._change(call, lambda row: row)

    async def _change(self, call: Admitted, how: Change) -> None:
        def change(row: Row) -> Row:
            # Somebody else's probe decides about a half-open breaker; a late call from before does not.
            if row.state != "closed" and row.probe != call.probe:
                return row
            row = how(row)
            return replace(row, probe="", probe_until=0.0) if call.probe else row

        try:
            await self.shelf.change(call.target, change)
        except TinyError:
            return

    def _success(self, row: Row) -> Row:
        breaker, storage = _machine(row, self.clock)
        breaker.call(lambda: None)
        return storage.row

    def _failure(self, row: Row, failure: TinyError) -> Row:
        now = self.clock.now()
        if not 0 <= now - row.failed_at <= WINDOW and row.state == "closed":
            row = replace(row, failures=0)
        breaker, storage = _machine(row, self.clock)
        if failure.code in AT_ONCE:
            breaker.open()
        else:
            try:
                breaker.call(_fail)
            except RuntimeError:
                pass
        after = replace(storage.row, failed_at=now, because=failure.message[:200])
        return self._opened(after) if after.state == "open" and row.state != "open" else after

    def _opened(self, row: Row) -> Row:
        spread = 1 + JITTER * (2 * self.clock.chance.random() - 1)
        return replace(row, opened_at=self.clock.now(), opened_for=COOLDOWN * spread, successes=0)

    async def set(self, target: str, state: State) -> Row:
        """A person opens, closes or resets a breaker."""

        def change(_: Row) -> Row:
            fresh = Row(target, state=state, because="set by hand" if state == "open" else "")
            return self._opened(fresh) if state == "open" else fresh

        return await self.shelf.change(target, change)


AT_ONCE = ("MODEL_SERVER_DOWN",)  # a refused connection leaves nothing to count


def _fail() -> None:
    raise RuntimeError


class _Storage:
    """A row as pybreaker's storage: read and changed in memory, inside our transaction."""

    def __init__(self, row: Row, clock: Clock) -> None:
        self.name = row.target
        self.row = row
        self.clock = clock

    @property
    def state(self) -> str:
        return self.row.state

    @state.setter
    def state(self, state: State) -> None:
        self.row = replace(self.row, state=state)

    def increment_counter(self) -> None:
        self.row = replace(self.row, failures=self.row.failures + 1)

    def reset_counter(self) -> None:
        self.row = replace(self.row, failures=0)

    def increment_success_counter(self) -> None:
        self.row = replace(self.row, successes=self.row.successes + 1)

    def reset_success_counter(self) -> None:
        self.row = replace(self.row, successes=0)

    @property
    def counter(self) -> int:
        return self.row.failures

    @property
    def success_counter(self) -> int:
        return self.row.successes

    @property
    def opened_at(self) -> datetime | None:
        """On pybreaker's clock, which cannot be given: as long ago as ours says."""
        return datetime.now(UTC) - timedelta(seconds=self.clock.now() - self.row.opened_at)

    @opened_at.setter
    def opened_at(self, _: datetime) -> None:
        self.row = replace(self.row, opened_at=self.clock.now())


def _machine(row: Row, clock: Clock) -> "tuple[CircuitBreaker, _Storage]":
    import pybreaker

    storage = _Storage(row, clock)
    breaker = pybreaker.CircuitBreaker(
        fail_max=FAILURES,
        reset_timeout=row.opened_for,
        success_threshold=SUCCESSES,
        state_storage=storage,
        name=row.target,
        throw_new_error_on_trip=False,
    )
    return breaker, storage
