"""One question of a bank: its text, right and wrong answers in several forms, and what tells them apart."""

from dataclasses import dataclass
from typing import Literal

Label = Literal["code", "math", "general", "exact"]
LABELS: tuple[Label, ...] = ("code", "math", "general", "exact")


@dataclass(frozen=True, slots=True)
class Item:
    """`gold` is what marks an answer: a number, a name, or the tests that its program has to pass."""

    label: Label
    question: str
    gold: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    programs: tuple[str, ...] = ()  # right programs that print the number
    slips: tuple[str, ...] = ()  # programs that print another one
    tests: tuple[str, ...] = ()  # tests that a good tester writes
    poor_tests: tuple[str, ...] = ()  # tests that pass too much, or expect something wrong
    decoys: tuple[str, ...] = ()  # names that must not stand in an answer beside the gold
