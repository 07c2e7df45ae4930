"""Times of day and lengths of time: between, after, before, added, subtracted, written in other units."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Literal

from tinyllm.solvers import calendar
from tinyllm.solvers.calendar import length
from tinyllm.solvers.numbers import exact, shown
from tinyllm.solvers.phrases import SLOTS, Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

_DAY = 86_400
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": _DAY, "week": 7 * _DAY}
_DATED = re.compile(
    rf"(?P<after>.*?\d{{4}}(?:[-/]\d+[-/]\d+)?)(?:,? at |,? |t)(?P<early>{SLOTS['clock']})"
    rf"|(?P<late>{SLOTS['clock']}),? (?:on )?(?P<before>.+)",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?(?::(\d\d))? ?(?:([ap])\.?m\.?)?")


Style = Literal["half", "full", "bare", "named"]


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day in seconds, and how it was written: `3 PM`, `15:00`, or `3:00`, which may be either."""

    seconds: int
    style: Style

    def __str__(self) -> str:
        hours, minutes = divmod(self.seconds // 60, 60)
        rest = f":{self.seconds % 60:02}" if self.seconds % 60 else ""
        if self.style == "full":
            return f"{hours:02}:{minutes:02}{rest}"
        half = "" if self.style == "bare" else " PM" if hours >= 12 else " AM"
        return f"{(hours - 1) % 12 + 1}:{minutes:02}{rest}{half}"


def time(text: str) -> Time:
    """`9:40`, `3 pm`, `15:03:20`, `noon`."""
    text = text.lower().strip()
    if text.endswith(("noon", "midnight")):
        return Time(_DAY // 2 if text.endswith("noon") else 0, "named")
    match = _CLOCK.fullmatch(text)
    if match is None or not (match[4] or match[2]):
        raise Unsure(text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    if match[4] and not 1 <= hours <= 12:
        raise Unsure(text)
    if match[4]:
        hours = hours % 12 + (12 if match[4] == "p" else 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise Unsure(text)
    full: Style = "bare" if 1 <= hours <= 12 and not text.startswith("0") else "full"
    return Time(hours * 3600 + minutes * 60 + seconds, "half" if match[4] else full)


def times(first: str, second: str) -> tuple[Time, Time]:
    """Two times of day in one style: beside `15:03`, `9:40` is in the morning."""
    pair = time(first), time(second)
    styles = {each.style for each in pair} - {"named"}
    if styles == {"bare", "full"}:
        return Time(pair[0].seconds, "full"), Time(pair[1].seconds, "full")
    if len(styles) > 1 or (styles == {"bare"} and "named" in (pair[0].style, pair[1].style)):
        raise Unsure("morning or evening")
    return pair


def moment(text: str) -> datetime:
    """A date with a time of day, in whatever zone the question means."""
    dated = _DATED.fullmatch(text.strip())
    if dated is None:
        raise Unsure(text)
    at = time(dated["early"] or dated["late"])
    day = calendar.day(dated["after"] or dated["before"])
    if at.style == "bare" and not re.match(r"\d{4}-", dated["before"] or dated["after"]):
        raise Unsure("morning or evening")
    return midnight(day) + timedelta(seconds=at.seconds)


def midnight(day: date) -> datetime:
    """Without a zone: which one is for others to say."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001


BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "unit": "weeks?|days?|hours?|minutes?|seconds?",
        "units": r"(?:weeks?|days?|hours?|minutes?|seconds?)(?:(?:,? and |, )(?:days?|hours?|minutes?|seconds?)){1,4}",
        "way": "after|from|past|later than|before|prior to|earlier than",
    },
    {"to": "(to|and|until|till)", "plus": "(plus|\\+)", "minus": "(minus|-)"},
)
_BACK = ("before", "prior to", "earlier than")


def _solution(answer: str, value: str, *steps: str) -> Solution:
    return Solution(answer, value, steps, "dates")


def _long(seconds: Fraction, *steps: str) -> Solution:
    if seconds < 0 or seconds.denominator != 1:
        raise Unsure("not a length of whole seconds")
    return _solution(length(seconds), _value(int(seconds)), *steps)


def _value(seconds: int) -> str:
    return f"{seconds // 60} minutes" if seconds % 60 == 0 else f"{seconds} seconds"


def _seconds(text: str) -> Fraction:
    span = calendar.span(text)
    if not span.exact:
        raise Unsure("a month is no fixed length")
    return span.seconds


@BOOK.says(
    "how (long|much time) [is it|is|is there|passes|passed|elapses|elapsed|goes by|has passed|has elapsed] (from|between) "
    "{clock} <to> {clock2}",
    "[elapsed|amount of] (time|duration) [elapsed|that passes|that passed] (from|between) {clock} <to> {clock2}",
    "how many hours and minutes (are|is) [there|it] (from|between) {clock} <to> {clock2}",
)
def _between(found: Found) -> Solution | None:
    first, second = times(found["clock"], found["clock2"])
    wraps = second.seconds < first.seconds
    if first.seconds == second.seconds or (wraps and "bare" in (first.style, second.style)):
        raise Unsure("morning or evening, today or tomorrow")
    span = (second.seconds - first.seconds) % _DAY
    return _long(Fraction(span), f"from {first} to {second}{' the next day' if wraps else ''}")


@BOOK.says("[time] difference between {clock} and {clock2}")
def _apart(found: Found) -> Solution | None:
    first, second = times(found["clock"], found["clock2"])
    if second.seconds <= first.seconds:
        raise Unsure("backwards, or through the night")
    return _long(Fraction(second.seconds - first.seconds), f"from {first} to {second}")


@BOOK.says(
    "how (long|much time) [is it|is|is there|passes|passed|elapsed] (from|between) {moment} <to> {moment2}",
    "[elapsed|amount of] (time|duration) [elapsed] (from|between) {moment} <to> {moment2}",
    "[time] difference between {moment} and {moment2}",
    "how many {unit} (are|is) [there|it] (from|between) {moment} <to> {moment2}",
)
def _between_moments(found: Found) -> Solution | None:
    first, second = moment(found["moment"]), moment(found["moment2"])
    if second < first:
        raise Unsure("backwards")
    seconds, step = Fraction((second - first) // timedelta(seconds=1)), f"from {first} to {second}"
    return _in_unit(seconds, found["unit"], step) if "unit" in found else _long(seconds, step)


@BOOK.says(
    "[(what|which)] time [is it|will it be|is|was|was it|would it be|will be] {span} {way} {clock}",
    "{span} {way} {clock}",
    "{clock} <plus> {span}",
    "add {span} to {clock}",
    "if it (is|was) [now] {clock} [now] [then] [<asking>] (what|which) time [will it be|is it|will be] [in] {span} [(from|after) now|later]",
)
def _after(found: Found) -> Solution | None:
    return _moved(found, back=found.get("way", "").lower() in _BACK)


@BOOK.says("{clock} <minus> {span}", "subtract {span} from {clock}")
def _before(found: Found) -> Solution | None:
    return _moved(found, back=True)


def _moved(found: Found, *, back: bool) -> Solution:
    start, span = time(found["clock"]), _seconds(found["span"])
    days, seconds = divmod(start.seconds + (-span if back else span), _DAY)
    if span.denominator != 1 or abs(days) > 10_000:
        raise Unsure("not whole seconds, or too many")
    if start.style == "bare" and (days or not 3600 <= seconds < 13 * 3600):
        raise Unsure("morning or evening")
    end = Time(int(seconds), start.style)
    when = {0: "", 1: " the next day", -1: " the day before"}.get(
        days, f", {abs(days)} days {'later' if days > 0 else 'earlier'}"
    )
    return _solution(f"{end}{when}", str(end), f"{start} {'-' if back else '+'} {length(span)}")


@BOOK.says(
    "[(what|which) (date and time|time|moment|date|day)] [is|is it|will it be|was it|was] {span} {way} {moment}",
    "{moment} <plus> {span}",
    "add {span} to {moment}",
)
def _after_moment(found: Found) -> Solution | None:
    span = _seconds(found["span"]) * (-1 if found.get("way", "").lower() in _BACK else 1)
    if span.denominator != 1 or abs(span) > 10**11:
        raise Unsure("beyond the calendar")
    end = moment(found["moment"]) + timedelta(seconds=int(span))
    return _solution(
        f"{calendar.written(end.date())}, {end:%H:%M}{f':{end:%S}' if end.second else ''}", end.isoformat()
    )


@BOOK.says(
    "{span} <plus> {span2}",
    "add {span} (and|to) {span2}",
    "sum of {span} and {span2}",
    "{span} added to {span2}",
)
def _sum(found: Found) -> Solution | None:
    return _long(_seconds(found["span"]) + _seconds(found["span2"]))


@BOOK.says(
    "{span2} <minus> {span}",
    "subtract {span} from {span2}",
    "{span} subtracted from {span2}",
    "{span} less than {span2}",
)
def _difference(found: Found) -> Solution | None:
    return _long(_seconds(found["span2"]) - _seconds(found["span"]))


@BOOK.says(
    "(convert|express|change|turn|write) {span} (to|into|in|as) {unit}",
    "how many {unit} [are|is] [there] [in] {span}",
    "how many {unit} (does|do) {span} (have|contain|last|make)",
    "{span} (in|to|into|expressed in|as) {unit}",
    "{span} is how many {unit}",
    "number of {unit} in {span}",
)
def _converted(found: Found) -> Solution | None:
    return _in_unit(_seconds(found["span"]), found["unit"])


def _in_unit(seconds: Fraction, unit: str, *steps: str) -> Solution:
    unit = unit.lower().removesuffix("s")
    amount = seconds / _UNITS[unit]
    return _solution(
        f"{shown(amount)} {unit}{'' if amount == 1 else 's'}",
        exact(amount),
        *steps,
        f"{length(seconds)}" if seconds.denominator == 1 else "",
    )


@BOOK.says(
    "(convert|express|change|turn|write) {span} (to|into|in|as) {units}",
    "{span} (in|to|into|expressed in|as) {units}",
    "how (many|long) is {span} in {units}",
    "how many {units} (is|are) [there] [in] {span}",
)
def _broken_down(found: Found) -> Solution | None:
    rest, parts = _seconds(found["span"]), []
    wanted = [
        unit.removesuffix("s") for unit in re.findall(r"[a-z]+", found["units"].lower()) if unit != "and"
    ]
    if sorted(wanted, key=lambda unit: -_UNITS[unit]) != wanted or len(set(wanted)) < len(wanted):
        raise Unsure("units out of order")
    total = rest
    for unit in wanted:
        amount, rest = divmod(rest, _UNITS[unit])
        parts.append(f"{amount} {unit}{'' if amount == 1 else 's'}")
    if rest:
        raise Unsure("something is left over")
    return _solution(" ".join(parts), _value(int(total)))


def solve(question: Question) -> Solution | None:
    return BOOK.solve(question)
