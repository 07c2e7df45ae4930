"""Programs that others wrote for the same question, in groups of those that do the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinyllm.checks.code.meeting import silent
from tinyllm.checks.code.program import Outcome, Program
from tinyllm.checks.verdict import Candidate
from tinyllm.checks.votes import AFRESH, worth


@dataclass(frozen=True, slots=True)
class Rival:
    """What another model wrote for the same question, or the same model when it was asked afresh."""

    candidate: Candidate
    program: Program


Group = list[Rival | None]  # None stands for the answer itself


def models(group: Group, own: str) -> set[str]:
    """Who is in a group; `own` gave the answer."""
    return {own if each is None else each.candidate.model for each in group}


def worth_of(group: Group, own: str, tiers: Mapping[str, int]) -> float:
    """One vote for each model in it, and less for what one says when it is asked afresh."""
    again = [each.candidate.model for each in group if each is not None and each.candidate.again]
    first = models([each for each in group if each is None or not each.candidate.again], own)
    return sum(worth(tiers.get(name, 1)) for name in first) + AFRESH * sum(
        worth(tiers.get(name, 1)) for name in again
    )


def agree(left: Sequence[Outcome], right: Sequence[Outcome], telling: int) -> bool:
    """Is it the same on every call that tells anything, and are there enough of them?"""
    clear = [(one, other) for one, other in zip(left, right, strict=True) if not silent(one, other)]
    return len(clear) >= telling and all(one.same(other) for one, other in clear)


def differ(left: Sequence[Outcome], right: Sequence[Outcome]) -> bool:
    """Do both give a value somewhere, and not the same? Where one gives none, nobody knows whether it has to."""
    pairs = zip(left, right, strict=True)
    return any(one.how == other.how == "value" and not one.same(other) for one, other in pairs)
