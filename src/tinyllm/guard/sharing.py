"""One call for all who ask the same at the same time: one of them calls, the others are told what it heard."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import get_args
from weakref import WeakKeyDictionary

from tinyllm.errors import TimedOut
from tinyllm.models import Ask, Reply
from tinyllm.running import Priority, current, time_left

FIRST: tuple[Priority, ...] = get_args(Priority)  # who is served first comes first


@dataclass(eq=False)
class Flight:
    """A call that is under way, for everybody who waits for it."""

    priority: Priority  # the highest of those who wait
    raised: list[Callable[[Priority], None]] = field(default_factory=list)  # told when it rises
    heard: tuple[Reply, Ask] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def join(self, priority: Priority) -> None:
        """One more waits, and what it waits for is as urgent as it is."""
        if FIRST.index(priority) < FIRST.index(self.priority):
            self.priority = priority
            for tell in self.raised:
                tell(priority)

    def land(self, reply: Reply, sent: Ask) -> None:
        self.heard = (reply, sent)
        self.over.set()

    async def landed(self) -> tuple[Reply, Ask] | None:
        """What was heard; nothing when who called was stopped or failed: then the next one calls."""
        try:
            async with asyncio.timeout(None if (left := time_left(float("inf"))) == float("inf") else left):
                await self.over.wait()
        except TimeoutError as failure:
            raise TimedOut(
                "the run's time was used up while another one asked the same",
                hint="give it more with --timeout SECONDS",
                where=current().node,
                code="DEADLINE_EXCEEDED",
                breaker=False,
                retry="none",
            ) from failure
        return self.heard


_flight: ContextVar[Flight | None] = ContextVar("tinyllm_flight", default=None)


def flight() -> Flight | None:
    """The call that the current task makes for others as well."""
    return _flight.get()


@dataclass(eq=False)
class Flights:
    """What is under way, by the key of its request; a loop has its own."""

    _of: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Flight]]" = field(
        default_factory=WeakKeyDictionary
    )

    def find(self, key: str) -> Flight | None:
        return self._here().get(key)

    def _here(self) -> dict[str, Flight]:
        return self._of.setdefault(asyncio.get_running_loop(), {})

    @contextmanager
    def lead(self, key: str) -> Iterator[Flight]:
        """Call for all who come meanwhile; however it ends, nobody waits for it any longer."""
        led = self._here()[key] = Flight(current().priority)
        token = _flight.set(led)
        try:
            yield led
        finally:
            _flight.reset(token)
            del self._here()[key]
            led.over.set()
