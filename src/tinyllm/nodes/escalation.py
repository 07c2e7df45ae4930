"""Who answers next when an answer did not pass: the same model once more, another one, a stronger one, or nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinyllm.checks import Judged, Verdict
from tinyllm.running import current
from tinyllm.services import Services

SPARE = 1.2  # how much longer than the slowest call so far the next one may take


@dataclass(frozen=True, slots=True)
class Step:
    """The next try: by which entry (empty: whoever answered), and whether it sees what was wrong."""

    model: str = ""
    afresh: bool = False


def next_step(
    judged: Judged,
    verdict: Verdict,
    past: Mapping[str, Any],
    services: Services,
    *,
    tries: int,
    escalates: Sequence[str],
    calls: int,
) -> Step | None:
    """The cheapest try that may be expected to gain something; None when there is none, or no time or budget."""
    tried: Sequence[Mapping[str, Any]] = past.get("tried", ())
    if len(tried) + 1 + len(verdict.others) >= calls or _late(past, judged):
        return None
    judged_only = verdict.evidence == "judged"
    again = any(each["answer"] == judged.answer for each in tried)  # told what is wrong, it said the same
    may_mend = verdict.mends and not (judged_only and escalates)  # a doubt alone says nothing that would help
    if may_mend and not again and not past.get("climbed") and len(tried) + 1 < tries:
        return Step()
    key = next(iter(heirs(judged, verdict, past, services, escalates)), "")
    return Step(key, afresh=True) if key else None


def heirs(
    judged: Judged, verdict: Verdict, past: Mapping[str, Any], services: Services, escalates: Sequence[str]
) -> list[str]:
    """The entries that may answer afresh, in this order; nobody twice, and nobody who gave an opinion."""
    if current().model:  # with -m every question goes to one model
        return []
    tried: Sequence[Mapping[str, Any]] = past.get("tried", ())
    known = {judged.model, *(each["model"] for each in tried), *(each.model for each in verdict.others)}
    # What can be verified may come from anybody; what only a judge looks at must come from somebody stronger.
    peers = [] if verdict.evidence == "judged" else _peers(judged, services, escalates)
    climbed = past.get("climbed", ())
    return [
        key
        for key in (*peers, *escalates)
        if key not in climbed and services.guard.entry(key).name not in known
    ]


def _peers(judged: Judged, services: Services, escalates: Sequence[str]) -> list[str]:
    """Another model of the same tier makes other mistakes and costs no more."""
    if not escalates:
        return []
    entries = services.guard.entries
    tier = next((each.tier for each in entries.values() if each.name == judged.model), 1)
    return [key for key, each in entries.items() if each.tier == tier > 0 and key not in escalates]


def _late(past: Mapping[str, Any], judged: Judged) -> bool:
    """Is there too little time left for one more call?"""
    slowest = max([judged.seconds, *(each.get("seconds", 0.0) for each in past.get("tried", ()))])
    return bool(current().left() < slowest * SPARE)
