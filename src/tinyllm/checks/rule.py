"""One thing that a question asks of its answer's form."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """What an answer does wrong about it, or nothing."""

    wrong: Callable[[str], str]


def must(holds: Callable[[str], object], because: str) -> Rule:
    return Rule(lambda answer: "" if holds(answer) else because)


def often(pattern: str, least: int, what: str) -> Rule:
    return must(lambda answer: len(re.findall(pattern, answer)) >= least, f"it needs {least} {what}")


def bare(text: str) -> str:
    """The words of a text, without case and signs."""
    return re.sub(r"\W+", " ", text).strip().lower()
