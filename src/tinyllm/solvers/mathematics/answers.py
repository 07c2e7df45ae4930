"""What a rule returns when a bare value does not say it all."""

from dataclasses import dataclass
from fractions import Fraction

from tinyllm.solvers.mathematics.evaluation import Value
from tinyllm.solvers.mathematics.expressions import Node


@dataclass(frozen=True)
class Answer:
    """A result with its own words: `said` for people, `machine` for programs, `value` if it can be computed with."""

    said: str
    machine: object
    value: Value = None


@dataclass(frozen=True)
class Item:
    """A member of a list, as it was written and what it is worth."""

    text: str
    value: Fraction


@dataclass(frozen=True)
class Equation:
    left: Node
    right: Node


def yes(truth: bool) -> Answer:
    return Answer("yes" if truth else "no", truth)


def named(text: str) -> Answer:
    """One of the things that the question named."""
    return Answer(text, text)
