"""When a node is to grow: three failures in a row, or failing significantly more often than its siblings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinyllm.grades import Outcome
from tinyllm.growth.chances import odds_of_better, paired_in_order
from tinyllm.overlay import Decision
from tinyllm.spec import GraphSpec

IN_A_ROW = 3
RECOVERED = 20  # good answers in a row after which what was before is over, whatever they were about
SURE = 20.0  # odds that a node is worse than its siblings
COOL = 10  # verdicts of a node after a decision before it is looked at again
MOST_TRIES = 3  # rounds without success on one node as it is written
MOST_ACCEPTED = 12  # changes of one graph
GROWS = ("llm",)  # kinds that a patch may replace


@dataclass(frozen=True, slots=True)
class Need:
    """A node that should grow, why, and what it did."""

    node: str
    why: str
    failed: tuple[Outcome, ...]
    passed: tuple[Outcome, ...]
    rate: float


def needs(spec: GraphSpec, outcomes: Sequence[Outcome], history: Sequence[Decision]) -> list[Need]:
    """The nodes of this graph that should grow, the one that fails most first."""
    states = {decision.patch.number: decision.patch for decision in history}.values()
    if any(patch.state == "probation" for patch in states):
        return []  # one change at a time, or nobody knows which one helped
    if sum(patch.state == "accepted" for patch in states) >= MOST_ACCEPTED:
        return []
    own: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kind = spec.nodes[outcome.node].kind if outcome.node in spec.nodes else ""
        if kind in GROWS and outcome.fingerprint == spec.mark(outcome.node):
            own.setdefault(outcome.node, []).append(outcome)
    found = [_need(node, own, history) for node in own]
    return sorted((need for need in found if need), key=lambda need: -need.rate * len(need.failed))


def _need(node: str, own: Mapping[str, list[Outcome]], history: Sequence[Decision]) -> Need | None:
    past = [decision for decision in history if decision.patch.node == node]
    past = [decision for decision in past if decision.patch.fingerprint == own[node][-1].fingerprint]
    if (
        len({decision.run for decision in past if decision.patch.state in ("rejected", "reverted")})
        >= MOST_TRIES
    ):
        return None
    latest = {decision.patch.number: decision.patch.state for decision in past}
    if "proposed" in latest.values():
        return None  # a person has not decided yet
    since = max((decision.patch.at for decision in past), default=-1.0)
    recent = [outcome for outcome in own[node] if outcome.at > since]
    if past and len(recent) < COOL:
        return None
    why = _in_a_row(recent) or _worse(node, recent, own)
    if not why:
        return None
    seen = own[node]
    failed = tuple(outcome for outcome in seen if not outcome.passed)
    passed = tuple(outcome for outcome in seen if outcome.passed)
    return Need(node, why, failed, passed, len(failed) / len(seen))


def _in_a_row(recent: Sequence[Outcome]) -> str:
    """Failed so often without a success between, and not recovered since."""
    longest = streak = 0
    for outcome in recent:
        streak = 0 if outcome.passed else streak + 1
        longest = max(longest, streak)
    recovered = len(recent) >= RECOVERED and all(outcome.passed for outcome in recent[-RECOVERED:])
    return f"failed {longest} times in a row" if longest >= IN_A_ROW and not recovered else ""


def _worse(node: str, recent: Sequence[Outcome], own: Mapping[str, list[Outcome]]) -> str:
    """Side by side with what its siblings answered in the same time."""
    since = recent[0].at if recent else 0.0
    others = sorted(
        (outcome for id, each in own.items() if id != node for outcome in each if outcome.at >= since),
        key=lambda outcome: outcome.at,
    )
    better, worse = paired_in_order((o.passed for o in recent), (o.passed for o in others))
    if odds_of_better(better, worse) < SURE:
        return ""
    rate = sum(not outcome.passed for outcome in recent) / len(recent)
    return f"fails {rate:.0%} of its questions, significantly more than its siblings"
