"""How good routes are: right, nearly right, and as sure as they should be."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from tinyllm.routing.router import Route

CORE = ({"code"}, {"math"}, {"general"}, {"code", "math"})
MOST_SURE = 0.4


@dataclass(frozen=True, slots=True)
class Judged:
    """A question's true labels beside its route."""

    truth: tuple[str, ...]
    route: Route
    source: str = ""

    @property
    def exact(self) -> bool:
        return set(self.truth) == set(self.route.labels)

    @property
    def touched(self) -> bool:
        return bool(set(self.truth) & set(self.route.labels))


@dataclass(frozen=True, slots=True)
class Bin:
    """Routes of about the same confidence."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Measures:
    rows: int
    exact: float
    at_least_one: float
    core_exact: float
    core_at_least_one: float
    most_sure_exact: float
    calibration_error: float
    label_calibration_error: dict[str, float]
    bins: tuple[Bin, ...]
    by_source: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(judged: Sequence[Judged]) -> Measures:
    core = [j for j in judged if set(j.truth) in CORE]
    sure = sorted(judged, key=lambda j: -j.route.confidence)[: max(1, round(MOST_SURE * len(judged)))]
    bins = reliability((j.route.confidence, j.exact) for j in judged)
    labels = sorted({label for j in judged for label in j.route.probabilities})
    return Measures(
        rows=len(judged),
        exact=mean(j.exact for j in judged),
        at_least_one=mean(j.touched for j in judged),
        core_exact=mean(j.exact for j in core),
        core_at_least_one=mean(j.touched for j in core),
        most_sure_exact=mean(j.exact for j in sure),
        calibration_error=error(bins),
        label_calibration_error={
            label: error(
                reliability((j.route.probabilities.get(label, 0.0), label in j.truth) for j in judged)
            )
            for label in labels
        },
        bins=bins,
        by_source={
            source: mean(j.exact for j in judged if j.source == source)
            for source in sorted({j.source for j in judged})
        },
    )


def reliability(pairs: Iterable[tuple[float, bool]], parts: int = 10) -> tuple[Bin, ...]:
    """What was promised and what came true, in bins of equal width."""
    boxes: list[list[tuple[float, bool]]] = [[] for _ in range(parts)]
    for chance, right in pairs:
        boxes[min(parts - 1, int(chance * parts))].append((chance, right))
    return tuple(
        Bin(i / parts, (i + 1) / parts, len(box), mean(c for c, _ in box), mean(r for _, r in box))
        for i, box in enumerate(boxes)
        if box
    )


def error(bins: Sequence[Bin]) -> float:
    """The expected calibration error: how far promise and truth lie apart, by the number of routes."""
    total = sum(b.count for b in bins)
    return round(sum(b.count * abs(b.confidence - b.right) for b in bins) / max(1, total), 4)


def mean(values: Iterable[float]) -> float:
    listed = list(values)
    return round(fmean(listed), 4) if listed else 0.0
