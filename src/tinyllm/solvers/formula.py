"""Formulas of propositional logic: read, evaluated, written back.

`not` binds tighter than `and`, that than `or`, that than `implies` (to the right), that than `iff`. Beside `xor`,
`nand` and `nor` other connectives need brackets. `^` is declined: to some it is `and`, to others `xor`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, product

from tinyllm.solvers.phrases import Unsure

_SIGNS = {
    "not": "¬ ~ ! not", "and": "∧ & && /\\ and", "or": "∨ | || \\/ v or", "xor": "⊕ ⊻ xor", "nand": "↑ nand",
    "nor": "↓ nor", "implies": "→ -> --> => ==> ⇒ ⊃ implies imply", "iff": "↔ <-> <--> <=> <==> ⇔ ≡ iff", "(": "( [ {",
    ")": ") ] }", "true": "⊤ true", "false": "⊥ false", "if": "if", "then": "then",
}  # fmt: skip
_NAMES = {sign: name for name, signs in _SIGNS.items() for sign in signs.split()}
_TOKEN = re.compile(r"\s*([a-z]+|<?[=-]{1,2}>|/\\|\\/|&&|\|\||[¬~!∧&∨|⊕⊻↑↓→⇒⊃↔⇔≡()\[\]{}⊤⊥])", re.IGNORECASE)
_SYMBOLS = {"and": "∧", "or": "∨", "xor": "⊕", "nand": "↑", "nor": "↓", "implies": "→", "iff": "↔"}
_ALONE = ("xor", "nand", "nor")
TWO_IMPLICATIONS = re.compile(r"\bimplies\b[^()]*\band\b[^()]*\bimplies\b", re.IGNORECASE)
"""`p implies q and q implies r` means two formulas to a reader, and one to the rules."""
LONGEST = 400
MOST = 10
"""Variables."""
DEEPEST = 25
"""Brackets."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A variable or constant (`sign` is its name), or a connective over parts."""

    sign: str
    parts: tuple["Formula", ...] = ()

    def holds(self, world: Mapping[str, bool]) -> bool:
        if not self.parts:
            return self.sign == "true" if self.sign in ("true", "false") else world[self.sign]
        first, *rest = (part.holds(world) for part in self.parts)
        if self.sign == "not":
            return not first
        second = rest[0]
        return {
            "and": first and second,
            "or": first or second,
            "xor": first != second,
            "nand": not (first and second),
            "nor": not (first or second),
            "implies": not first or second,
            "iff": first == second,
        }[self.sign]

    def __str__(self) -> str:
        if not self.parts:
            return {"true": "⊤", "false": "⊥"}.get(self.sign, self.sign)
        shown = [f"({part})" if len(part.parts) > 1 else str(part) for part in self.parts]
        return f"¬{shown[0]}" if self.sign == "not" else f"{shown[0]} {_SYMBOLS[self.sign]} {shown[1]}"

    def names(self) -> Iterator[str]:
        if not self.parts and self.sign not in ("true", "false"):
            yield self.sign
        for part in self.parts:
            yield from part.names()


def variables(*formulas: Formula) -> list[str]:
    names = sorted(
        {name for formula in formulas for name in formula.names()}, key=lambda name: (name.lower(), name)
    )
    if len(names) > MOST:
        raise Unsure("too many variables")
    return names


def worlds(names: Sequence[str]) -> Iterator[dict[str, bool]]:
    """Every assignment, beginning with all true."""
    return (dict(zip(names, row, strict=True)) for row in product((True, False), repeat=len(names)))


def read(text: str) -> Formula:
    """The formula, or Unsure when any of it is something else."""
    if len(text) > LONGEST or TWO_IMPLICATIONS.search(text):
        raise Unsure("too long, or two formulas")
    reader = _Reader(_tokens(text))
    formula = reader.binary(0)
    if reader.rest:
        raise Unsure(" ".join(reader.rest))
    return formula


def _tokens(text: str) -> list[str]:
    text = re.sub(r"\bif and only if\b", " iff ", text, flags=re.IGNORECASE)
    text = re.sub(r"\bonly if\b", " implies ", text, flags=re.IGNORECASE)
    tokens, place, text = [], 0, text.replace(", then", " then").rstrip()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise Unsure(text[place:])
        word = token[1]
        name = _NAMES.get(word.lower())
        if name is None and len(word) > 1:
            raise Unsure(f"{word} is no variable")
        tokens.append(name or word)
        place = token.end()
    if (
        len(tokens) > 200
        or max(accumulate((sign == "(") - (sign == ")") for sign in tokens), default=0) > DEEPEST
    ):
        raise Unsure("too long, or too deep")
    if sum(sign in ("not", "if") for sign in tokens) > 60:
        raise Unsure("too deep")
    letters = {token for token in tokens if len(token) == 1 and token.isalpha()}
    if letters & {"T", "F"}:
        if letters - {"T", "F"}:
            raise Unsure("T may be a variable or the truth")
        return [{"T": "true", "F": "false"}.get(token, token) for token in tokens]
    return tokens


_LEVELS = (("iff",), ("implies",), ("or",), ("and",))


class _Reader:
    """Reads tokens from the left, one level of precedence inside the other."""

    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def binary(self, level: int) -> Formula:
        if level == len(_LEVELS):
            return self.alone()
        left = self.binary(level + 1)
        while self.rest and self.rest[0] in _LEVELS[level]:
            sign = self.rest.pop(0)
            right = self.binary(level if sign == "implies" else level + 1)
            left = Formula(sign, (left, right))
        return left

    def alone(self) -> Formula:
        """One operand, or two joined by a connective that wants brackets beside any other."""
        left = self.operand()
        if not self.rest or self.rest[0] not in _ALONE:
            return left
        sign = self.rest.pop(0)
        left = Formula(sign, (left, self.operand()))
        while sign == "xor" and self.rest and self.rest[0] == "xor":
            self.rest.pop(0)
            left = Formula(sign, (left, self.operand()))
        if self.rest and self.rest[0] != ")":
            raise Unsure("brackets are missing")
        return left

    def operand(self) -> Formula:
        if not self.rest:
            raise Unsure("an operand is missing")
        sign = self.rest.pop(0)
        if sign == "not":
            return Formula("not", (self.operand(),))
        if sign == "if":
            condition = self.binary(0)
            if not self.rest or self.rest.pop(0) != "then":
                raise Unsure("if without then")
            return Formula("implies", (condition, self.binary(1)))
        if sign == "(":
            inner = self.binary(0)
            if not self.rest or self.rest.pop(0) != ")":
                raise Unsure("a bracket is open")
            return inner
        if sign in _SIGNS and sign not in ("true", "false"):
            raise Unsure(sign)
        return Formula(sign)
