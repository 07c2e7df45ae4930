"""The run that the current task works for: its id, its deadline, and where its events go."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import TimedOut
from tinyllm.redaction import safe

if TYPE_CHECKING:
    from tinyllm.errors.case import Case


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a run."""

    kind: str  # begin, node, token, call, tool, failure, fallback, note, end
    node: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {"event": self.kind, "node": self.node, "at": round(self.at, 6), **self.data}


STOPPED = "cancelled"  # the code of a call that was under way when its run was stopped
Priority = Literal["person", "batch", "background"]  # who is served first
Ask = Callable[[str, tuple[str, ...]], Awaitable[str | None]]  # nothing: the person left without an answer


def _nobody(event: Event) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Running:
    """The place of a task in the world: one value, replaced as a whole."""

    id: str = ""
    thread: str = ""  # the conversation that it belongs to
    priority: Priority = "person"  # before others that want the same model
    deadline: float = float("inf")  # on the monotonic clock
    node: str = ""
    visit: int = 0
    streams: bool = False  # somebody watches tokens
    ask: Ask | None = None  # how the person who sits there is asked
    model: str = ""  # what `-m` put in the place of every model
    listen: Callable[[Event], None] = _nobody
    clock: Clock = CLOCK
    extra: dict[str, Any] = field(default_factory=dict)

    def left(self) -> float:
        return self.deadline - self.clock.monotonic()


_running: ContextVar[Running] = ContextVar("tinyllm_running", default=Running())  # noqa: B039 - frozen


def current() -> Running:
    return _running.get()


@contextmanager
def entered(running: Running) -> Iterator[Running]:
    token = _running.set(running)
    try:
        yield running
    finally:
        _running.reset(token)


def emit(kind: str, /, **data: Any) -> None:
    """Tell whoever listens to this run."""
    run = _running.get()
    if run.listen is not _nobody:
        run.listen(Event(kind, run.node, data, run.clock.now()))


def unclassified(case: "Case") -> None:
    """A failure that no rule knew, without its secrets, for whoever keeps such failures."""
    emit("unclassified", type=case.exc_type, message=safe(case.message)[:500], op=case.op or case.component)


def time_left(limit: float) -> float:
    """How long something may take: its own limit, or what the run has left."""
    left = _running.get().left()
    if left <= 0:
        raise TimedOut(
            "the run's time is used up",
            hint="give it more with --timeout SECONDS",
            code="DEADLINE_EXCEEDED",
            breaker=False,
            retry="none",
        )
    return min(limit, left)
