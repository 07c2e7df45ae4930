"""Two ways of answering the same cases, compared: exact tests and intervals for pairs, without a package."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean
from typing import NamedTuple

LEVEL = 0.95
DRAWS = 2_000


class Interval(NamedTuple):
    """What the truth lies in, as often as the level says."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Paired:
    """How many cases both got right, only the one, only the other, and neither."""

    both: int = 0
    only_a: int = 0
    only_b: int = 0
    neither: int = 0

    @property
    def cases(self) -> int:
        return self.both + self.only_a + self.only_b + self.neither

    @property
    def difference(self) -> float:
        """The share that B got right less the share that A got right."""
        return (self.only_b - self.only_a) / self.cases if self.cases else 0.0

    @property
    def p_value(self) -> float:
        """McNemar's exact test: how likely so uneven a split of the cases that differ is, were there no difference."""
        differ = self.only_a + self.only_b
        return min(1.0, 2 * _at_most(min(self.only_a, self.only_b), differ))

    @property
    def p_worse(self) -> float:
        """The same test to one side: how likely B looks this much worse without being worse."""
        return _at_most(self.only_b, self.only_a + self.only_b)

    @property
    def p_better(self) -> float:
        """How likely B looks this much better without being better."""
        return _at_most(self.only_a, self.only_a + self.only_b)

    def interval(self, level: float = LEVEL) -> Interval:
        """The difference, by Newcombe's score method for pairs (1998, method 10)."""
        if not self.cases:
            return Interval(-1.0, 1.0)
        a, b = self.both + self.only_a, self.both + self.only_b
        (a_low, a_high), (b_low, b_high) = wilson(a, self.cases, level), wilson(b, self.cases, level)
        p_a, p_b, phi = a / self.cases, b / self.cases, self._correlation(a, b)
        below = _hypotenuse(p_b - b_low, a_high - p_a, phi)
        above = _hypotenuse(b_high - p_b, p_a - a_low, phi)
        return Interval(max(-1.0, self.difference - below), min(1.0, self.difference + above))

    def _correlation(self, a: int, b: int) -> float:
        """Of the two margins, with Newcombe's correction for continuity where it is positive."""
        spread = a * (self.cases - a) * b * (self.cases - b)
        if not spread:
            return 0.0
        product = float(self.both * self.neither - self.only_a * self.only_b)
        return (max(0.0, product - self.cases / 2) if product > 0 else product) / math.sqrt(spread)


def compared(pairs: Iterable[tuple[bool, bool]]) -> Paired:
    """Count the pairs (A is right, B is right), one of each case."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for a, b in pairs:
        counts[bool(a), bool(b)] += 1
    return Paired(*counts.values())


def wilson(hits: int, cases: int, level: float = LEVEL) -> Interval:
    """A share, by Wilson's score method: good for any number of cases and near 0 and 1."""
    if not cases:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, unit = hits / cases, z * z / cases
    middle = (share + unit / 2) / (1 + unit)
    half = z * math.sqrt(share * (1 - share) / cases + unit / (4 * cases)) / (1 + unit)
    return Interval(0.0 if not hits else middle - half, 1.0 if hits == cases else middle + half)


def bootstrap(
    values: Sequence[float],
    *,
    of: Callable[[Sequence[float]], float] = fmean,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """A statistic of values (for pairs: of their differences), by the percentiles of what resampled values give."""
    if not values:
        return Interval(-math.inf, math.inf)
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    found = sorted(of(chance.choices(values, k=len(values))) for _ in range(draws))
    return Interval(percentile(found, (1 - level) / 2), percentile(found, (1 + level) / 2))


def percentile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest of values in order."""
    if not ordered:
        return math.nan
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    rest = place - below
    return ordered[below] if not rest else ordered[below] * (1 - rest) + ordered[below + 1] * rest


def _at_most(successes: int, trials: int) -> float:
    """The probability of at most so many heads, with exact integers."""
    return sum(math.comb(trials, k) for k in range(successes + 1)) / (1 << trials)


def _hypotenuse(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))
