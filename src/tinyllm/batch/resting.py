"""A model that rests after failures: the rows that need it wait until it is tried again."""

from dataclasses import dataclass, field

from tinyllm.clock import Clock
from tinyllm.errors import TinyError
from tinyllm.guard.attempt import OF_THE_HOST
from tinyllm.guard.breaker import Breakers, Resting

PATIENCE = 600.0  # seconds without an answer after which no row waits for a model any more
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
    answered: float = field(init=False)  # when a row was answered last

    def __post_init__(self) -> None:
        self.answered = self.clock.monotonic()

    async def over(self, failure: TinyError) -> bool:
        """True when the model may be asked again; false when this failure is none of a rest, or patience ran out."""
        if not isinstance(failure, Resting):
            return False
        while self.clock.monotonic() - self.answered < PATIENCE:
            row = (await self.breakers.shelf.look([failure.target])).get(failure.target)
            if row is None or row.state == "closed":
                return True
            if row.state == "open" and (seconds := self.breakers.rests(row)) > 0:
                await self.clock.sleep(seconds)
            elif row.probe:
                await self.clock.sleep(LOOK)
            else:
                return True
        return False
