"""What is known of one target, and pybreaker as the machine that steps from one state to the next."""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from tinyllm.clock import Clock

if TYPE_CHECKING:
    from pybreaker import CircuitBreaker

FAILURES, SUCCESSES = 3, 2
COOLDOWN, JITTER = 60.0, 0.2

State = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class Row:
    """One target; the wall clock, because processes share it."""

    target: str
    state: State = "closed"
    failures: int = 0
    successes: int = 0
    failed_at: float = 0.0  # when these failures began, the time inside failing calls left out
    opened_at: float = 0.0
    opened_for: float = COOLDOWN
    probe: str = ""
    probe_until: float = 0.0
    because: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def half_opened(row: Row, clock: Clock) -> Row:
    breaker, storage = _machine(row, clock)
    breaker.half_open()
    return replace(storage.row, successes=0, probe="", probe_until=0.0)


def after_success(row: Row, clock: Clock) -> Row:
    breaker, storage = _machine(row, clock)
    breaker.call(lambda: None)
    return storage.row


def after_failure(row: Row, clock: Clock) -> Row:
    breaker, storage = _machine(row, clock)
    try:
        breaker.call(_fail)
    except RuntimeError:
        pass
    return opened(storage.row, clock) if storage.row.state == "open" else storage.row


def opened(row: Row, clock: Clock) -> Row:
    """Open from now on, for one cooldown that differs a little each time: nobody comes back in step."""
    spread = 1 + JITTER * (2 * clock.chance.random() - 1)
    return replace(
        row,
        state="open",
        successes=0,
        opened_at=clock.now(),
        opened_for=COOLDOWN * spread,
        probe="",
        probe_until=0.0,
    )


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
