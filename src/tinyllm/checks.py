"""Deterministic checks of an answer: each says nothing, or what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

CHECKS: dict[str, "Check"] = {}


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer as a gate sees it."""

    question: str
    answer: str
    done_reason: str = "stop"


Check = Callable[[Judged], str]


def check(function: Check) -> Check:
    """Register a check under its own name."""
    CHECKS[function.__name__] = function
    return function


@check
def not_empty(judged: Judged) -> str:
    """The answer says something."""
    return "" if judged.answer.strip() else "the answer is empty"


@check
def not_cut(judged: Judged) -> str:
    """The answer was not broken off by a length limit."""
    return "" if judged.done_reason in ("stop", "") else "the answer was cut off before its end; be shorter"
