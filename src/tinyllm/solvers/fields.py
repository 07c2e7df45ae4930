"""The fields that can be solved exactly, in the order in which they are asked.

A field is imported when a question first looks like one of its own, so that declining costs microseconds and plain
arithmetic never pays for SymPy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from tinyllm.solvers.solution import Question, Solution

LONGEST = 4_000
"""Characters. What is longer is a document, not a question."""


class Solver(Protocol):
    def solve(self, question: Question) -> Solution | None: ...


@dataclass(frozen=True)
class Field:
    """One field: its module, and a cheap look at whether a question could be for it."""

    name: str
    might: Callable[[Question], bool]

    def solve(self, question: Question) -> Solution | None:
        return cast(Solver, import_module(f"tinyllm.solvers.{self.name}")).solve(question)


def says(*words: str) -> Callable[[Question], bool]:
    """The question contains at least one of these words."""
    wanted = frozenset(words)
    return lambda question: not wanted.isdisjoint(question.words)


def has_files(question: Question) -> bool:
    return bool(question.files)


def anything(question: Question) -> bool:
    """The mathematics grammar looks at its own vocabulary first."""
    return not question.files


FIELDS = (
    Field("mathematics", anything),
    Field(
        "statistics",
        says(
            *(
                "mean",
                "median",
                "mode",
                "average",
                "variance",
                "deviation",
                "quartile",
                "percentile",
                "correlation",
            ),
            *("range", "regression", "stdev", "std", "slope", "quartiles", "iqr", "interquartile"),
        ),
    ),
)
