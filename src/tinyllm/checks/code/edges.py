"""Inputs at the edges of what a question allows: the empty, the single, the doubled, the negative, and texts that it quotes."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

MOST = 40
QUOTED = re.compile(r"(?<!\w)'([^'\n]{1,60})'(?!\w)|\"([^\"\n]{1,60})\"|`([^`\n]{1,60})`")
SIGNED = re.compile(r"(?i)\b(?:integers?|negative|sign)\b")
UNSIGNED = re.compile(r"(?i)\b(?:positive|natural|non-?negative|from 0|from 1)\b")
EMPTY = re.compile(r"(?i)\b(?:empty|no|none|without|any)\b")
WORDS = ("a", "b a B a", "The cat the dog")
NUMBERS, NEGATIVE = (0, 1, 2, 3, 10, 25), (-1, -12)


def edges(starts: Sequence[Sequence[Any]], name: str, question: str) -> list[str]:
    """Calls like the first of these, each with one argument at an edge; all arguments at once where they are whole numbers."""
    given = list(starts[0]) if starts else []
    values = _Values(question, name)
    found: dict[str, None] = {}
    for place, each in enumerate(given):
        for other in values.near(each):
            changed = [*given[:place], other, *given[place + 1 :]]
            found[f"{name}({', '.join(map(repr, changed))})"] = None
    if len(given) > 1 and all(type(each) is int for each in given):
        for first in range(4):
            found[f"{name}({', '.join(repr(first + place) for place in range(len(given)))})"] = None
    return list(found)[:MOST]


class _Values:
    """What a question lets an argument be."""

    def __init__(self, question: str, name: str) -> None:
        self.signed = bool(SIGNED.search(question)) and not UNSIGNED.search(question)
        self.empty = bool(EMPTY.search(question))
        texts = [next(filter(None, found)) for found in QUOTED.findall(question)]
        self.quoted = [text for text in dict.fromkeys(texts) if name not in text][:4]

    def near(self, value: Any) -> Iterator[Any]:
        if isinstance(value, bool):
            yield not value
        elif isinstance(value, int):
            yield from (*NUMBERS, *(NEGATIVE if self.signed else ()))
        elif isinstance(value, float):
            yield from (0.0, 0.5, 1.0, *((-1.5,) if self.signed else ()))
        elif isinstance(value, str):
            yield from self._texts()
        elif isinstance(value, list):
            yield from self._lists(value)
        elif isinstance(value, dict) and value:
            yield dict([next(iter(value.items()))])

    def _texts(self) -> Iterator[str]:
        if self.empty:
            yield ""
        for text in self.quoted:
            yield text
            more = re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), text)
            yield from (text + sign + more for sign in dict.fromkeys(re.sub(r"[\w\s]", "", text)))
        yield from WORDS

    def _lists(self, value: list[Any]) -> Iterator[list[Any]]:
        """Shorter, longer, in order and doubled; of lists in a list only another order, as they may be a square."""
        if self.empty:
            yield []
        yield value[::-1]
        if not value or any(isinstance(each, (list, tuple, dict)) for each in value):
            return
        first, last = value[:1], value[-1:]
        yield from (first, first * 2, value[:2], first + last + first, last * 3 + first, value + value)
        if self.signed and all(type(each) is int for each in value):
            yield [-each for each in value]
            yield [0, *(each if place % 2 else -each for place, each in enumerate(value))]
