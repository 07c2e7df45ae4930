"""Who waits for one model, and who is next: by priority, and fair between threads."""

import asyncio
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from tinyllm.guard.queue_window import Window
from tinyllm.running import Running

SPARE: Final = 256  # what is over is cleared away when there is more of it than this

RANKS: Final = {"person": 0, "batch": 1, "background": 2}


@dataclass(eq=False, slots=True)
class Waiter:
    """One request on its way to a model."""

    line: "Line"
    running: Running
    since: float  # on the monotonic clock
    rank: int
    told: "asyncio.Future[None]"
    tag: float = 0.0  # when it is served, in the time of the line
    number: int = 0
    peers: int = 0  # requests that were under way when it went, itself included
    state: str = "waits"  # then goes, and in the end gone

    def __lt__(self, other: "Waiter") -> bool:
        return (self.rank, self.tag, self.number) < (other.rank, other.tag, other.number)


@dataclass(eq=False)
class Line:
    """The requests for one model.

    Start-time fair queueing: each request of a thread is served one tick after the thread's last one, and no request
    before the tick that the line has reached. A thread that asks for fifty things at once waits behind itself.
    """

    model: str
    window: Window
    flying: int = 0  # requests that are under way
    served: int = 0  # requests that went since the model was loaded
    began: float = float("-inf")  # when it was
    loading: bool = False  # no reply came since it was asked to be loaded,
    failed: bool = False  # but a failure did
    used: float = float("-inf")  # when the last reply came
    user: int = 0  # the rank of whoever went last
    wants: "WeakKeyDictionary[object, int]" = field(
        default_factory=WeakKeyDictionary
    )  # slots, by who set them
    waiting: list[Waiter] = field(default_factory=list)
    counts: list[int] = field(default_factory=lambda: [0] * len(RANKS))
    _ticks: list[float] = field(default_factory=lambda: [0.0] * len(RANKS))
    _lasts: dict[tuple[int, str], float] = field(default_factory=dict)
    _number: int = 0

    def join(self, waiter: Waiter) -> None:
        self._number += 1
        whose = (waiter.rank, waiter.running.thread or waiter.running.id)
        waiter.number = self._number
        waiter.tag = max(self._ticks[waiter.rank], self._lasts.get(whose, 0.0))
        self._lasts[whose] = waiter.tag + 1
        if len(self._lasts) > 2 * len(self.waiting) + SPARE:  # who has nothing waiting is as new as anybody
            there = {(each.rank, each.running.thread or each.running.id) for each in self.waiting}
            self._lasts = {whose: last for whose, last in self._lasts.items() if whose in there}
        heapq.heappush(self.waiting, waiter)
        self.counts[waiter.rank] += 1

    def lift(self, waiter: Waiter, rank: int) -> None:
        """It waits on, among those of that rank and as the last of its thread."""
        self.counts[waiter.rank] -= 1
        self.waiting.remove(waiter)
        heapq.heapify(self.waiting)
        waiter.rank = rank
        self.join(waiter)

    def first(self) -> Waiter | None:
        """Whoever is next; nobody when nobody waits."""
        while self.waiting and self.waiting[0].state != "waits":
            heapq.heappop(self.waiting)
        return self.waiting[0] if self.waiting else None

    def out(self, waiter: Waiter, state: str) -> None:
        """It waits no longer: it goes, or is gone."""
        waiter.state = state
        self.counts[waiter.rank] -= 1
        if state == "goes":
            self._ticks[waiter.rank] = max(self._ticks[waiter.rank], waiter.tag)
            self.sends(waiter)
        if len(self.waiting) > 2 * sum(self.counts) + SPARE:
            self.waiting = [each for each in self.waiting if each.state == "waits"]
            heapq.heapify(self.waiting)
        if not any(self.counts):
            self.waiting.clear()
            self._lasts.clear()
            self._ticks = [0.0] * len(RANKS)

    def sends(self, waiter: Waiter) -> None:
        waiter.state = "goes"
        self.flying += 1
        self.served += 1
        self.user = waiter.rank
        waiter.peers = self.flying

    def before(self, rank: int) -> int:
        """How many wait that this rank does not overtake."""
        return sum(self.counts[: rank + 1])

    def of(self, rank: int) -> Iterator[Waiter]:
        return (waiter for waiter in self.waiting if waiter.state == "waits" and waiter.rank == rank)

    def comes(self, now: float, longest: float) -> bool:
        """It is being loaded; after so long, or when something failed, nobody knows."""
        return self.loading and not self.failed and now - self.began < longest

    @property
    def free(self) -> bool:
        return self.flying < self.window.size
