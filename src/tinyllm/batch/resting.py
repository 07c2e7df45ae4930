"""A model that rests after failures, or is too busy: the rows that need it wait until it is tried again."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tinyllm.clock import Clock
from tinyllm.errors import TinyError
from tinyllm.guard.attempt import OF_THE_HOST
from tinyllm.guard.breaker import Breakers, Resting
from tinyllm.running import Event

Waits = Callable[[str, float | None], None]  # for whom, and until when; None: no longer

PATIENCE = 600.0  # seconds without an answer after which no row waits for a model any more
LONG = 5.0  # seconds before a call is made again, from which it is said
LOOK = 1.0  # seconds between two looks at a model that another call tries


def absent(failure: TinyError, host: str) -> bool:
    """There is no server, or it has no model: that says nothing about the row, and the next one fares no better."""
    if isinstance(failure, Resting):
        return failure.target == host
    return failure.code in (*OF_THE_HOST, "MODEL_NOT_FOUND")


@dataclass
class Rests:
    """How long the rows of a batch wait for models."""

    breakers: Breakers
    clock: Clock
    waits: Waits
    answered: float = field(init=False)  # when a row was answered last

    def __post_init__(self) -> None:
        self.answered = self.clock.monotonic()

    async def over(self, failure: TinyError) -> bool:
        """True when the model may be asked again; false when this failure is none of a rest, or patience ran out."""
        if not isinstance(failure, Resting):
            return False
        try:
            return await self._over(failure.target)
        finally:
            self.waits(failure.target, None)

    async def _over(self, target: str) -> bool:
        while self.clock.monotonic() - self.answered < PATIENCE:
            row = (await self.breakers.shelf.look([target])).get(target)
            if row is None or row.state == "closed":
                return True
            if row.state == "open" and (seconds := self.breakers.rests(row)) > 0:
                await self._wait(target, seconds)
            elif row.probe:
                await self._wait(target, LOOK)
            else:
                return True
        return False

    def listening(self) -> Callable[[Event], None]:
        """Hears of a run when its call is put off for long, because the server said so."""
        waits: list[str] = []

        def heard(event: Event) -> None:
            if event.kind == "retry" and event.data["seconds"] >= LONG:
                waits.append(event.data["model"])
                self.waits(waits[-1], self.clock.now() + event.data["seconds"])
            elif waits and event.kind in ("call", "failure"):
                self.waits(waits.pop(), None)

        return heard

    async def _wait(self, target: str, seconds: float) -> None:
        self.waits(target, self.clock.now() + seconds)
        await self.clock.sleep(seconds)
