"""A patch on probation: the runs that it serves beside those that it does not, until one may be sure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tinyllm.grades import Outcome
from tinyllm.growth.chances import odds_of_better, paired_in_order
from tinyllm.overlay import Patch
from tinyllm.spec import GraphSpec

LEAST = 6  # verdicts on each side before anything is accepted
ACCEPTS = 4.0  # odds of better, on top of the evidence that put it there
CONFIRMS = 2.0  # the same, where that evidence was clear
CLEARLY = 0.05  # of all questions, at least
ALONE = 20.0  # odds of better where there is no other evidence worth the name
REVERTS = 4.0  # odds of worse: taking back costs nothing
LONGEST = 80  # verdicts with the patch after which a change that shows nothing is taken back
UNUSED = 40  # verdicts of a split after which a specialist that nobody asks is pruned


@dataclass(frozen=True, slots=True)
class Live:
    """How the two sides did since the patch serves."""

    on: tuple[bool, ...]
    off: tuple[bool, ...]
    needed: float = ACCEPTS  # odds of better that it is accepted with

    @property
    def verdict(self) -> str:
        """accepted, reverted, or empty: not sure yet."""
        better, worse = paired_in_order(self.off, self.on)
        if odds_of_better(worse, better) >= REVERTS:
            return "reverted"
        if min(len(self.on), len(self.off)) < LEAST:
            return ""
        if odds_of_better(better, worse) >= self.needed:
            return "accepted"
        return "reverted" if len(self.on) >= LONGEST else ""

    def as_dict(self) -> dict[str, Any]:
        better, worse = paired_in_order(self.off, self.on)
        return {
            "with": {"verdicts": len(self.on), "failed": self.on.count(False)},
            "without": {"verdicts": len(self.off), "failed": self.off.count(False)},
            "better": better,
            "worse": worse,
            "odds": round(odds_of_better(better, worse), 2),
        }

    @property
    def said(self) -> str:
        on, off = self.on.count(False), self.off.count(False)
        return f"failed {on} of {len(self.on)} with it, {off} of {len(self.off)} without"


def live(patch: Patch, outcomes: Sequence[Outcome], nodes: Sequence[str] = ()) -> Live:
    """Verdicts on the old node where the patch did not serve, on its nodes where it did."""
    group = {*patch.nodes, *nodes}
    since = [outcome for outcome in outcomes if outcome.at > patch.at and outcome.node in group]
    off = [outcome for outcome in since if not patch.serves(outcome.run)]
    own = [
        outcome for outcome in off if outcome.node == patch.node and outcome.fingerprint == patch.fingerprint
    ]
    on = [outcome for outcome in since if patch.serves(outcome.run)]
    return Live(tuple(o.passed for o in on), tuple(o.passed for o in own), needed(patch))


def needed(patch: Patch) -> float:
    """The more there was to put it on probation, the less it has to show there."""
    if patch.evidence.get("weak"):
        return ALONE
    return CONFIRMS if patch.evidence.get("at_least", 0.0) >= CLEARLY else ACCEPTS


def pruned(patch: Patch, outcomes: Sequence[Outcome], spec: GraphSpec) -> Patch | None:
    """The patch without specialists that nobody asks; None when there is nothing to prune."""
    door = patch.nodes.get(patch.node, {})
    routes = door.get("routes")
    if patch.strategy != "split" or not routes or not patch.stands(spec):
        return None
    used = [outcome.node for outcome in outcomes if outcome.at > patch.at and outcome.node in patch.nodes]
    idle = [id for id in routes if id not in used and id != door.get("default")]
    if len(used) < UNUSED or not idle:
        return None
    kept = {id: text for id, text in routes.items() if id not in idle}
    nodes = {id: body for id, body in patch.nodes.items() if id not in idle}
    return replace(patch, nodes={**nodes, patch.node: {**door, "routes": kept}})
