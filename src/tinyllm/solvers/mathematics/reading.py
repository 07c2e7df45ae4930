"""One question being read: its symbol table, its rules, its derivation so far."""

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from tinyllm.solvers.mathematics import shown
from tinyllm.solvers.mathematics.answers import Answer, Equation, Item
from tinyllm.solvers.mathematics.evaluation import Names, Value, evaluated
from tinyllm.solvers.mathematics.expressions import Binary, Name, Node, NotUnderstood, Number, unclear
from tinyllm.solvers.mathematics.lists import listed
from tinyllm.solvers.mathematics.parser import parse
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.rules import RULES, Kind, Rule
from tinyllm.solvers.mathematics.written import written

DEEPEST_PHRASE = 5
_LEADING = re.compile(
    r"^(?:(?:the|value of|result of|answer to|number|exact value of|expression)\s+)+", re.IGNORECASE
)
_TRAILING = re.compile(r"\s(?:squared|cubed|factorial)$", re.IGNORECASE)
_ROUNDED = re.compile(
    r"\bto (?:the )?nearest\b|\b(?:rounded|correct|accurate|precise)\b|\bto \w+ (?:decimals?|dps?|d\.p\.|places?|digits?|significant|sig|sf|s\.f\.)(?!\w)",
    re.IGNORECASE,
)
"""How the whole result is to be written: never a part of one operand."""
_NAMING = re.compile(r"^(?:[a-z]\([a-z]\)|y)\s*=\s*")
_WORD = re.compile(r"[a-z]+")


@dataclass
class Reading:
    """What is known while a question is read."""

    names: Names = field(default_factory=Names)
    pending: list[Equation] = field(default_factory=list)
    choices: tuple[tuple[str, str], ...] = ()
    decimals: bool = False
    steps: list[str] = field(default_factory=list)
    defined: bool = False
    """A definition or a rule came before: a bare name is then a question."""
    subject: str = "arithmetic"
    currency: str = ""
    failed: set[tuple[Kind, str]] = field(default_factory=set)
    imaginary: bool = False
    depth: int = 0
    about: str = ""
    """The parameter of the function that is being defined."""
    ground: Value = None
    """What was differentiated: its derivative exists nowhere else."""
    lettered: bool = False
    """Letters are the matter of the question: `e` and `pi` are no constants."""

    def note(self, step: str) -> None:
        self.steps.append(step)

    def show(self, value: Value) -> str:
        return shown.people(value, self.decimals)

    def copy(self) -> "Reading":
        """A reading that may go wrong without a trace."""
        names = Names(dict(self.names.values), dict(self.names.functions))
        return replace(self, names=names, pending=list(self.pending), failed=set(), steps=list(self.steps))

    def become(self, other: "Reading") -> None:
        """Take over what a copy has found out."""
        self.__dict__.update(other.__dict__)

    # the types of slots

    def tree(self, text: str) -> Node:
        if any(re.search(rf"\b{name}\s?\(", text) for name in self.names.values if self._varies(name)):
            unclear("a function, or a product")
        return parse(text, frozenset(self.names.functions))

    def _varies(self, name: str) -> bool:
        value = self.names.values[name]
        return bool(value.names if isinstance(value, Polynomial) else getattr(value, "free_symbols", ()))

    def phrase(self, text: str) -> Value:
        """Whatever the text names: an expression, or a noun of the grammar."""
        text = _LEADING.sub("", text.strip())
        try:
            node = self.tree(text)
        except NotUnderstood:
            return self.noun(text)
        return self.worth(node)

    def worth(self, node: Node) -> Value:
        value = evaluated(node, self.names)
        if not isinstance(node, Number | Name):
            self.note(f"{written(node)} = {self.show(value)}")
        return value

    def noun(self, text: str) -> Value:
        result = self.apply("noun", text)
        if isinstance(result, Answer):
            return result.value if result.value is not None else unclear("no number")
        return result

    def value(self, text: str) -> Value:
        """A phrase inside another: words after it could belong to either, so it must be one thing."""
        text = _LEADING.sub("", text.strip())
        try:
            node = self.tree(text)
        except NotUnderstood:
            return unclear("rounding is of the whole") if _ROUNDED.search(text) else self.noun(text)
        if isinstance(node, Binary) and node.spoken and node.operator != "^":
            unclear("the words could be read in two ways")
        if isinstance(node, Number) and node.percent:
            unclear("per cent of what")
        return self.worth(node)

    def operand(self, text: str) -> Value:
        """One factor: `the square root of 9 + 16` is 7 to some and 5 to others."""
        if (
            isinstance(node := self.loose(text), Binary)
            and node.operator in "+-"
            and not text.strip().endswith(")")
        ):
            unclear("the sum could be read in two ways")
        return self.value(text)

    def loose(self, text: str) -> Node | None:
        try:
            return self.tree(text)
        except NotUnderstood:
            return None

    def number(self, text: str) -> Fraction:
        return rational(self.value(text))

    amount = number

    def integer(self, text: str) -> int:
        found = self.number(text)
        return int(found) if found.denominator == 1 else unclear(f"{text} is not an integer")

    count = integer

    def items(self, text: str) -> list[Item]:
        return [Item(piece, self.number(piece)) for piece in listed(text)]

    def values(self, text: str) -> list[Value]:
        return [self.value(piece) for piece in listed(text)]

    def equations(self, text: str) -> list[Equation]:
        return [self.equation(piece) for piece in re.split(r"\s*(?:,\s*and\s|,|;|\band\b)\s*", text)]

    def equation(self, text: str) -> Equation:
        sides = text.split("=")
        if len(sides) != 2 or not all(side.strip() for side in sides) or sides[0].rstrip()[-1:] in "<>!":
            unclear("no equation")
        return Equation(self.tree(sides[0]), self.tree(sides[1]))

    def expression(self, text: str) -> Value:
        """A polynomial or an expression in letters; `f(x) =` and `y =` before it only name it."""
        text = _NAMING.sub("", _LEADING.sub("", text.strip()))
        node = self.loose(text)
        return self.noun(text) if node is None else evaluated(node, self.names)

    def polynomial(self, text: str) -> Polynomial:
        found = self.expression(text)
        if (node := self.loose(text)) is not None and isinstance(found, Polynomial):
            self.note(f"{written(node)} = {self.show(found)}")
        return found if isinstance(found, Polynomial) else unclear("no polynomial")

    def bound(self, text: str) -> Any:
        text = text.strip().lower().replace(" ", "")
        if text.lstrip("+-") in ("infinity", "oo", "inf"):
            return "-oo" if text.startswith("-") else "oo"
        return self.value(text)

    def times(self, text: str) -> int:
        words = {"once": 1, "twice": 2, "three times": 3, "two times": 2, "four times": 4}
        return words.get(text.strip()) or unclear(text)

    def unit(self, text: str) -> Any:
        from tinyllm.solvers.mathematics.units import unit

        return unit(text)

    def degrees(self, text: str) -> str:
        from tinyllm.solvers.mathematics.units import degrees

        return degrees(text)

    def base(self, text: str) -> int:
        from tinyllm.solvers.mathematics.bases import base

        return base(text)

    def span(self, text: str) -> int:
        from tinyllm.solvers.mathematics.clock import length

        return length(text)

    def ordinal(self, text: str) -> int:
        from tinyllm.solvers.mathematics.numerals import ordinal

        found = ordinal(text)
        return found if found is not None else unclear(f"{text} is no ordinal")

    def place(self, text: str) -> int:
        from tinyllm.solvers.mathematics.numerals import PLACES

        found = PLACES.get(text.lower(), PLACES.get(f"{text.lower()}s"))
        return found if found is not None else unclear(f"{text} is no place of a digit")

    def name(self, text: str) -> str:
        return text

    text = word = digits = sum = time = relation = name

    # the rules

    def apply(self, kind: Kind, text: str) -> Any:
        """The result of the first rule that fits the whole text."""
        if self.depth >= DEEPEST_PHRASE or (kind, text) in self.failed:
            unclear("too deep a phrase, or one that was tried before")
        trailing = _TRAILING.search(text) is not None
        said = frozenset(_WORD.findall(text.lower()))
        for rule in RULES:
            if rule.kind != kind or not rule.needed <= said or (trailing and rule.ends_in_value):
                continue
            match = rule.pattern.fullmatch(text)
            if match is None:
                continue
            other = rule.greedy.fullmatch(text)
            for split in (match, other) if other and other.groups() != match.groups() else (match,):
                before = len(self.steps)
                try:
                    return self.said(rule, split)
                except NotUnderstood:
                    del self.steps[before:]
        self.failed.add((kind, text))
        return unclear(f"no rule for {text[:40]!r}")

    def said(self, rule: Rule, match: re.Match[str]) -> Any:
        self.depth += 1
        try:
            slots = {
                name: getattr(self, kind)(match[name]) for name, kind in rule.slots if match[name] is not None
            }
            result = rule.says(self, **slots)
        finally:
            self.depth -= 1
        self.subject, self.defined = rule.field, True
        return result


def rational(value: Value) -> Fraction:
    if isinstance(value, Fraction | int):
        return Fraction(value)
    if isinstance(value, Polynomial) and not value.names:
        return value.constant
    return unclear("not a rational number")
