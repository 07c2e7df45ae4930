"""Questions about the calendar itself: leap years, lengths of months, places of a day in its year, named weekdays."""

from calendar import isleap, monthrange
from datetime import date, timedelta

from tinyllm.solvers import calendar
from tinyllm.solvers.calendar import MONTHS, WEEKDAYS, suffix, written
from tinyllm.solvers.numbers import integer
from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "year": r"\d{4}",
        "month": "|".join(MONTHS),
        "day": "|".join(WEEKDAYS),
        "days": "|".join(f"{name}s" for name in WEEKDAYS),
        "nth": r"\d{1,3}(?:st|nd|rd|th)|first|second|third|fourth|fifth|last",
        "kind": "leap|common|non-leap|regular|normal",
        "way": "after|following|before|preceding",
        "both": r"\(?(?:inclusive|inclusively|exclusive|including both|excluding both)\)?",
    }
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}


def _solution(answer: str, value: object, *steps: str) -> Solution:
    return Solution(answer, value, steps, "dates")


def _amount(count: int, unit: str, *steps: str) -> Solution:
    return _solution(f"{count} {unit}{'' if count == 1 else 's'}", str(count), *steps)


def _on(day: date, *steps: str) -> Solution:
    return _solution(written(day), day.isoformat(), *steps)


def _year(text: str) -> int:
    return integer(text, least=1583, most=9998)


def _days(year: int) -> int:
    return 366 if isleap(year) else 365


def _why(year: int) -> str:
    for divisor, leap in ((400, True), (100, False), (4, True)):
        if year % divisor == 0:
            return f"{year} is divisible by {divisor}: {'a leap year' if leap else 'not a leap year'}"
    return f"{year} is not divisible by 4: not a leap year"


@BOOK.says(
    "(is|was|will) [the] [year] {year} [be] [a] leap year",
    "does [the] [year] {year} have (a february 29|366 days|a leap day|a 29th of february)",
)
def _leap(found: Found) -> Solution | None:
    year = _year(found["year"])
    return _solution("yes" if isleap(year) else "no", isleap(year), _why(year))


@BOOK.says(
    "how many days (are|were|will be) [there] in [the] [year] {year}",
    "how many days (does|did|will) [the] [year] {year} have",
    "number of days in [the] [year] {year}",
    "how many days [are|were] [there] in [the] [month] [of] {month} [in|of] [the] [year] [{year}]",
    "how many days (does|did|will) [the] [month] [of] {month} [of] [{year}] have [in] [{year}]",
    "how many days has {month} [in] [{year}]",
    "number of days in [the] [month] [of] {month} [in|of] [{year}]",
)
def _length(found: Found) -> Solution | None:
    if "month" not in found:
        year = _year(found["year"])
        return _amount(_days(year), "day", _why(year))
    month = calendar.month(found["month"])
    if "year" not in found and month == 2:
        raise Unsure("28 or 29")
    year = _year(found.get("year", "2023"))
    return _amount(monthrange(year, month)[1], "day", *([_why(year)] if month == 2 else []))


@BOOK.says(
    "how many days [are|does|has] [there] [in] [a|the] {kind} year [have]",
    "number of days in [a] {kind} year",
)
def _kind(found: Found) -> Solution | None:
    return _amount(366 if found["kind"].lower() == "leap" else 365, "day")


@BOOK.says(
    "(next|first) leap year {way} {year}",
    "(what|which) year (is|was) [the] (next|first) leap year {way} {year}",
)
def _next_leap(found: Found) -> Solution | None:
    year, step = _year(found["year"]), 1 if found["way"].lower() in ("after", "following") else -1
    leap = next(y for y in range(year + step, year + 9 * step, step) if isleap(y))
    return _solution(str(leap), str(leap), _why(leap))


@BOOK.says(
    "how many leap years (are|were|is) [there] (between|from) {year} (and|to) {year2} [{both}]",
    "number of leap years (between|from) {year} (and|to) {year2} [{both}]",
)
def _leaps(found: Found) -> Solution | None:
    first, last = _year(found["year"]), _year(found["year2"])
    if first > last or ("both" not in found and (isleap(first) or isleap(last))):
        raise Unsure("do the ends count?")
    leaps = [year for year in range(first, last + 1) if isleap(year)]
    if found.get("both", "").lower().strip("()").startswith("ex"):
        leaps = [year for year in leaps if year not in (first, last)]
    return _amount(
        len(leaps), "leap year", ", ".join(map(str, leaps[:12])) + (", …" if len(leaps) > 12 else "")
    )


@BOOK.says(
    "(what|which) (day|day number) of [the] year (is|was|will be) [it on] {date}",
    "[(what|which) is the] (day of the year|day number|ordinal day|ordinal date|day.of.year) [number] (of|for|on) {date}",
    "{date} is (what|which) day of the year",
)
def _place(found: Found) -> Solution | None:
    day = calendar.day(found["date"])
    place = day.timetuple().tm_yday
    return _solution(str(place), str(place), f"{written(day)} is day {place} of {_days(day.year)}")


@BOOK.says(
    "(what|which) (date|day) (is|was|will be) [the] {nth} day (of|in) [the] [year] {year}",
    "[date of] [the] {nth} day (of|in) [the] [year] {year}",
    "(what|which) date is day [number] {nth} (of|in) [the] [year] {year}",
)
def _at_place(found: Found) -> Solution | None:
    year, place = _year(found["year"]), _nth(found["nth"])
    if not 1 <= place <= _days(year):
        raise Unsure("no such day")
    return _on(date(year, 1, 1) + timedelta(days=place - 1), f"January 1 + {place - 1} days")


def _nth(text: str) -> int:
    text = text.lower()
    if text in _ORDINALS:
        return _ORDINALS[text]
    place = integer(text[:-2] if text[-1].isalpha() else text)
    if text[-1].isalpha() and text[-2:] != suffix(place):
        raise Unsure(text)
    return place


@BOOK.says(
    "how many days (are|were|will be) (left|remaining) in [the] [year] [{year}] (after|on|from) {date}",
    "how many days (are|were) [there] (left|remaining) in [the] year after {date}",
    "how many days remain in [the] [year] [{year}] after {date}",
)
def _left(found: Found) -> Solution | None:
    day = calendar.day(found["date"])
    if "year" in found and int(found["year"]) != day.year:
        raise Unsure("another year")
    return _amount(_days(day.year) - day.timetuple().tm_yday, "day", f"{written(day)} is not counted")


@BOOK.says(
    "(what|which) (iso week|iso week number|iso calendar week|iso 8601 week|iso 8601 week number) [number] "
    "(is|was|does|contains|will be) {date} [in|fall in|belong to]",
    "(iso week|iso week number|iso 8601 week|iso 8601 week number|iso calendar week) [number] (of|for) {date}",
    "[in] (what|which) iso [8601] week [number] (is|was|does|did) {date} [in|fall|fall in]",
)
def _week(found: Found) -> Solution | None:
    day = calendar.day(found["date"])
    year, week, _ = day.isocalendar()
    return _solution(f"week {week} of {year}", str(week), f"{written(day)} is {year}-W{week:02}")


@BOOK.says(
    "[(what|which|on what|on which) date (is|was|does|did)] [the] {nth} {day} (of|in) {month} [of|in] {year} [fall|fall on]",
    "when (is|was) [the] {nth} {day} (of|in) {month} [of|in] {year}",
    "(what|which) day is [the] {nth} {day} (of|in) {month} [of|in] {year}",
    "date of [the] {nth} {day} (of|in) {month} [of|in] {year}",
)
def _named(found: Found) -> Solution | None:
    days = _weekdays(found["day"], calendar.month(found["month"]), _year(found["year"]))
    place = len(days) if found["nth"].lower() == "last" else _nth(found["nth"])
    if not 1 <= place <= len(days):
        raise Unsure("no such day")
    return _on(days[place - 1])


@BOOK.says(
    "[(what|which) (date|day) is] [the] last day (of|in) [the] [month] [of] {month} [of|in] {year}",
    "last day (of|in) [the] month (of|for|in) {month} [of|in] {year}",
)
def _month_end(found: Found) -> Solution | None:
    year, month = _year(found["year"]), calendar.month(found["month"])
    return _on(date(year, month, monthrange(year, month)[1]))


@BOOK.says(
    "how many months (are|is|were) [there|it] (between|from) {month} [of] {year} (and|to|until) {month2} [of] {year2}",
    "number of months (between|from) {month} [of] {year} (and|to|until) {month2} [of] {year2}",
    "how many years (are|is|were) [there|it] (between|from) {year} (and|to|until) {year2}",
    "how many years (between|from|passed between|passed from) {year} (and|to|until) {year2}",
    "number of years (between|from) {year} (and|to|until) {year2}",
)
def _apart(found: Found) -> Solution | None:
    years = _year(found["year2"]) - _year(found["year"])
    months = calendar.month(found["month2"]) - calendar.month(found["month"]) if "month" in found else 0
    if years * 12 + months < 0:
        raise Unsure("backwards")
    return _amount(years * 12 + months, "month") if "month" in found else _amount(years, "year")


@BOOK.says(
    "how many {days} (are|were|will be) [there] in {month} [of|in] {year}",
    "how many {days} (does|did|will) {month} {year} have",
    "number of {days} in {month} [of|in] {year}",
)
def _count(found: Found) -> Solution | None:
    days = _weekdays(found["days"][:-1], calendar.month(found["month"]), _year(found["year"]))
    return _solution(str(len(days)), str(len(days)), ", ".join(day.isoformat() for day in days))


def _weekdays(name: str, month: int, year: int) -> list[date]:
    wanted = WEEKDAYS.index(name.capitalize())
    every = (date(year, month, n) for n in range(1, monthrange(year, month)[1] + 1))
    return [day for day in every if day.weekday() == wanted]


@BOOK.says(
    "(what|which) month (comes|is|immediately) [right|immediately|directly] {way} {month}",
    "month [right] {way} {month}",
)
def _month(found: Found) -> Solution | None:
    step = 1 if found["way"].lower() in ("after", "following") else -1
    name = MONTHS[(calendar.month(found["month"]) - 1 + step) % 12]
    return _solution(name, name)


def solve(question: Question) -> Solution | None:
    return BOOK.solve(question)
