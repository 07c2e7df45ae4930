"""Exact answers without a model: solve a question that can be proved, or decline it."""

from collections.abc import Sequence
from pathlib import Path

from tinyllm.solvers.fields import FIELDS, LONGEST
from tinyllm.solvers.solution import Question, Solution

__all__ = ["Question", "Solution", "solve"]


def solve(question: str, files: Sequence[Path] = ()) -> Solution | None:
    """The exact answer, or None when any word of the question is not understood."""
    if not question or len(question) > LONGEST:
        return None
    asked = Question.of(question, files)
    for field in FIELDS:
        if field.might(asked):
            found = field.solve(asked)
            if found is not None:
                return found
    return None
