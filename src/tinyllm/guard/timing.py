"""The four timeouts of a call: to connect, to begin, between two tokens, and in all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tinyllm.errors import BadReply, TimedOut, TinyError, classify
from tinyllm.guard.loops import Loops
from tinyllm.guard.request import Request
from tinyllm.models import Ask, Entry
from tinyllm.running import current, time_left
from tinyllm.settings import Settings

BRIEF = 256  # tokens: a reply that may not be longer is not worth streaming, unless somebody watches
SLACK = 0.05  # part of the time between two tokens that is not looked at
PACE = 0.5  # seconds a token of such a reply may take; slower is as good as dead


@dataclass
class Watch:
    """Moves the limit along while a reply comes, and stops one that goes round in circles."""

    entry: Entry
    ask: Ask
    request: Request
    settings: Settings
    brief: bool
    last: float  # the moment when it must be finished, on the loop's clock
    limit: asyncio.Timeout
    phase: str = "begin to answer"
    next: float = 0.0  # when the limit is moved again

    def __post_init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.loops = Loops()

    @property
    def heard(self) -> Callable[[str], None] | None:
        return None if self.brief else self._heard

    def _heard(self, text: str) -> None:
        now = self.loop.time()
        if now >= self.next:  # a timer is not set anew for each of a hundred tokens a second
            idle = now + self.settings.idle_timeout * (1 + SLACK)
            self.next = now + self.settings.idle_timeout * SLACK
            self.phase = "go on" if idle < self.last else "finish"
            self.limit.reschedule(min(self.last, idle))
        if self.loops.heard(text):
            raise BadReply(f"{self.entry.name} repeats itself", code="OUTPUT_REPETITION")
        if text and self.ask.token is not None:
            self.request.shown = True
            self.ask.token(text)


@asynccontextmanager
async def timed(entry: Entry, ask: Ask, request: Request, settings: Settings) -> AsyncIterator[Watch]:
    """The time that a call has; a failure says which limit it was, and whose."""
    left = time_left(float("inf"))
    own = entry.timeout or settings.call_timeout
    length = int(ask.options.get("num_predict") or entry.num_predict or 0)
    brief = 0 < length <= BRIEF and ask.token is None
    first = settings.load_timeout + (length * PACE if brief else 0)
    start = asyncio.get_running_loop().time()
    total = min(own, left)
    try:
        async with asyncio.timeout(min(total, first)) as limit:
            watch = Watch(entry, ask, request, settings, brief, start + total, limit)
            watch.phase = "answer" if brief else "begin to answer"
            yield watch
    except TimeoutError as failure:
        # The system has timeouts of its own; what they mean is said elsewhere.
        if not limit.expired():
            raise
        ours = left <= own and asyncio.get_running_loop().time() >= start + left
        raise (_out_of_time(entry) if ours else _too_slow(entry, watch, failure)) from failure


def _too_slow(entry: Entry, watch: Watch, failure: TimeoutError) -> TinyError:
    named = classify(failure, op="ollama")
    named.message = f"{entry.name} did not {watch.phase} in time"
    named.hint = "give it longer (`timeout` in the graph), or use a smaller model"
    return named


def _out_of_time(entry: Entry) -> TinyError:
    """The run had no more time: that says nothing about the model."""
    return TimedOut(
        f"the run's time was used up while {entry.name} answered",
        hint="give it more with --timeout SECONDS",
        where=current().node,
        code="DEADLINE_EXCEEDED",
        breaker=False,
        retry="none",
    )
