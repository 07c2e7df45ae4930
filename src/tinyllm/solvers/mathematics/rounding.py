"""Rounding and other ways to write a number down."""

import re
from fractions import Fraction

from tinyllm.solvers.mathematics import shown
from tinyllm.solvers.mathematics.answers import Answer
from tinyllm.solvers.mathematics.evaluation import Value
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.numerals import PLACES
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import noun, query

_TENTHS = {
    "tenth": 1,
    "hundredth": 2,
    "thousandth": 3,
    "ten thousandth": 4,
    "hundred thousandth": 5,
    "millionth": 6,
}
_UNITS = {"ten": 1, "hundred": 2} | {
    f"{a}{w}": n + p
    for p, a in enumerate(("", "ten ", "hundred "))
    for w, n in (("thousand", 3), ("million", 6), ("billion", 9))
}


def near(value: Value, places: int) -> Fraction:
    """A number as a fraction that rounds to the same digits."""
    if isinstance(value, Polynomial) and not value.names:
        return value.constant
    if isinstance(value, Polynomial) and not value.names <= {"pi", "e"}:
        unclear("not a number")
    from tinyllm.solvers.mathematics.symbolic import constants, digits

    exact = constants(value)
    whole = max(shown.magnitude(digits(exact, 5) or Fraction(1)), 0)
    return digits(exact, whole + places + 5)


def _answer(say: Reading, value: Fraction, text: str) -> Answer:
    say.note(f"{shown.fraction(value, True)[:60]} ≈ {text}")
    return Answer(text, text, Polynomial.number(Fraction(text)))


def _places(n: int) -> int:
    return n if 0 <= n <= shown.MOST_PLACES else unclear("too many places")


@query(
    "round [off] {a:phrase} to {n:count} (decimal|decimals|dp|dps|d.p.) [places|place|points|digits]",
    "round [off] {a:phrase} to {n:count} (places|digits) after the decimal point",
)
@noun(
    "{a:phrase}[,] [rounded|correct|accurate|precise] [off] to {n:count} (decimal|decimals|dp|dps|d.p.) [places|place|points|digits]",
    "{a:phrase}[,] [rounded|correct|accurate|precise] to {n:count} (places|digits) after the decimal point",
)
def decimal_places(say: Reading, a: Value, n: int) -> Answer:
    value = near(a, _places(n) + 20)
    return _answer(
        say,
        value,
        shown.trimmed(shown.fixed(value, n)) if isinstance(a, Polynomial) else shown.fixed(value, n),
    )


@query(
    "round {a:phrase} to {n:count} (significant|sig) (figures|figure|digits|figs)",
    "round {a:phrase} to {n:count} (sf|s.f.)",
)
@noun(
    "{a:phrase}[,] [rounded|correct|accurate|precise] to {n:count} (significant|sig) (figures|figure|digits|figs)",
    "{a:phrase}[,] [rounded|correct] to {n:count} (digits|sf|s.f.) [of precision]",
)
def significant_digits(say: Reading, a: Value, n: int) -> Answer:
    if not 1 <= n <= shown.MOST_PLACES:
        unclear("too many digits")
    value = near(a, n + 20)
    return _answer(say, value, shown.significant(value, n))


@query(
    "round {a:phrase} to [the] nearest {unit:text}", "round {a:phrase} (to an|to a) (integer|whole number)"
)
@noun("{a:phrase}[,] [rounded|correct] to the nearest {unit:text}")
def nearest(say: Reading, a: Value, unit: str = "integer") -> Answer:
    places = -_power(unit.strip().lower())
    value = near(a, max(places, 0) + 20)
    return _answer(say, value, shown.trimmed(shown.fixed(shown.rounded(value, places), max(places, 0))))


def _power(unit: str) -> int:
    """The power of ten that a unit names: `hundred`, `one thousand`, `1000`, `0.1`, `tenth`."""
    if unit in ("integer", "whole number", "whole", "one", "unit", "ones", "units", "1"):
        return 0
    unit = re.sub(r"^(?:one|a|1) ", "", unit).rstrip("s") if unit not in PLACES else unit.rstrip("s")
    if unit in _UNITS or unit in _TENTHS:
        return _UNITS.get(unit, -_TENTHS.get(unit, 0))
    if re.fullmatch(r"1[0,]*|0?\.0*1", unit):
        value = Fraction(unit.replace(",", ""))
        return shown.magnitude(value)
    return unclear(f"the nearest {unit}")


@noun("(ceiling|ceil) of {a:value}")
def ceiling(_say: Reading, a: Value) -> Polynomial:
    return Polynomial.number(near(a, 30).__ceil__())


@noun("floor of {a:value}", "integer part of {b:value}")
def floor(_say: Reading, a: Value = None, b: Value = None) -> Polynomial:
    value = near(a if b is None else b, 30)
    if a is None and value < 0 and value.denominator != 1:
        unclear("cut off, or rounded down")
    return Polynomial.number(value.__floor__())


@query(
    "<ask> decimal (expansion|representation|value|form|equivalent) of {a:phrase}",
    "<ask> {a:phrase} (as|in|into|to) [a|an] [exact] (decimal|decimal number|decimal form)",
    "(convert|write|turn|change|express) {a:phrase} (as|in|into|to) [a|an] (decimal|decimal number|decimal form)",
)
def as_decimal(say: Reading, a: Value) -> Answer:
    value = near(a, 30)
    if shown.ending(value) is not None:
        return _answer(say, value, shown.fraction(value, True))
    return (
        Answer(f"{value} = {recurring(value)}", str(value), Polynomial.number(value))
        if isinstance(a, Polynomial) and not a.names
        else unclear("it has no end")
    )


def recurring(value: Fraction) -> str:
    """`0.1(6)`: the digits that repeat in brackets."""
    whole, rest = divmod(abs(value.numerator), value.denominator)
    seen: dict[int, int] = {}
    digits = ""
    while rest and rest not in seen:
        if len(digits) > shown.MOST_PLACES:
            unclear("the period is too long")
        seen[rest] = len(digits)
        digit, rest = divmod(rest * 10, value.denominator)
        digits += str(digit)
    start = seen[rest]
    return f"{'-' if value < 0 else ''}{whole}.{digits[:start]}({digits[start:]})"


@query(
    "<ask> {a:phrase} (as|in|into|to) (a|an) [simplified|reduced|common|simple|proper] (fraction|simplest form|lowest terms)",
    "(convert|write|turn|change|express) {a:phrase} (as|in|into|to) (a|an) [simplified|reduced|common|simple|proper] fraction [in lowest terms|in simplest form]",
    "(simplify|reduce) [the] fraction {a:phrase}",
    "what fraction (is|equals) {a:phrase}",
    "(reduce|simplify) {a:phrase} [to] [its] (lowest terms|simplest form)",
)
def as_fraction(say: Reading, a: Value) -> Answer:
    if not isinstance(a, Polynomial) or a.names:
        unclear("no fraction")
    say.note(f"{shown.fraction(a.constant, True)} = {a.constant}")
    return Answer(str(a.constant), str(a.constant), a)


@query(
    "<ask> {a:phrase} (as|in|into|to) [a|an] (percentage|percent|per cent)",
    "(convert|write|turn|change|express) {a:phrase} (as|in|into|to) [a|an] (percentage|percent)",
)
def as_percentage(say: Reading, a: Value) -> Answer:
    text = (
        shown.fraction(near(a, 30) * 100, True)
        if isinstance(a, Polynomial) and not a.names
        else unclear("no end")
    )
    say.note(f"{say.show(a)} = {text}%")
    return Answer(f"{text}%", text)


@query(
    "(write|express|convert) {a:phrase} (in|to|into) scientific notation",
    "<ask> {a:phrase} in scientific notation",
)
def scientific(_say: Reading, a: Value) -> Answer:
    value = near(a, 30)
    if value == 0 or shown.ending(value) is None:
        unclear("no end")
    power = shown.magnitude(value)
    mantissa = shown.fraction(value / Fraction(10) ** power, True)
    return Answer(f"{mantissa} × 10^{power}", f"{mantissa}*10**{power}")
