"""The numbers in a text, in whatever form they are written, each with its unit."""

import re
import unicodedata
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import islice

from tinyllm.checks.spelled import plain
from tinyllm.checks.units import Unit, unit_at
from tinyllm.solvers.mathematics.numerals import SCALES, SMALL

WORDS = re.compile(
    rf"\b(?:{'|'.join(sorted({*SMALL, *SCALES, 'hundred'}, key=len, reverse=True))})\b", re.IGNORECASE
)
LONGEST, DIGITS, MOST = 20_000, 400, 3_000  # characters that are looked at, of one number, and numbers
POWER = 300
ONE = Fraction(1)
NEAR = 40  # characters before a number that can make it negative
VULGAR = re.compile("[¼-¾⅐-⅞]")
MINUS = re.compile(r"(?i)(\S*)\s*\b(minus|negative)\s+$")
JOINS = re.compile(r"(?i)\s*(?:,|and)?\s*")

_PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_ANY = re.compile(
    rf"(?P<sign>(?:(?<=^)|(?<=[\s(\[{{=,:$€£]))[-−–]\s?[$€£]?)?(?:(?P<whole>\d+)[ ](?=\d+/\d))?(?P<up>{_PLAIN})"
    r"(?:[eE](?P<power>[-+]?\d{1,9})\b|\s?[×x*]\s?10\s?(?:\^|\*\*)\s?\(?(?P<ten>[-−]?\d{1,9})\)?"
    r"|\s?(?:\^|\*\*)\s?\(?(?P<raised>\d{1,9})\)?)?"
    rf"(?:\s?/\s?(?P<down>{_PLAIN})(?![\d/]))?(?:\s+(?P<scale>thousand|million|billion|trillion)\b)?",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is written."""

    value: Fraction
    last: Fraction = Fraction(0)  # what its last digit is worth; nothing when it is exact
    digits: int = 0
    unit: Unit | None = None
    start: int = 0
    end: int = 0

    @property
    def whole(self) -> bool:
        return self.last == 1


@lru_cache(maxsize=128)  # a handful of texts are compared with each other over and over
def numbers(text: str) -> tuple[Fraction, ...]:
    """The numbers in a text, in whatever form they are written."""
    return tuple(each.value for each in _single(unlatexed(text[:LONGEST])[:LONGEST]))


@lru_cache(maxsize=128)
def figures(text: str) -> tuple[Figure, ...]:
    """The same with their units, where `6 hours 30 minutes` is one."""
    text = re.sub(
        r"(?<![\d.,])(\d{1,3}(?: \d{3})+)(?![\d/])",
        lambda m: m[0].replace(" ", ""),
        unlatexed(text[:LONGEST]),
    )
    found: list[Figure] = []
    for each in _single(text):
        last = found[-1] if found else None
        joined = last and last.unit and each.unit and last.unit.goes_on(each.unit)
        if last and last.unit and each.unit and joined and JOINS.fullmatch(text[last.end : each.start]):
            value = last.value + each.value * each.unit.factor / last.unit.factor
            found[-1] = replace(last, value=value, last=Fraction(0), end=each.end)
        else:
            found.append(each)
    return tuple(found)


def _single(text: str) -> tuple[Figure, ...]:
    found = [_figure(each, text) for each in islice(_ANY.finditer(text), MOST)]
    return tuple(each for each in found if each is not None) or _in_words(text)


def _figure(found: re.Match[str], text: str) -> Figure | None:
    value = _value(found)
    if value is None:
        return None
    up = found["up"].replace(",", "")
    places = len(up.partition(".")[2])
    power = int((found["power"] or found["ten"] or "0").replace("−", "-"))
    scale = SCALES.get(found["scale"] or "", 1)
    last = Fraction(10) ** (power - places) * scale if power != places or scale != 1 else ONE
    exact = found["down"] or found["whole"] or found["raised"]
    unit, end = unit_at(text, found.start("up"), found.end())
    if not found["sign"] and _is_negative(text[max(0, found.start() - NEAR) : found.start()]):
        value = -value
    digits = len(up.replace(".", "").lstrip("0"))
    return Figure(value, Fraction(0) if exact else last, digits, unit, found.start(), end)


def _value(found: re.Match[str]) -> Fraction | None:
    if max(len(found["up"]), len(found["down"] or "")) > DIGITS:
        return None
    digits = found["up"].replace(",", "")
    value = Fraction(int(digits) if digits.isdecimal() else digits)
    if found.lastgroup == "up" and not found["sign"] and not found["whole"]:
        return value
    power = int((found["power"] or found["ten"] or "0").replace("−", "-"))
    raised = int(found["raised"] or 1)
    if abs(power) > POWER or raised * len(found["up"]) > max(DIGITS, len(found["up"])):
        return None
    if raised != 1 or power:
        value = value**raised * Fraction(10) ** power
    if found["down"]:
        down = Fraction(found["down"].replace(",", ""))
        if not down:
            return None
        value /= down
    value += int(found["whole"] or 0)
    value *= SCALES.get(found["scale"] or "", 1)
    return -value if found["sign"] else value


def _is_negative(before: str) -> bool:
    """`minus five`, and not `seven minus five`."""
    if not before.endswith((" ", "\n", "\t")) or not before.rstrip().lower().endswith(("minus", "negative")):
        return False
    found = MINUS.search(before)
    if not found:
        return False
    return found[2].lower() == "negative" or not (found[1][-1:].isdigit() or WORDS.search(found[1]))


def unlatexed(text: str) -> str:
    """`\\frac{3}{4}` as 3/4, `\\$1{,}200` as $1,200, `\\text{cm}` as cm."""
    text = re.sub(r"(?<!\\)\$(\S[^$\n]*?[^\s\\]|\S)\$(?!\d)", r"\1", text)
    text = VULGAR.sub(lambda each: " " + unicodedata.normalize("NFKC", each[0]).replace("⁄", "/"), text)
    text = re.sub(r"(?<=\d)['’\u00a0\u202f\u2009](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r" \1/\2", text)
    text = re.sub(r"\\(?:text|mathrm|mathbf)\s*\{([^{}]*)\}", r" \1", text)
    text = text.replace("{,}", ",").replace("\\%", "%").replace("\\times", "×").replace("\\cdot", "*")
    text = re.sub(r"\\[,;! ]|\\[a-z]+", " ", text.replace("\\$", "$"))
    return plain(text.replace("_", "").replace("^{", "^").replace("{", "").replace("}", ""))


def _in_words(text: str) -> tuple[Figure, ...]:
    """`twenty-four apples`, where no number is written in digits."""
    found: list[tuple[int, int]] = []  # what is complete, and the group of hundreds that goes on
    places: list[tuple[int, int]] = []
    past = -2
    for word in WORDS.finditer(text.lower()):
        joined = word.start() - past <= 1 or text[past : word.start()].strip() in ("", "and", "-")
        value = SMALL.get(word[0])
        total, group = found[-1] if found and joined else (0, 0)
        if value is not None and found and joined and _fits(group, value):
            found[-1] = (total, group + value)
        elif value is not None:
            found.append((0, value))
            places.append((word.start(), word.end()))
        elif found and joined:
            scale = SCALES.get(word[0])
            found[-1] = (total + group * scale, 0) if scale else (total, group * 100)
        past = word.end()
        if places:
            places[-1] = (places[-1][0], past)
    both = zip(found, places, strict=True)
    return tuple(_worded(total + group, start, end, text) for (total, group), (start, end) in both)


def _fits(group: int, value: int) -> bool:
    """`three hundred` goes on with `forty`, and that with `two`."""
    return group % 100 == 0 or (group % 100 >= 20 and group % 10 == 0 and 0 < value < 10)


def _worded(value: int, start: int, end: int, text: str) -> Figure:
    unit, behind = unit_at(text, start, end)
    signed = -value if _is_negative(text[max(0, start - NEAR) : start]) else value
    return Figure(Fraction(signed), Fraction(1), len(str(value)), unit, start, behind)
