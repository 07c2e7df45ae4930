"""Numbers as people write them, read exactly and written back."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt

from tinyllm.solvers.phrases import NUMBER_WORDS, Unsure

MOST = 2_000
"""Numbers in a list."""

_NUMBER = re.compile(r"[-+]?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:/\d+)?%?")
_AMBIGUOUS = re.compile(r"\d{1,3}(?:,\d{3})+")
_SCALES = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6}
_SYMBOLS = {
    "$": "$ dollar dollars usd us bucks",
    "€": "€ euro euros eur",
    "£": "£ pound pounds gbp",
    "¥": "¥ yen jpy",
    "₹": "₹ rupee rupees inr rs rs.",
}
_CURRENCIES = {word: symbol for symbol, words in _SYMBOLS.items() for word in words.split()}


def number(text: str) -> Fraction:
    """The exact value of `1,234.5`, `3/4`, `5%` or `twelve`."""
    text = text.strip().lower()
    if text in NUMBER_WORDS:
        return Fraction(NUMBER_WORDS[text])
    if text in ("a", "an"):
        return Fraction(1)
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise Unsure(text)
    whole, _, below = text.rstrip("%").replace(",", "").partition("/")
    if below and int(below) == 0:
        raise Unsure("division by zero")
    return Fraction(whole) / (int(below) if below else 1) / (100 if text.endswith("%") else 1)


def integer(text: str, *, least: int = 0, most: int = 10**9) -> int:
    value = number(text)
    if value.denominator != 1 or not least <= value <= most:
        raise Unsure(text)
    return int(value)


def numbers(text: str) -> list[Fraction]:
    """A list: `1, 2 and 3`, `[1,2,3]`, `1 2 3`, `1; 2; 3`."""
    text = _without_brackets(text.strip(" ,;."))
    text = re.sub(r",? (?:and|&) ", "|", text).replace(" ,", ",")
    pieces = [piece.strip() for piece in re.split(_separator(text), text)]
    if len(pieces) > MOST:
        raise Unsure("too many numbers")
    return [number(piece) for piece in pieces]


def _separator(text: str) -> str:
    if ";" in text:
        return r"[;|]"
    if ", " in text:
        return r", |\|"
    if "," in text:
        # `1,200,300` is one number or three: only the person who wrote it knows.
        if any(map(_AMBIGUOUS.fullmatch, text.split("|"))):
            raise Unsure("one number or several")
        return r"[,|]"
    if "|" in text:
        return r"\|"
    if "/" in text:
        raise Unsure("`1 2/3` may be a mixed number")
    return r" "


def _without_brackets(text: str) -> str:
    if text[:1] + text[-1:] in ("[]", "()", "{}"):
        return text[1:-1].strip()
    if text[:1] in "[({" or text[-1:] in "])}":
        raise Unsure("brackets do not match")
    return text


def rate(text: str) -> Fraction:
    """`5%` and `5 percent` as 1/20."""
    return number(re.sub(r"\s*(?:%|percent|per ?cent|pct)$", "", text.strip().lower())) / 100


def decimal(value: Fraction) -> str | None:
    """The finite decimal of a fraction, if it has one of at most 12 places."""
    below, places = value.denominator, 0
    while below % 10 == 0 or below % 5 == 0 or below % 2 == 0:
        below = below // 10 if below % 10 == 0 else below // 5 if below % 5 == 0 else below // 2
        places += 1
    if below != 1 or places > 12:
        return None
    return plain(rounded(value, places))


def rounded(value: Fraction, places: int) -> Decimal:
    """Half away from zero, as taught in school."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact(value: Fraction) -> str:
    """For machines: `7`, `5/2`."""
    return str(value)


def shown(value: Fraction) -> str:
    """For people: the finite decimal, else the fraction with its approximate value."""
    finite = decimal(value)
    return finite if finite is not None else f"{value} (≈ {plain(rounded(value, 6))})"


def root(square: Fraction) -> str:
    """The square root for machines: `3/2`, `sqrt(2)`, `3*sqrt(2)/2` stays `sqrt(9/2)`."""
    up, below = isqrt(square.numerator), isqrt(square.denominator)
    if up * up == square.numerator and below * below == square.denominator:
        return exact(Fraction(up, below))
    return f"sqrt({square})"


def root_shown(square: Fraction) -> str:
    text = root(square)
    return shown(Fraction(text)) if text[0] != "s" else f"≈ {plain(root_rounded(square, 6))}"


def root_rounded(square: Fraction, places: int) -> Decimal:
    scaled = isqrt(square.numerator * 10 ** (2 * places + 2) // square.denominator)
    return rounded(Fraction(scaled, 10 ** (places + 1)), places)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount and the sign it was written with."""

    amount: Fraction
    sign: str = ""

    def __str__(self) -> str:
        cents = self.amount * 100
        figure = f"{abs(rounded(self.amount, 2)):,.2f}"
        text = f"{self.sign}{figure.removesuffix('.00') if cents.denominator == 1 else figure}"
        return f"-{text}" if self.amount < 0 else text

    def of(self, amount: Fraction) -> "Money":
        return Money(amount, self.sign)

    def value(self) -> str:
        """For machines: without the sign, and with cents only where there are some."""
        return f"{rounded(self.amount, 2).quantize(Decimal('0.01'))}".removesuffix(".00")


def money(text: str) -> Money:
    """`$1,200`, `1200 dollars`, `€5k`, or a bare number."""
    match = re.fullmatch(
        r"([$€£¥₹]|[a-z]+\.?)? ?([\d.,]+)(k|m| thousand| million)?(?: ?([a-z ]+))?", text.strip().lower()
    )
    if match is None:
        raise Unsure(text)
    before, figure, scale, after = match.groups()
    words = [*([before] if before else []), *(after.split() if after else [])]
    if not all(word in _CURRENCIES for word in words):
        raise Unsure(text)
    signs = {_CURRENCIES[word] for word in words}
    if len(signs) > 1:
        raise Unsure("two currencies")
    return Money(number(figure) * _SCALES.get((scale or "").strip(), 1), next(iter(signs), ""))
