"""Exact values as text: `4`, `-3/7`, `0.25`, `3*x**2 - 1`."""

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from tinyllm.solvers.mathematics.evaluation import Value
from tinyllm.solvers.mathematics.polynomials import Monomial, Polynomial

MOST_PLACES = 1_000


def text(value: Value, decimals: bool = False) -> str:
    """A value in the notation of Python and SymPy."""
    if isinstance(value, Fraction | int):
        return fraction(Fraction(value), decimals)
    if isinstance(value, Polynomial):
        return polynomial(value, decimals) if value.names else fraction(value.constant, decimals)
    return str(value)


def people(value: Value, decimals: bool = False) -> str:
    return spoken(text(value, decimals))


def spoken(text: str) -> str:
    """SymPy's spelling as people write it."""
    return re.sub(r"\blog\(", "ln(", re.sub(r"\bE\b", "e", text)).replace("**", "^")


def fraction(value: Fraction, decimals: bool) -> str:
    """As a decimal when decimals were asked with and it ends, else as a fraction."""
    places = ending(value) if decimals else None
    return str(value) if places is None else fixed(value, places)


def ending(value: Fraction) -> int | None:
    """How many decimal places a fraction has, None when it has no end."""
    bottom, twos, fives = value.denominator, 0, 0
    while bottom % 2 == 0:
        bottom, twos = bottom // 2, twos + 1
    while bottom % 5 == 0:
        bottom, fives = bottom // 5, fives + 1
    return max(twos, fives) if bottom == 1 else None


def rounded(value: Fraction, places: int) -> Fraction:
    """Half away from zero, as taught in school; a negative number of places rounds to tens, hundreds, …"""
    scale = Fraction(10) ** places
    scaled = abs(value) * scale
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole) / scale


def fixed(value: Fraction, places: int) -> str:
    """The number with this many decimal places."""
    digits = abs(int(rounded(value, places) * Fraction(10) ** places))
    if places <= 0:
        whole = str(digits * 10**-places)
    else:
        padded = str(digits).rjust(places + 1, "0")
        whole = f"{padded[:-places]}.{padded[-places:]}"
    return f"-{whole}" if value < 0 and digits else whole


def significant(value: Fraction, digits: int) -> str:
    """The number to this many significant digits."""
    if value == 0:
        return "0"
    places = digits - 1 - magnitude(value)
    rounded_up = magnitude(rounded(value, places)) > magnitude(value)
    places -= rounded_up
    if -20 <= places <= MOST_PLACES:
        return fixed(rounded(value, places), max(places, 0))
    return str(Decimal(int(rounded(value, places) * Fraction(10) ** places)).scaleb(-places))


def magnitude(value: Fraction) -> int:
    """The power of ten of the first digit."""
    value = abs(value)
    guess = len(str(value.numerator)) - len(str(value.denominator))
    return guess if value >= Fraction(10) ** guess else guess - 1


def cents(value: Fraction) -> str:
    """An amount of money."""
    return fixed(value, 0 if value.denominator == 1 else 2)


def trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def polynomial(value: Polynomial, decimals: bool) -> str:
    """The highest powers first: `3*x**2 - x/2 + 1`."""
    pieces: list[str] = []
    for monomial, factor in sorted(value.terms.items(), key=_order):
        sign = "-" if factor < 0 else "+"
        pieces.append(f"{sign} {_term(monomial, abs(factor), decimals)}")
    joined = " ".join(pieces)
    return joined[2:] if joined.startswith("+") else f"-{joined[2:]}"


def _order(term: tuple[Monomial, Fraction]) -> tuple[int, list[tuple[str, int]]]:
    return -sum(power for _, power in term[0]), [(name, -power) for name, power in term[0]]


def _term(monomial: Monomial, factor: Fraction, decimals: bool) -> str:
    names = "*".join(name if power == 1 else f"{name}**{power}" for name, power in monomial)
    if not names:
        return fraction(factor, decimals)
    if decimals and ending(factor) is not None:
        return names if factor == 1 else f"{fraction(factor, True)}*{names}"
    top = names if factor.numerator == 1 else f"{factor.numerator}*{names}"
    return top if factor.denominator == 1 else f"{top}/{factor.denominator}"


def listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)
