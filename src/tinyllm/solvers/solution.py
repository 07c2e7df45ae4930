"""What a solver is asked and what it answers: two frozen values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_WORD = re.compile(r"[a-z]+")


class Declined(Exception):
    """The question is understood and cannot be answered: no other field may read a part of it."""


@dataclass(frozen=True)
class Question:
    """The text as it was asked, and the files that came with it."""

    text: str
    files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, text: str, files: Sequence[Path] = ()) -> "Question":
        return cls(text, tuple(files))

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words in small letters: enough to see which fields need not look."""
        return frozenset(_WORD.findall(self.text.lower()))


@dataclass(frozen=True)
class Solution:
    """An exact answer: `answer` for people, `value` for machines, `steps` the derivation."""

    answer: str
    value: object
    steps: tuple[str, ...]
    field: str
