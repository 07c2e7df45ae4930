"""Exact answers without a model: solve a question that can be proved, or decline it."""

import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tinyllm.solvers.fields import FIELDS, LONGEST
from tinyllm.solvers.solution import Declined, Question, Solution

__all__ = ["Question", "Solution", "asolve", "might", "solve"]


_ENDLESS = re.compile(r"\d\.\d+\s?(?:\.{2,}|…)")
"""`0.333...`: only who wrote it knows how the digits go on."""


def solve(question: str, files: Sequence[Path] = ()) -> Solution | None:
    """The exact answer, or None when any word of the question is not understood."""
    if not question or len(question) > LONGEST or _ENDLESS.search(question):
        return None
    try:
        return _first(Question.of(question, files))
    except Declined:
        return None


async def asolve(question: str, files: Sequence[Path] = ()) -> Solution | None:
    """The same while others go on, in a thread: SymPy alone takes half a second to load. What no field has words for is declined at once."""
    if question in _declined or not might(question, files):
        return None
    found = await asyncio.to_thread(solve, question, files)
    if found is None and not files:
        while len(_declined) >= REMEMBERED:
            del _declined[next(iter(_declined))]
        _declined[question] = None
    return found


REMEMBERED = 256  # questions that were declined: a gate asks again what the first node of a graph has asked
_declined: dict[str, None] = {}


def might(question: str, files: Sequence[Path] = ()) -> bool:
    """Whether any field has the words of this question; mathematics has not been asked before it is loaded."""
    asked = Question.of(question[:LONGEST], files)
    mathematics = sys.modules.get("tinyllm.solvers.mathematics")
    return any(
        field.might(asked)
        and (field.name != "mathematics" or mathematics is None or mathematics.might(asked))
        for field in FIELDS
    )


def _first(asked: Question) -> Solution | None:
    """What the first field that understands the question finds."""
    for field in FIELDS:
        if field.might(asked):
            found = field.solve(asked)
            if found is not None:
                return found
    return None
