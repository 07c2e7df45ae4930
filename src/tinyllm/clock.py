"""Time and chance, injectable: everything that waits, stamps or draws asks here."""

import asyncio
import random
import time
from dataclasses import dataclass, field


@dataclass(eq=False)
class Clock:
    """The real clock. Tests give a `Virtual` one."""

    chance: random.Random = field(default_factory=random.SystemRandom)

    def now(self) -> float:
        """Wall time, seconds since the epoch: for people and other processes."""
        return time.time()

    def monotonic(self) -> float:
        """Time that never steps back: for deadlines and durations."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(eq=False)
class Virtual(Clock):
    """A clock that moves only when told, or when somebody sleeps on it."""

    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311
    wall: float = 1_800_000_000.0
    ticks: float = 0.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def jump(self, seconds: float) -> None:
        """Step the wall clock only, as a time server would."""
        self.wall += seconds


CLOCK = Clock()
