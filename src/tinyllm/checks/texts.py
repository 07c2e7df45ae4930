"""Checks of an answer as a text: is it there, whole, and not going round in circles?"""

from tinyllm.checks.registry import check
from tinyllm.checks.verdict import NOTHING, Judged, Verdict
from tinyllm.errors.loops import looping
from tinyllm.services import Services


@check()
async def not_empty(judged: Judged, services: Services) -> Verdict:
    """The answer says something."""
    return NOTHING if judged.answer.strip() else Verdict.bad("the answer is empty")


@check()
async def not_cut(judged: Judged, services: Services) -> Verdict:
    """The answer was not broken off by a length limit."""
    if judged.done_reason in ("stop", ""):
        return NOTHING
    return Verdict.bad("the answer was cut off before its end; be shorter")


@check()
async def not_looping(judged: Judged, services: Services) -> Verdict:
    """The answer does not say the same thing over and over."""
    return Verdict.bad("the answer repeats itself over and over") if looping(judged.answer) else NOTHING
