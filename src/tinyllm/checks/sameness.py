"""Do two results say the same in different forms? Where it cannot be told, neither yes nor no."""

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from tinyllm.checks.figures import Figure, figures, unlatexed
from tinyllm.checks.results import TAIL, last_side

SEVERAL = re.compile(r"\bor\b|\band\b|[,;]\s")
CHOICE = re.compile(r"(?i)\b(?:or|either|between)\b|\d\s*(?:;|,\s|\band\b|\bto\b)\s*[-−$€£]?\d|\d[-–]\d")
TUPLE = re.compile(r"\(\s*[-−]?[\d./]+\s*[,;]\s*[-−]?[\d./]+")
NEGATED = re.compile(r"(?i)(?:\bnot\b|n't\b|\bneither\b|\bnever\b)[^,;.]*")
ABOUT = re.compile(
    r"(?i)\b(?:about|approximately|approx|around|roughly|rounded|nearly|almost)\b|≈|~|\\approx"
)
MARKED = re.compile(r"√|sqrt|π|(?<![a-z])pi\b|[<>]=?|[≤≥]|\d!|\\[lg]eq?\b")
RATIO = re.compile(r"\d\s?:\s?\d")
BOUND = re.compile(
    r"(?i)\b(?:at least|at most|(?:no |not )?(?:more|less|fewer) than|up to|(?:a )?(?:minimum|maximum) of)\s+[$€£]?\d"
    r"|\d[\d.,]*(?:\s+\w+)?\s+or\s+(?:more|fewer|less|above|below|over|under|higher|lower)\b|\d\+(?!\s*[\d(])"
)
HALF = re.compile(r"(?i)\d\s?([ap])\.?m\b")
SPACED = re.compile(r"(?<![\d.,/])(?<!\d )([1-9]\d\d) (?!000)(?=\d{3}(?![\d/]| \d))")  # one number, or two
NAMED = re.compile(r"(?i)\b([a-z]\w{0,15})\s*(?:=|:|\bis\b|\bhas\b|\bgets\b)\s*(?=[-−]?\s?[$€£]?\d)")
FILLING = re.compile(
    r"\b(?:the|a|an|is|are|it|its|answer|result|final|so|therefore|thus|of|about|approximately)\b|[^\w\s+/^.%<>≤≥√-]"
)
NOISE, LEAST = Fraction(1, 10**9), Fraction(1, 10**6)  # of floating point numbers
LONG = 6  # decimals of a number that was computed rather than rounded by hand
ENOUGH = 3  # digits that a rounded number has at least


def same(one: str, other: str) -> bool:
    """Do two results say the same? `$1,200.00` and `1200 dollars` do, `1/3` and `0.333` do, `12` and `13` do not."""
    return compared(one, other) is True


@lru_cache(maxsize=128)
def compared(one: str, other: str) -> bool | None:
    """Are they the same or not; None where that cannot be told."""
    one, other = one[-TAIL:], other[-TAIL:]
    told = _compared(one, other)
    apart = [SPACED.sub(r"\1; ", text) for text in (one, other)]
    return told if apart == [one, other] or _compared(*apart) is told else None


def _compared(one: str, other: str) -> bool | None:
    left, right = figures(NEGATED.sub(" ", one)), figures(NEGATED.sub(" ", other))
    if {"am", "pm"} == _halves(one) | _halves(other) and _halves(one) != _halves(other):
        return False
    if len(left) == len(right) == 1 and _units_differ(left[0], right[0]):
        return False
    if _words(one) == _words(other) and bool(RATIO.search(one)) == bool(RATIO.search(other)):
        return True
    if not left or not right:
        return None if figures(one) and figures(other) else False
    if bool(RATIO.search(one)) != bool(RATIO.search(other)):
        return False
    if any(_marks(mark, one) != _marks(mark, other) for mark in (MARKED, BOUND)):
        return None
    if len(left) == len(right):
        return _listed(left, right, one, other)
    few, said = (left, other) if len(left) < len(right) else (right, one)
    last = figures(NEGATED.sub(" ", last_side(said)))
    if len(few) != 1 or not last:
        return False
    if len(last) > 1 and CHOICE.search(last_side(said)):
        return None
    return _close(few[0], last[0], one, other)


def _halves(text: str) -> set[str]:
    """The half of the day, where a time has one."""
    return {f"{each.lower()}m" for each in HALF.findall(text)}


def _marks(mark: re.Pattern[str], text: str) -> list[str]:
    return sorted(" ".join(found[0].lower().split()) for found in mark.finditer(last_side(text)))


def _listed(left: Sequence[Figure], right: Sequence[Figure], one: str, other: str) -> bool | None:
    """As many numbers on both sides: by their names, in their order, or in any order."""
    names = [[each.lower() for each in NAMED.findall(unlatexed(text))] for text in (one, other)]
    named = [len(set(each)) > 1 and len(each) == len(left) for each in names]
    if all(named) and set(names[0]) == set(names[1]):
        return _all(_by_name(left, names[0]), _by_name(right, names[1]), one, other)
    if any(named):
        left = _by_name(left, names[0]) if named[0] and not named[1] else left
        right = _by_name(right, names[1]) if named[1] and not named[0] else right
        return _all(left, right, one, other) or None
    if TUPLE.search(one) and TUPLE.search(other):
        return _all(left, right, one, other)
    if SEVERAL.search(one) and SEVERAL.search(other):
        left, right = sorted(left, key=_size), sorted(right, key=_size)
    return _all(left, right, one, other)


def _by_name(found: Sequence[Figure], names: Sequence[str]) -> list[Figure]:
    pairs = sorted(zip(names, found, strict=True), key=lambda pair: (pair[0], pair[1].value))
    return [figure for _, figure in pairs]


def _size(figure: Figure) -> Fraction:
    return figure.value * (figure.unit.factor if figure.unit else 1)


def _all(left: Sequence[Figure], right: Sequence[Figure], one: str, other: str) -> bool | None:
    told = [_close(a, b, one, other) for a, b in zip(left, right, strict=True)]
    return False if False in told else None if None in told else True


def _units_differ(a: Figure, b: Figure) -> bool:
    return a.unit is not None and b.unit is not None and a.unit.kind != b.unit.kind


def _close(a: Figure, b: Figure, one: str, other: str) -> bool | None:
    if _units_differ(a, b):
        return False
    percents = [_percent(one), _percent(other)]
    scales = [Fraction(1)]
    if a.unit and b.unit:
        scales = [b.unit.factor / a.unit.factor]
    elif percents[0] != percents[1]:
        scales += [Fraction(100) if percents[0] else Fraction(1, 100)]
    rounded = _about(one) or _about(other)
    told = [_near(a, b, scale, rounded) for scale in scales]
    return True if True in told else None if None in told else False


@lru_cache(maxsize=16)  # asked for each number of two texts
def _percent(text: str) -> bool:
    return "%" in text or "percent" in text.lower()


@lru_cache(maxsize=16)
def _about(text: str) -> bool:
    return bool(ABOUT.search(text))


def _near(a: Figure, b: Figure, scale: Fraction, rounded: bool) -> bool | None:
    """The same when one is told in units of the other."""
    here, there = a.value, b.value * scale
    if here == there:
        return True
    if a.whole and b.whole:
        return False
    off = abs(here - there)
    if off <= min(NOISE * max(abs(here), abs(there)), LEAST) and max(a.digits, b.digits) > LONG:
        return True
    ways = [_rounds(b, a.last, off, a, rounded), _rounds(a, b.last * scale, off, b, rounded)]
    return True if True in ways else None if None in ways else False


def _rounds(exact: Figure, last: Fraction, off: Fraction, shown: Figure, rounded: bool) -> bool | None:
    """Is the one what the other is, when it is rounded to the digits that are written?"""
    if shown.whole or not last or off > last / 2 * Fraction(1001, 1000):
        return False
    fine = exact.last <= Fraction(1, 10**LONG) or (exact.whole and shown.last > 1)
    return True if shown.digits >= ENOUGH and (rounded or fine) else None


def _words(text: str) -> str:
    plain = " ".join(
        FILLING.sub(
            " ", unlatexed(text).lower().replace("−", "-").replace(">=", "≥").replace("<=", "≤")
        ).split()
    ).rstrip(".")
    return re.sub(r"\s*([-+*/^])\s*", r"\1", plain)
