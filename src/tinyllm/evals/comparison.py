"""Two graphs, or one graph before and after, on the same cases."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tinyllm.errors import Permanent, Regressed, UsageError
from tinyllm.evals.results import Results, Row, Side
from tinyllm.paired import Interval, Paired, bootstrap, compared

LEVEL = 0.05  # how often luck may look like a regression
SHOWN = 10


@dataclass(frozen=True)
class Comparison:
    """The cases that both answered, in pairs; A is what was, B is what is looked at."""

    a: Side
    b: Side
    pairs: tuple[tuple[Row, Row], ...]
    dropped: int = 0  # cases that only one has, or that changed in between

    @property
    def paired(self) -> Paired:
        return compared((a.right, b.right) for a, b in self.pairs)

    @property
    def shipped(self) -> Paired:
        """The same for not shipping a wrong answer."""
        return compared((a.outcome != "wrong", b.outcome != "wrong") for a, b in self.pairs)

    @property
    def slower_ms(self) -> tuple[float, Interval]:
        """The median of how much longer B took for a case."""
        return _middle([b.ms - a.ms for a, b in self.pairs])

    @property
    def more_tokens(self) -> tuple[float, Interval]:
        return _middle(
            [float(b.tokens_in + b.tokens_out - a.tokens_in - a.tokens_out) for a, b in self.pairs]
        )

    @property
    def lost(self) -> tuple[Row, ...]:
        """What A got right and B does not."""
        return tuple(b for a, b in self.pairs if a.right and not b.right)

    @property
    def won(self) -> tuple[Row, ...]:
        return tuple(b for a, b in self.pairs if b.right and not a.right)

    @property
    def regressed(self) -> bool:
        """B is worse than luck explains: by the paired test, not by the bare difference."""
        return self.paired.p_worse < LEVEL

    @property
    def verdict(self) -> str:
        paired = self.paired
        if not paired.only_a + paired.only_b:
            return "no difference: both are right on the same cases"
        if self.regressed:
            return "B is worse than A"
        if paired.p_better < LEVEL:
            return "B is better than A"
        return f"no difference that {paired.only_a + paired.only_b} differing cases could prove"

    def as_dict(self) -> dict[str, Any]:
        paired = self.paired
        slower, more = self.slower_ms, self.more_tokens
        return {
            "a": self.a.name,
            "b": self.b.name,
            "cases": paired.cases,
            "dropped": self.dropped,
            "both_right": paired.both,
            "only_a_right": paired.only_a,
            "only_b_right": paired.only_b,
            "neither_right": paired.neither,
            "difference": round(paired.difference, 4),
            "interval": [round(end, 4) for end in paired.interval()],
            "mcnemar_p": paired.p_value,
            "p_worse": paired.p_worse,
            "wrong_shipped_difference": round(-self.shipped.difference, 4),
            "wrong_shipped_mcnemar_p": self.shipped.p_value,
            "slower_ms": {"median": round(slower[0], 1), "interval": [round(end, 1) for end in slower[1]]},
            "more_tokens": {"median": round(more[0], 1), "interval": [round(end, 1) for end in more[1]]},
            "regressed": self.regressed,
            "verdict": self.verdict,
            "lost": [row.case for row in self.lost],
            "won": [row.case for row in self.won],
        }


def compare(a: Results | Path | str | Side, b: Results | Path | str | Side) -> Comparison:
    """Put two graphs' results side by side; a file with several graphs is named FILE#GRAPH."""
    first, second = _side(a), _side(b)
    before = {row.case: row for row in first.rows}
    pairs = tuple(
        (before[row.case], row)
        for row in second.rows
        if row.case in before and before[row.case].about == row.about
    )
    if not pairs:
        raise UsageError(
            "the two results have no case in common", hint="compare results of the same suite, unchanged"
        )
    pairs = tuple(sorted(pairs, key=lambda pair: _natural(pair[1].case)))
    every = {*before, *(row.case for row in second.rows)}
    return Comparison(first, second, pairs, len(every) - len(pairs))


def _natural(name: str) -> list[tuple[int, str]]:
    """c9 before c10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def enough(side: Side, share: float) -> None:
    """An error when fewer answers are right than were asked for."""
    missed = [row for row in side.rows if not row.right]
    right = len(side.rows) - len(missed)
    if right >= share * len(side.rows):
        return
    names = ", ".join(row.case for row in missed[:SHOWN])
    raise Regressed(
        f"{side.name} is right in {right} of {len(side.rows)} cases = {right / len(side.rows):.1%}, not in {share:.1%}",
        hint=f"not right: {names}{' …' if len(missed) > SHOWN else ''}" + _next(missed),
        code="TOO_FEW_RIGHT",
    )


def settled(side: Side) -> None:
    """An error when a case has no result: its run broke, or its judge has no verdict."""
    broken = [row for row in side.rows if row.outcome == "failed"]
    if broken:
        names = ", ".join(row.case for row in broken[:SHOWN])
        raise Permanent(
            f"{len(broken)} of {len(side.rows)} cases of {side.name} have no result: {names}{' …' if len(broken) > SHOWN else ''}",
            hint="the same command asks them again" + _next(broken),
            code="CASES_FAILED",
        )


def held(comparison: Comparison) -> Comparison:
    """The comparison, or an error when B is worse."""
    if not comparison.regressed:
        return comparison
    paired = comparison.paired
    lost = ", ".join(row.case for row in comparison.lost[:SHOWN])
    raise Regressed(
        f"{comparison.b.name} is worse than before: {paired.only_a} cases lost, {paired.only_b} won "
        f"of {paired.cases} (exact McNemar test, one-sided p = {paired.p_worse:.2g})",
        hint=f"lost: {lost}{' …' if len(comparison.lost) > SHOWN else ''}" + _next(comparison.lost),
    )


def _next(lost: Sequence[Row]) -> str:
    """How to see what became of one of them."""
    row = next((row for row in lost if row.looked_at), None)
    return f"; how {row.case} went: {row.looked_at}" if row is not None else ""


def _side(given: Results | Path | str | Side) -> Side:
    if isinstance(given, Side):
        return given
    if isinstance(given, Results):
        return given.of()
    path, _, graph = str(given).partition("#")
    return Results.read(Path(path)).of(graph)


def _middle(values: Sequence[float]) -> tuple[float, Interval]:
    return median(values), bootstrap(values, of=median, draws=1000)
