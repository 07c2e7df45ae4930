"""How sure one may be that one way is better than another: tests that may be looked at as often as one likes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

GRID = tuple(0.5 + (place + 0.5) / 400 for place in range(200))
WEIGHTS = tuple(p * p for p in GRID)
TOTAL = sum(WEIGHTS)


@lru_cache(maxsize=4096)
def odds_of_better(wins: int, losses: int) -> float:
    """How much better "B wins more than half of what differs" explains the count than a fair coin does.

    An e-value: were there no difference, it would ever exceed x with a chance of at most 1/x, however often one looks.
    """
    logs = [
        math.log(weight / TOTAL) + wins * math.log(2 * p) + losses * math.log(2 * (1 - p))
        for p, weight in zip(GRID, WEIGHTS, strict=True)
    ]
    top = max(logs)
    return math.exp(min(700.0, top + math.log(sum(math.exp(each - top) for each in logs))))


def paired_in_order(a: Iterable[bool], b: Iterable[bool]) -> tuple[int, int]:
    """Two streams side by side: how often only the second was right, and only the first."""
    pairs = list(zip(a, b, strict=False))
    return sum(not x and y for x, y in pairs), sum(x and not y for x, y in pairs)


@dataclass(frozen=True, slots=True)
class Bound:
    """A difference, and what it is at least."""

    difference: float
    low: float


def overall(failed: Sequence[int], passed: Sequence[int], share: float, z: float) -> Bound:
    """What a change does to all questions, from those that failed and those that passed before, each in its share.

    Failed questions alone would flatter any change: asked again, some of them go well by chance. What goes wrong by
    chance among those that passed makes up for it.
    """
    strata = [(failed, share if passed else 1.0), (passed, 1.0 - share)]
    difference = spread = 0.0
    for outcomes, weight in strata:
        if not outcomes:
            continue
        count = len(outcomes)
        mean = sum(outcomes) / count
        # One question of each kind more than there are: a handful that all agree is not certain.
        variance = max(
            0.0, (sum(each * each for each in outcomes) + 0.5) / (count + 1) - mean * mean
        ) + 0.5 / (count + 1)
        difference += weight * mean
        spread += weight * weight * variance / count
    return Bound(difference, difference - z * math.sqrt(spread))
