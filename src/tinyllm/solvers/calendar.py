"""Dates, months and spans of time as people write them."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tinyllm.solvers.numbers import number
from tinyllm.solvers.phrases import Unsure

# fmt: off
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_UNITS = {
    "sec": "second", "s": "second", "min": "minute", "hr": "hour", "h": "hour", "d": "day",
    **{unit: unit for unit in (*_SECONDS, "month", "year", "fortnight", "decade")},
}
# fmt: on
_SHORT = {name[:size].lower(): n for n, name in enumerate(MONTHS, 1) for size in (3, len(name))} | {"sept": 9}
_BUSINESS = re.compile(r"(?:business|working|work) ?days?|weekdays?")
_PIECE = re.compile(
    r"(\d[\d,]*(?:\.\d+)?|[a-z]+) ?((?:business|working|work) days?|[a-z]+)(?:,? and |, | |$)"
)


def month(text: str) -> int:
    found = _SHORT.get(text.strip().lower().rstrip("."))
    if found is None:
        raise Unsure(text)
    return found


def day(text: str) -> date:
    """A date of the Gregorian calendar with its year; `3/4/2026` may be two days and is declined."""
    text = text.lower().replace(",", " ").strip()
    named = re.match(r"([a-z]+day) +", text)
    rest = text[named.end() :] if named else text
    found = _numeric(rest) or _written(rest)
    if found is None or found.year < 1583:
        raise Unsure(text)
    if named and WEEKDAYS[found.weekday()].lower() != named[1]:
        raise Unsure("that date is another weekday")
    return found


def days(first: str, second: str) -> tuple[date, date]:
    """Two dates, of which the first, or both, may lack the year where it makes no difference."""
    if re.search(r"\d{4}", first):
        return day(first), day(second)
    if year := re.search(r"\d{4}", second):
        pair = day(f"{first} {year[0]}"), day(second)
        if pair[0] > pair[1]:
            raise Unsure("the year of the first date")
        return pair
    common, leap = ((day(f"{first} {year}"), day(f"{second} {year}")) for year in (2023, 2024))
    if common[0] > common[1] or common[1] - common[0] != leap[1] - leap[0]:
        raise Unsure("it depends on the year")
    return common


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Unsure("there is no such day") from error


def _numeric(text: str) -> date | None:
    if iso := re.fullmatch(r"(?:the )?(\d{4})[-/](\d\d?)[-/](\d\d?)", text):
        return _date(*map(int, iso.groups()))
    if parts := re.fullmatch(r"(?:the )?(\d\d?)([-/.])(\d\d?)\2(\d{4})", text):
        first, mark, second, year = int(parts[1]), parts[2], int(parts[3]), int(parts[4])
        if mark == "." or first > 12 or first == second:
            return _date(year, second, first)
        if second > 12:
            return _date(year, first, second)
    return None


def _written(text: str) -> date | None:
    words = re.sub(r"\b(?:the|of|in|day)\b", " ", text).split()
    if len(words) != 3:
        return None
    first, second, year = words
    name, nth = (first, second) if first[0].isalpha() else (second, first)
    ordinal = re.fullmatch(r"(\d{1,2})(st|nd|rd|th)?", nth)
    if ordinal is None or not re.fullmatch(r"\d{4}", year):
        return None
    if ordinal[2] and ordinal[2] != suffix(int(ordinal[1])):
        raise Unsure(nth)
    return _date(int(year), month(name), int(ordinal[1]))


def suffix(n: int) -> str:
    return "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")


def written(day: date) -> str:
    """`Sunday, March 1, 2026`."""
    return f"{WEEKDAYS[day.weekday()]}, {MONTHS[day.month - 1]} {day.day}, {day.year}"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: exact seconds, and months and business days, which are no fixed number of seconds."""

    seconds: Fraction = Fraction(0)
    months: int = 0
    business: int = 0

    def __neg__(self) -> "Span":
        return Span(-self.seconds, -self.months, -self.business)

    def __add__(self, other: "Span") -> "Span":
        return Span(self.seconds + other.seconds, self.months + other.months, self.business + other.business)

    @property
    def exact(self) -> bool:
        return not self.months and not self.business

    def after(self, start: date) -> date:
        """Months first, then days, as contracts count."""
        if self.seconds % 86_400 or (self.business and (self.months or self.seconds)):
            raise Unsure("not a number of days")
        moved = add_months(start, self.months)
        try:
            moved += timedelta(days=int(self.seconds) // 86_400)
            return add_business(moved, self.business) if self.business else moved
        except OverflowError as error:
            raise Unsure("beyond the calendar") from error


def add_months(start: date, months: int) -> date:
    """The same day of a later month, which must exist: from January 31, a month later is for lawyers."""
    years, index = divmod(start.month - 1 + months, 12)
    if not 1 <= start.year + years <= 9999:
        raise Unsure("beyond the calendar")
    return _date(start.year + years, index + 1, start.day)


def add_business(start: date, days: int) -> date:
    """Weekdays from Monday to Friday; holidays are not known here."""
    if abs(days) > 100_000:
        raise Unsure("too many days to count")
    step, moved = (1 if days > 0 else -1), start
    for _ in range(abs(days)):
        moved += timedelta(days=step)
        while moved.weekday() > 4:
            moved += timedelta(days=step)
    return moved


def span(text: str) -> Span:
    """`2 weeks and 3 days`, `1h 30m`, `ten business days`."""
    text, total, place, seen = text.lower().strip(), Span(), 0, set[str]()
    while place < len(text):
        piece = _PIECE.match(text, place)
        if piece is None:
            raise Unsure(text)
        unit = "business" if _BUSINESS.fullmatch(piece[2]) else _unit(piece[2])
        if piece[2] == "m" and "hour" in seen:
            unit = "minute"
        if unit in seen or not unit:
            raise Unsure(text)
        seen.add(unit)
        total += _measured(number(piece[1]), unit)
        place = piece.end()
    return total


def _unit(text: str) -> str:
    return _UNITS.get(text) or _UNITS.get(text.removesuffix("s"), "")


def _measured(amount: Fraction, unit: str) -> Span:
    if amount > 10**9:
        raise Unsure("longer than the calendar")
    if unit in _SECONDS:
        return Span(seconds=amount * _SECONDS[unit])
    if amount.denominator != 1:
        raise Unsure("part of a month")
    if unit == "business":
        return Span(business=int(amount))
    if unit == "fortnight":
        return Span(seconds=amount * 14 * 86_400)
    return Span(months=int(amount) * {"month": 1, "year": 12, "decade": 120}[unit])


def length(seconds: Fraction | int) -> str:
    """`5 hours 23 minutes`."""
    rest, parts = int(seconds), []
    for unit in ("day", "hour", "minute", "second"):
        amount, rest = divmod(rest, _SECONDS[unit])
        if amount:
            parts.append(f"{amount:,} {unit}{'' if amount == 1 else 's'}".replace(",", ""))
    return " ".join(parts) or "0 seconds"
