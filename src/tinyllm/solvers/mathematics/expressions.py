"""Mathematical notation read into a tree: a tokenizer and precedence climbing, nothing is ever evaluated as code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn

from tinyllm.solvers.mathematics.numerals import number_words
from tinyllm.solvers.solution import Declined

DEEPEST = 100
MOST_TOKENS = 1_500
LONGEST_NUMBER = 1_000


class NotUnderstood(Exception):
    """The text is no mathematics that this grammar knows, or could be read in two ways: decline."""


class Refused(Declined):
    """The question is understood well enough to see that it costs too much: no other reading is tried."""


def refuse(why: str) -> NoReturn:
    raise Refused(why)


def unclear(why: str) -> NoReturn:
    raise NotUnderstood(why)


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class Minus:
    operand: "Node"


Node = Number | Name | Call | Binary | Minus

_WORDS = {
    "plus": "+",
    "minus": "-",
    "take away": "-",
    "times": "*",
    "multiplied by": "*",
    "divided by": "/",
    "over": "/",
    "modulo": "mod",
    "mod": "mod",
    "to the power of": "^",
    "raised to the power of": "^",
    "raised to": "^",
    "of": "of",
    "squared": "²",
    "cubed": "³",
    "factorial": "!",
    "degrees": "°",
    "degree": "°",
    "percent": "%",
    "per cent": "%",
}
_SPOKEN = "|".join(sorted(_WORDS, key=len, reverse=True)).replace(" ", r"\ ")
_TOKEN = re.compile(
    rf"""\s*(?:(?P<number>(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][+-]?\d+(?![\w.]))?|\.\d+)
    |(?:raised\ )?to\ the\ (?P<power>[a-z]+|\d+(?:st|nd|rd|th))\ power\b
    |(?P<spoken>(?i:{_SPOKEN})\b)
    |(?P<word>(?:twen|thir|for|fif|six|seven|eigh|nine)ty-[a-z]+|[A-Za-z]+)
    |(?P<sign>\*\*|[-+*/^()%!,√∛|_']))""",
    re.VERBOSE,
)
_PRODUCT = re.compile(r"[xyz]{2,3}|[abc]{2,3}|[mnpq]{2}")
"""Letters that are written side by side to be multiplied; other runs of letters are words."""
FUNCTIONS = frozenset(
    [
        "sqrt",
        "cbrt",
        "root",
        "abs",
        "exp",
        "ln",
        "log",
        "log2",
        "log10",
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "asin",
        "acos",
        "atan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "floor",
        "ceil",
        "gcd",
        "lcm",
        "max",
        "min",
        "factorial",
        "mod",
    ]
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    value: Fraction = Fraction(0)
    spoken: bool = False
    tight: bool = False
    """It touches the token before it."""


def tokens(text: str) -> list[Token]:
    """The tokens of a text, number words joined into numbers."""
    return list(_joined(_scanned(text)))


def _scanned(text: str) -> list[Token]:
    found: list[Token] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or len(found) > MOST_TOKENS:
            unclear(f"at {text[place : place + 20]!r}")
        tight = match.start() == match.start(match.lastgroup or 0) and place > 0
        token = _token(match, tight)
        letters = token.text if token.kind == "word" and _PRODUCT.fullmatch(token.text) else ""
        found += [replace(token, text=c, tight=tight or i > 0) for i, c in enumerate(letters)] or [token]
        place = match.end()
    return found


def _token(match: re.Match[str], tight: bool) -> Token:
    kind, text = match.lastgroup or "", match[match.lastgroup or 0]
    if kind == "number":
        return Token("number", text, _decimal(text), tight=tight)
    if kind == "spoken":
        return Token("sign", _WORDS[text.lower()], spoken=True, tight=tight)
    if kind == "power":
        return Token("power", text, spoken=True)
    return Token(kind, "^" if text == "**" else text, tight=tight)


def _decimal(text: str) -> Fraction:
    digits, _, exponent = text.replace(",", "").lower().partition("e")
    if len(text) > LONGEST_NUMBER or (exponent and abs(int(exponent)) > LONGEST_NUMBER):
        refuse("a number of too many digits")
    return Fraction(digits) * Fraction(10) ** int(exponent or 0)


def _joined(found: list[Token]) -> Iterator[Token]:
    """`three hundred and five` as one number, `two thirds` as one fraction, `4 x 4` as a product."""
    place = 0
    while place < len(found):
        token = found[place]
        before = found[place - 1].text if place else ""
        if before not in ("/", "^") and _mixed(found[place : place + 5]):
            over = found[place + 1].value / found[place + 3].value
            yield Token("number", token.text, token.value + over, tight=token.tight)
            place += 4
            continue
        taken, value = number_words(
            [t.text.lower() if t.kind in ("word", "number") else "" for t in found[place : place + 16]]
        )
        if taken and not (before == "/" and token.kind == "number" and token.tight):
            yield Token("number", " ".join(t.text for t in found[place : place + taken]), value, spoken=True)
            place += taken
            continue
        if token.kind == "word" and token.text == "x" and _between_numbers(found, place):
            token = Token("sign", "*", spoken=True)
        yield token
        place += 1


def _mixed(found: list[Token]) -> bool:
    """`2 1/2`, and no other two numbers side by side."""
    if [t.kind for t in found[:4]] != ["number", "number", "sign", "number"] or found[2].text != "/":
        return False
    if found[4:] and _belongs(found[4]):
        return False
    whole, top, slash, bottom = found[:4]
    integers = all(t.text.isdigit() for t in (whole, top, bottom))
    return integers and slash.tight and bottom.tight and not top.tight and top.value < bottom.value


def _belongs(after: Token) -> bool:
    """It could belong to the fraction alone: `2 1/2^2`."""
    return (
        after.kind == "power"
        or after.text in ("^", "!", "²", "³")
        or (after.tight and (after.kind == "word" or after.text in ("/", "(")))
    )


def _between_numbers(found: list[Token], place: int) -> bool:
    around = found[max(0, place - 1) : place + 2]
    return len(around) == 3 and around[0].kind == around[2].kind == "number" and not around[1].tight
