"""Chance that is the same every time: numbers drawn from a seed and a name."""

import math
from functools import lru_cache
from hashlib import sha256
from statistics import NormalDist

_NORMAL = NormalDist()
_GRID = tuple(_NORMAL.inv_cdf((place + 0.5) / 64) for place in range(64))


def uniform(*names: object) -> float:
    """A number between 0 and 1, never either of them."""
    digest = sha256("|".join(str(name) for name in names).encode()).digest()
    return (int.from_bytes(digest[:7]) + 0.5) / 2**56


def normal(*names: object) -> float:
    return _NORMAL.inv_cdf(uniform(*names))


def quantile(part: float) -> float:
    """The point of the bell curve with this part of it on the left."""
    return _NORMAL.inv_cdf(min(max(part, 1e-6), 1 - 1e-6))


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


@lru_cache(maxsize=4096)
def ability(error: float, discrimination: float, noise: float) -> float:
    """How able a model is that gets `error` of the questions wrong, where difficulty is a bell curve of width 1."""
    width = math.sqrt(1 + noise**2)
    low, high = -12.0, 12.0
    for _ in range(50):
        middle = (low + high) / 2
        right = sum(sigmoid(discrimination * (middle - width * point)) for point in _GRID) / len(_GRID)
        low, high = (middle, high) if right < 1 - error else (low, middle)
    return (low + high) / 2


def chance_of_right(
    error: float, difficulty: float, quirk: float, discrimination: float, noise: float
) -> float:
    """How often a model answers one question rightly.

    `difficulty` is the question's own and the same for all models, `quirk` is this model's with this question: so
    models fail together on hard questions, and asking the same one again helps little.
    """
    if error <= 0 or error >= 1 or discrimination <= 0:
        return 1 - error
    able = ability(round(error, 4), discrimination, noise)
    return sigmoid(discrimination * (able - difficulty - noise * quirk))
