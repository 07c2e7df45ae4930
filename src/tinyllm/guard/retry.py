"""When the same model is asked again: full jitter, what the server says, and a budget per target."""

from dataclasses import dataclass, field

from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import TinyError

ATTEMPTS = 3
BASE, CAP = 0.5, 20.0  # seconds
FULL, EARNED = 10.0, 0.1  # a budget holds ten retries; ten good calls earn one
WORTH = ("backoff", "backoff_if_idempotent", "backoff_long", "retry_after", "new_connection")
OUR_OWN = ("POOL_TIMEOUT",)  # a timeout that says nothing about the model


@dataclass
class Retries:
    """The one owner of retries: no other layer has any."""

    clock: Clock = CLOCK
    budgets: dict[str, float] = field(default_factory=dict)

    def wait(
        self, failure: TinyError, attempt: int, target: str, left: float, alone: bool = True
    ) -> float | None:
        """Seconds before the next attempt; None when there is none. `alone`: nobody could answer instead."""
        # A model that was too slow is too slow again: its time is better spent on another one.
        slow = failure.kind == "timeout" and failure.code not in OUR_OWN
        if attempt >= ATTEMPTS or slow or failure.deserves.retry not in WORTH:
            return None
        if failure.code.startswith("RUNNER_") and attempt > 1:
            return None
        seconds = self.clock.chance.uniform(0, min(CAP, BASE * 2 ** (attempt - 1)))
        if failure.retry_after is not None:
            seconds = failure.retry_after + seconds
        if seconds >= (left if alone else min(left, CAP)):
            self._too_long(failure)
            return None
        return seconds if self._spend(target) else None

    def _too_long(self, failure: TinyError) -> None:
        if failure.retry_after is not None:
            failure.hint = f"the server asks to wait {failure.retry_after:.0f} s: try again then"

    def _spend(self, target: str) -> bool:
        budget = self.budgets.get(target, FULL)
        if budget < 1:
            return False
        self.budgets[target] = budget - 1
        return True

    def earn(self, target: str) -> None:
        self.budgets[target] = min(FULL, self.budgets.get(target, FULL) + EARNED)
