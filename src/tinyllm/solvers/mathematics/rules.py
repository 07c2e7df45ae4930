"""The phrases of the grammar: each is written once, as words with slots, above the function that knows the answer.

`[the] remainder when {a:integer} is divided by {b:integer}`: words, `[may be left out]`, `(one|of|these)`, and slots
with the type of what stands there. A noun names a value and may stand in a slot of another; a query is a whole request.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

Kind = Literal["noun", "query"]
Says = TypeVar("Says", bound=Callable[..., Any])

_SLOT = re.compile(r"\{(\w+):(\w+)\}")
_FILLED = re.compile(r"[^\s\[(]*\{\w+:\w+\}")
_PIECE = re.compile(r"\\[()]|\{\w+:\w+\}|<ask>|[\[\]()|,=]|[^\s\[\](){}|,=]+")
_CHOICE = re.compile(r"\\[()]|\[[^\[\]()]*\]|\([^()\[\]]*\)")
_WORD = re.compile(r"[a-z]+")
ASK = (
    r"(?:what number is|which number is|what(?: is|'s|s| are| will be| would be| does)|how much (?:is|are)|calculate|compute|find(?: out)?|evaluate|determine|give(?: me)?"
    r"|work out|figure out|tell me|state|get|obtain|derive|provide|list|write(?: down)?|express|return|show)(?: me| what)?"
)
ASKING = re.compile(rf"^{ASK}\s+(?P<rest>.+)$", re.IGNORECASE)
SHAPES: Mapping[str, str] = {
    "name": r"[A-Za-z]",
    "ordinal": r"[a-z]+|\d+(?:st|nd|rd|th)",
    "word": r"[A-Za-z]+",
    "digits": r"-?[0-9A-Za-z]+",
    "sum": r"-?[0-9a-zA-Z]+(?:\s*(?:[-+*]|plus|minus|times)\s*-?[0-9A-Za-z]+)+",
    "amount": r"\d[\d.,/]{0,20}|[a-z]{1,9}(?:-[a-z]{1,5})?",
    "relation": r"[<>]=?",
    "place": r"(?:(?:ten|hundred) )?[a-z]+",
    "count": r"\d+|[a-z]+",
    "base": r"base \d{1,2}(?!\d)|[a-z]+",
    "unit": r"[A-Za-zµ/.]+(?: [A-Za-z]+){0,3}",
    "degrees": r"[A-Za-z]+",
}


_MARKS = {
    "[": "(?:",
    "]": ")?",
    "(": "(?:",
    ")": ")",
    "|": "|",
    "<ask>": rf"(?:{ASK}\s+)?(?:the )?",
    ",": r",\s*",
    "=": r"=\s*",
}


@dataclass(frozen=True)
class Rule:
    """One phrase and what it means."""

    text: str
    kind: Kind
    says: Callable[..., Any]

    @property
    def field(self) -> str:
        return self.says.__module__.rpartition(".")[2]

    @cached_property
    def slots(self) -> tuple[tuple[str, str], ...]:
        return tuple(_SLOT.findall(self.text))

    @cached_property
    def ends_in_value(self) -> bool:
        """What follows its last slot, such as `squared`, could belong to the slot or to the whole."""
        return self.text.endswith("}") and self.slots[-1][1] in _VALUES

    @cached_property
    def needed(self) -> frozenset[str]:
        """Words without which it cannot fit: looking them up is cheaper than matching."""
        text, before = _FILLED.sub(" ", self.text).replace("<ask>", " "), ""
        while text != before:
            text, before = _CHOICE.sub(" ", text), text
        return frozenset(_WORD.findall(text))

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(_FILLED.sub(" ", self.text).replace("<ask>", " ")))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Every slot as short as it can be."""
        return self._compiled("+?")

    @cached_property
    def greedy(self) -> re.Pattern[str]:
        """Every slot as long as it can be: `twenty five miles` is `twenty five` of a unit."""
        return self._compiled("+")

    def _compiled(self, length: str) -> re.Pattern[str]:
        pieces = _PIECE.finditer(self.text)
        return re.compile("".join(self._part(piece, length) for piece in pieces), re.IGNORECASE)

    def _part(self, match: re.Match[str], length: str) -> str:
        piece, tight = match[0], self.text[match.end() : match.end() + 1] == "{"
        if piece in _MARKS:
            return _MARKS[piece]
        slot = _SLOT.fullmatch(piece)
        if slot:
            joined = match.start() > 0 and self.text[match.start() - 1] not in " (["
            apart = "" if joined else r"(?<![A-Za-z])" if slot[2] == "unit" else r"(?<!\w)"
            return rf"{apart}(?P<{slot[1]}>{SHAPES.get(slot[2], f'.{length}')})\s*"
        if piece.startswith("\\"):
            return rf"{piece}\s*"
        edge = r"\b" if piece[0].isalnum() else ""
        return f"{edge}{re.escape(piece)}" + (
            "" if tight else r"(?!\w)\s*" if piece[-1].isalnum() else r"\s*"
        )


_VALUES = ("value", "values", "operand", "number", "items")
RULES: list[Rule] = []


def noun(*texts: str) -> Callable[[Says], Says]:
    return _register("noun", texts)


def query(*texts: str) -> Callable[[Says], Says]:
    return _register("query", texts)


def _register(kind: Kind, texts: tuple[str, ...]) -> Callable[[Says], Says]:
    def register(says: Says) -> Says:
        RULES.extend(Rule(text, kind, says) for text in texts)
        return says

    return register
