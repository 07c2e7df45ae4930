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
        return cast("Solver", import_module(f"tinyllm.solvers.{self.name}")).solve(question)


def says(words: str) -> Callable[[Question], bool]:
    """The question contains at least one of these words."""
    wanted = frozenset(words.split())
    return lambda question: not wanted.isdisjoint(question.words)


def has_files(question: Question) -> bool:
    return bool(question.files)


def has_braces(question: Question) -> bool:
    return "{" in question.text


def speaks_logic(question: Question) -> bool:
    return _LOGIC(question) or not _CONNECTIVES.isdisjoint(question.text)


def anything(question: Question) -> bool:
    """The mathematics grammar looks at its own vocabulary first."""
    return not question.files


_CONNECTIVES = frozenset("∧∨¬→↔⊕")
_LOGIC = says(
    "true false tautology contradiction contingency satisfiable unsatisfiable truth equivalent imply implies entail "
    "follow follows valid contrapositive converse inverse negation satisfying conclude infer deduce same"
)
FIELDS = (
    Field("mathematics", anything),
    Field("table", has_files),
    Field(
        "statistics",
        says(
            "mean average median mode modes range midrange sum total product min max minimum maximum variance std "
            "stdev sd dev deviation quartile q iqr interquartile percentile"
        ),
    ),
    Field("regression", says("correlation regression fit squares score weighted")),
    Field(
        "dates",
        says(
            "day days week weeks month months year years date weekday weekdays weekend old age apart difference long "
            "nights fortnights monday tuesday wednesday thursday friday saturday sunday before after earlier later first last comes"
        ),
    ),
    Field(
        "years",
        says(
            "leap day days date iso month months years when mondays tuesdays wednesdays thursdays fridays saturdays sundays"
        ),
    ),
    Field(
        "clocks",
        says(
            "time long hours hour h hr hrs minutes minute min seconds second days day weeks week difference"
        ),
    ),
    Field(
        "zones",
        says(
            "time utc gmt unix epoch posix timestamp z est edt cdt mdt pst pdt cet cest jst pt et hours pm am noon midnight"
        ),
    ),
    Field(
        "interest",
        says(
            "interest worth mortgage loan future present deposit invest invested effective balance value compounded grow"
        ),
    ),
    Field(
        "money",
        says(
            "price cost discount off tip tax vat gst gratuity markup marked percent percentage split divide divided share "
            "shared bill pay save discounted reduced break sale"
        ),
    ),
    Field("logic", speaks_logic),
    Field("syllogism", says("all every each no some")),
    Field("sets", has_braces),
    Field(
        "counting",
        says(
            "ways arrangements permutations combinations orderings rearrangements subsets handshakes strings committees "
            "teams groups hands selections"
        ),
    ),
    Field("chance", says("probability chance chances likelihood")),
)
