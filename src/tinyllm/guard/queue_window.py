"""How many requests a model is sent at a time: as set, or as its server turns out to take."""

from dataclasses import dataclass
from typing import Final

START: Final = 4  # what is tried first
MOST: Final = 64
WAITED: Final = 0.1  # a server that lets requests wait longer than this part of their work has too many
NOISE: Final = 0.02  # seconds that are no waiting
GAIN: Final = 1.1  # more at a time must bring this much more work done
LONGEST: Final = 32  # windows without a try for more


@dataclass
class Window:
    """As many as `fixed`; else found out.

    The server does not say how many it works on at a time, but each reply says how long it was worked on and how long
    it took in all: what is left is waiting on the other side. Grows twofold, later by one, as long as nobody waits there
    and more gets done; shrinks to the part that was worked on; halves where the server is overrun.
    """

    fixed: int = 0
    found: float = START
    quick: bool = True  # nothing has said no yet
    rest: int = 0  # windows until more is tried
    pause: int = 1
    worked: float = 0.0
    waited: float = 0.0
    replies: int = 0
    peak: int = 0
    before: tuple[float, float] | None = None  # the size and the rate that growth started from

    @property
    def size(self) -> int:
        return self.fixed or int(self.found)

    def heard(self, peers: int, worked: float, waited: float) -> None:
        """A reply: how many were under way when its request went, and where its time went."""
        if self.fixed or worked <= 0:
            return
        self.worked += worked
        self.waited += max(0.0, waited)
        self.replies += 1
        self.peak = max(self.peak, peers)
        if self.replies >= self.size:
            self._judged()
            self.worked = self.waited = 0.0
            self.replies = self.peak = 0

    def overrun(self) -> None:
        """The server refused, or did not answer in time."""
        self._smaller(self.found / 2)

    def _judged(self) -> None:
        full = self.peak >= self.size
        rate = self.peak * self.replies / self.worked
        if self.waited > self.replies * NOISE and self.waited > self.worked * WAITED:
            self._smaller(round(self.peak * self.worked / (self.worked + self.waited)))
        elif full and self.before and rate < self.before[1] * GAIN:
            self._smaller(self.before[0])
        elif full and self.rest <= 0:
            self.before = (self.found, rate)
            self.found = min(MOST, self.found * 2 if self.quick else self.found + 1)
            return
        self.rest -= 1
        self.before = None

    def _smaller(self, size: float) -> None:
        self.found = max(1.0, min(self.found, size))
        self.quick = False
        self.before = None
        self.rest = self.pause = min(LONGEST, self.pause * 2)
