"""All checks of one answer put together: the cheap ones first, models only when nothing stronger has spoken."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tinyllm.checks.registry import CHECKS
from tinyllm.checks.verdict import EVIDENCE, Candidate, Judged, Verdict
from tinyllm.running import emit
from tinyllm.services import Services

Wanted = str | Mapping[str, Mapping[str, Any]]


async def verified(judged: Judged, wanted: Sequence[Wanted], services: Services) -> Verdict:
    """The first complaint, or the strongest evidence; with it, what everybody said who was asked."""
    best = Verdict()
    others: list[Candidate] = list(judged.others)
    for name, parameters in _in_order(wanted):
        check = CHECKS[name]
        if check.asks and judged.structured:
            continue
        if check.asks and EVIDENCE.index(best.evidence) >= EVIDENCE.index("executed"):
            continue
        verdict = await check(replace(judged, others=tuple(others)), services, parameters)
        if verdict.skipped:
            emit("skipped", check=name, because=verdict.skipped)
        others += [each for each in verdict.others if each not in others]
        if verdict.passed is False:
            return replace(verdict, others=tuple(others))
        if EVIDENCE.index(verdict.evidence) > EVIDENCE.index(best.evidence):
            best = verdict
    return replace(best, others=tuple(others))


def _in_order(wanted: Sequence[Wanted]) -> list[tuple[str, Mapping[str, Any]]]:
    pairs = [
        (name, parameters)
        for each in wanted
        for name, parameters in ({each: {}} if isinstance(each, str) else each).items()
    ]
    return sorted(pairs, key=lambda pair: CHECKS[pair[0]].asks)
