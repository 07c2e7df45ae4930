"""What the rows of one graph add up to."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from tinyllm.evals.results import Row, Side
from tinyllm.paired import Interval, percentile, wilson

POINTS = (0.5, 0.9, 0.99)
NO_EVIDENCE = "none named"


@dataclass(frozen=True)
class Share:
    """So many of so many, and what the true share lies in."""

    hits: int
    cases: int

    @property
    def share(self) -> float:
        return self.hits / self.cases if self.cases else math.nan

    @property
    def interval(self) -> Interval:
        return wilson(self.hits, self.cases)

    def __str__(self) -> str:
        if not self.cases:
            return "none"
        low, high = self.interval
        return f"{self.hits}/{self.cases} = {self.share:.1%} ({low:.1%} to {high:.1%})"

    def as_dict(self) -> dict[str, Any]:
        share = round(self.share, 4) if self.cases else None
        return {
            **asdict(self),
            "share": share,
            "low": round(self.interval.low, 4),
            "high": round(self.interval.high, 4),
        }


@dataclass(frozen=True)
class Summary:
    """One graph on one suite."""

    side: Side

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.side.rows

    @cached_property
    def outcomes(self) -> dict[str, int]:
        counted = Counter(row.outcome for row in self.rows)
        return {name: counted[name] for name in ("right", "wrong", "refused", "failed")}

    @property
    def right(self) -> Share:
        return Share(self.outcomes["right"], len(self.rows))

    @property
    def shipped(self) -> Share:
        """Of the wrong answers, those that came with exit code 0."""
        held = sum(row.outcome == "refused" and not row.best for row in self.rows)
        return Share(self.outcomes["wrong"], self.outcomes["wrong"] + held)

    @property
    def rejected(self) -> Share:
        """Of the right answers, those that were refused."""
        rejected = sum(row.best for row in self.rows)
        return Share(rejected, self.outcomes["right"] + rejected)

    @cached_property
    def evidence(self) -> dict[str, Share]:
        """What the shipped answers rested on, and how many of them were right."""
        shipped = [row for row in self.rows if row.status == "committed"]
        return _by(shipped, lambda row: (row.evidence or NO_EVIDENCE,))

    @cached_property
    def tags(self) -> dict[str, Share]:
        return _by(self.rows, lambda row: row.tags)

    @cached_property
    def tiers(self) -> dict[str, int]:
        """The highest tier that a question reached."""
        counted = Counter("no model" if row.tier is None else f"tier {row.tier}" for row in self.rows)
        return dict(sorted(counted.items()))

    @cached_property
    def ms(self) -> dict[str, float]:
        return percentiles([row.ms for row in self.rows])

    @cached_property
    def tokens(self) -> dict[str, float]:
        return percentiles([row.tokens_in + row.tokens_out for row in self.rows])

    @property
    def cost(self) -> dict[str, float]:
        """All of it, and per right answer."""
        rows = self.rows
        found = {
            "calls": sum(row.calls for row in rows),
            "tokens_in": sum(row.tokens_in for row in rows),
            "tokens_out": sum(row.tokens_out for row in rows),
            "model_seconds": round(sum(row.model_ms for row in rows) / 1000, 2),
            "tflop": round(sum(row.tflop for row in rows), 2),
        }
        right = self.outcomes["right"]
        return {**found, "tflop_per_right_answer": round(found["tflop"] / right, 3) if right else 0.0}

    def as_dict(self) -> dict[str, Any]:
        return {
            "graph": self.side.graph,
            "model": self.side.model,
            "suite": next((row.suite for row in self.rows), ""),
            "cases": len(self.rows),
            "right": self.right.as_dict(),
            "outcomes": self.outcomes,
            "wrong_answers_shipped": self.shipped.as_dict(),
            "right_answers_refused": self.rejected.as_dict(),
            "evidence": {name: share.as_dict() for name, share in self.evidence.items()},
            "tags": {name: share.as_dict() for name, share in self.tags.items()},
            "tiers": self.tiers,
            "ms": self.ms,
            "tokens": self.tokens,
            "cost": self.cost,
        }


def percentiles(values: Iterable[float]) -> dict[str, float]:
    ordered = sorted(values)
    return (
        {f"p{round(point * 100)}": round(percentile(ordered, point), 1) for point in POINTS}
        if ordered
        else {}
    )


def _by(rows: Sequence[Row], groups: Callable[[Row], Iterable[str]]) -> dict[str, Share]:
    hits: Counter[str] = Counter()
    cases: Counter[str] = Counter()
    for row in rows:
        for group in groups(row):
            cases[group] += 1
            hits[group] += row.right
    return {group: Share(hits[group], cases[group]) for group in sorted(cases)}
