"""Growth: what failed becomes a change of the graph, tested on the same questions, on probation, and reversible."""

from tinyllm.growth.evidence import shown
from tinyllm.growth.growing import Round, accept, grow, patch_of, retest, revert
from tinyllm.growth.idle import due, grow_if_due, grow_while_idle
from tinyllm.growth.replay import Budget
from tinyllm.growth.showing import before_and_after, difference, exported, picture
from tinyllm.growth.steps import Known, Steps

__all__ = [
    "Budget",
    "Known",
    "Round",
    "Steps",
    "accept",
    "before_and_after",
    "difference",
    "due",
    "exported",
    "grow",
    "grow_if_due",
    "grow_while_idle",
    "patch_of",
    "picture",
    "retest",
    "revert",
    "shown",
]
