"""How sure a count of failures makes: bounds at 95 %."""

from math import sqrt

Z = 1.959964


def wilson(failures: int, trials: int) -> tuple[float, float]:
    """Where the true rate lies, by Wilson's score."""
    if not trials:
        return 0.0, 1.0
    failures = min(failures, trials)  # one trial may break several promises
    rate, square = failures / trials, Z * Z / trials
    middle = (rate + square / 2) / (1 + square)
    reach = Z / (1 + square) * sqrt(rate * (1 - rate) / trials + square / (4 * trials))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def most(failures: int, trials: int) -> float:
    """The highest rate that the count allows; without any failure, three in the number of trials."""
    if not failures:
        return min(1.0, 3 / trials) if trials else 1.0
    return wilson(failures, trials)[1]


def percent(rate: float) -> str:
    return f"{rate * 100:.2g} %"
