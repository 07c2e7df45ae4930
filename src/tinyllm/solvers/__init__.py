"""Exact answers without a model: solve a question that can be proved, or decline it."""

import re
from collections.abc import Sequence
from pathlib import Path

from tinyllm.solvers.fields import FIELDS, LONGEST
from tinyllm.solvers.solution import Declined, Question, Solution

__all__ = ["Question", "Solution", "solve"]


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


def _first(asked: Question) -> Solution | None:
    """What the first field that understands the question finds."""
    for field in FIELDS:
        if field.might(asked):
            found = field.solve(asked)
            if found is not None:
                return found
    return None
