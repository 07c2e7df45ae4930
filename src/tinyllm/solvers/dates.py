"""Questions about days of the calendar: between, before, after, weekdays, weeks, leap years.

Nothing here knows what day it is today. Dates are Gregorian and carry their year; `3/4/2026` is declined because it
is two days. A month later is the same day number or nothing. Business days are Monday to Friday, without holidays.
"""

from datetime import date, timedelta
from fractions import Fraction

from tinyllm.solvers import calendar
from tinyllm.solvers.calendar import WEEKDAYS, written
from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

_NEAR = {
    "the day before yesterday": -2,
    "yesterday": -1,
    "today": 0,
    "tomorrow": 1,
    "the day after tomorrow": 2,
}
BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "day": "|".join(WEEKDAYS),
        "weekday": "|".join([*WEEKDAYS, "weekday", "weekend"]),
        "unit": "days?|weeks?|months?|years?|(?:business|working|work) ?days?|weekdays?|nights?",
        "both": r"\(?(?:inclusive|inclusively|exclusive|exclusively"
        r"|(?:including|counting|excluding|not (?:including|counting)) "
        r"(?:both (?:dates|days|ends)|(?:both )?(?:the )?(?:start and end|first and last|endpoints?) ?(?:dates?|days?)?))\)?",
        "near": "|".join(_NEAR),
        "end": "first|earlier|last|later",
        "ago": "ago|before|earlier",
        "way": "after|from|following|past|before|prior to|preceding|later than|earlier than|follows|precedes",
    },
    {
        "is": "(is|was|will be|would be|is it|was it|will it be|falls|fell|comes|came|will come)",
        "weekday": "(day of the week|weekday)",
        "to": "(and|to|until|till|through)",
    },
)
_BACK = ("before", "prior to", "preceding", "earlier than", "precedes")


def _solution(answer: str, value: str | bool, *steps: str) -> Solution:
    return Solution(answer, value, steps, "dates")


def _on(day: date, *steps: str) -> Solution:
    return _solution(written(day), day.isoformat(), *steps)


def _yes(fact: bool, *steps: str) -> Solution:
    return _solution("yes" if fact else "no", fact, *steps)


def _amount(count: int, unit: str, *steps: str) -> Solution:
    return _solution(f"{count} {unit}{'' if count == 1 else 's'}", str(count), *steps)


@BOOK.says(
    "how many {unit} (are|is|were|was|will there be) [there] [in] (between|from) {date} <to> {date2} [{both}]",
    "how many {unit} [have|had|will have] [separate|passed|elapsed|lie] (between|from) {date} <to> {date2} [{both}]",
    "[(number|count) of] {unit} (between|from) {date} <to> {date2} [{both}]",
    "how many {unit} (is it|until|till|before|to|after|is) {date2} (from|since|after) {date}",
    "how (long|far) (is it|is|are) [there] (between|from) {date} <to> {date2} [in {unit}]",
    "how (far|many {unit}) apart are {date} and {date2} [in {unit}]",
    "[date|time] difference [in {unit}] between {date} and {date2} [in {unit2}]",
    "(from|between) {date} <to> {date2} [there are] [<asking>] how many {unit} [are there|is it|are]",
)
def _between(found: Found) -> Solution | None:
    first, second = calendar.days(found["date"], found["date2"])
    unit = found.get("unit", found.get("unit2", "days")).lower().rstrip("s")
    if second < first:
        first, second = second, first
    both = found.get("both", "").lower().strip("()")
    ends = 0 if not both else 1 if both.startswith(("inc", "count")) else -1
    step = f"from {written(first)} to {written(second)}"
    if unit in ("day", "night"):
        return _amount(max(0, (second - first).days + ends), unit, step)
    if unit == "week" and not both:
        return _weeks((second - first).days, step)
    if unit in ("month", "year"):
        return _months(first, second, unit) if not both else None
    return _business(first, second, ends, step) if unit != "week" else None


def _weeks(days: int, step: str) -> Solution:
    weeks, rest = divmod(days, 7)
    if not rest:
        return _amount(weeks, "week", step)
    answer = f"{_amount(weeks, 'week').answer} {_amount(rest, 'day').answer}"
    return _solution(answer, str(Fraction(days, 7)), step, f"{days} days")


def _months(first: date, second: date, unit: str) -> Solution:
    months = (second.year - first.year) * 12 + second.month - first.month
    if second.day != first.day or (unit == "year" and months % 12):
        raise Unsure(f"not a whole number of {unit}s")
    return _amount(months if unit == "month" else months // 12, unit)


def _business(first: date, second: date, ends: int, step: str) -> Solution:
    """How many depends on whether the ends count, unless both are on a weekend."""
    if (second - first).days > 100_000:
        raise Unsure("too many days to count")
    on_ends = sum(day.weekday() < 5 for day in {first, second})
    inside = sum((first + timedelta(days=n)).weekday() < 5 for n in range((second - first).days + 1))
    if on_ends and not ends:
        raise Unsure("do the ends count?")
    count = inside if ends > 0 else inside - on_ends
    return _amount(count, "business day", step, "Monday to Friday, holidays not considered")


@BOOK.says(
    "[(what|which) [calendar] (date|day) <is>] [exactly] {span} {way} {date}",
    "(what|which) [calendar] (date|day) {span} {way} {date}",
    "[calendar] (date|day) [that is|that was|which is] [exactly] {span} {way} {date}",
    "[(what|which) (date|day) <is>] [the] (day|date) [immediately|directly] {way} {date}",
    "(what|which) (date|day) [immediately|directly] [comes] {way} {date}",
    "when (is|was|will be) {span} {way} {date}",
    "if (today|it|the date|today's date) is {date} [today] [then] [<asking>] [(what|which) (date|day)] "
    "[<is>] [date] [(will it be|<is>)] [in] {span} [(from|after) (now|today|then)]",
    "{date} (plus|\\+) {span}",
    "(add {span} to|advance {span} from) [date] {date}",
)
def _moved(found: Found) -> Solution | None:
    start, length = calendar.day(found["date"]), calendar.span(found.get("span", "1 day"))
    back = found.get("way", "").lower() in _BACK
    end = (-length if back else length).after(start)
    return _on(end, f"{written(start)} {'-' if back else '+'} {found.get('span', '1 day')}")


@BOOK.says(
    "{date} (minus|-) {span}",
    "(subtract|take) {span} from [date] {date}",
    "if (today|it|the date|today's date) is {date} [today] [then] <asking> [(what|which) (date|day)] "
    "(was|was it|date was|is|was the date) {span} (ago|before|earlier)",
)
def _moved_back(found: Found) -> Solution | None:
    start = calendar.day(found["date"])
    return _on(
        (-calendar.span(found["span"])).after(start), f"{written(start)} - {found.get('span', '1 day')}"
    )


@BOOK.says(
    "[on] (what|which) (day|<weekday>) (is|was|will be|would be) [it] [on] {date} [on]",
    "[on] (what|which) (day|<weekday>) (does|did|will|would) {date} (fall|land|occur|happen|be) [on]",
    "(what|which) (day|<weekday>) (falls|fell) on {date}",
    "{date} (is|was|falls on|fell on|will be) [on] (what|which) (day|<weekday>)",
    "(day|<weekday>) (of|for|on) {date}",
    "<weekday> {date} (is|was|falls on|fell on|fell|falls|will be) [on]",
)
def _weekday(found: Found) -> Solution | None:
    return _named(calendar.day(found["date"]))


@BOOK.says(
    "[on] (what|which) <weekday> <is> [it] {span} {way} {date}",
    "<weekday> [that is] {span} {way} {date}",
    "if (today|it|today's date) is {date} [today] [then] [<asking>] (what|which) <weekday> <is> [it] [in] {span} "
    "[(from|after) (now|today)]",
)
def _weekday_moved(found: Found) -> Solution | None:
    moved = _moved(found)
    return _named(date.fromisoformat(str(moved.value)), *moved.steps) if moved else None


def _named(day: date, *steps: str) -> Solution:
    name = WEEKDAYS[day.weekday()]
    return _solution(name, name, *steps, f"it is {written(day)}")


@BOOK.says(
    "(is|was|will) {date} [be] [on] [a|an] {weekday}",
    "(does|did|will) {date} (fall|land) on [a|an|the] {weekday}",
)
def _is_weekday(found: Found) -> Solution | None:
    day, name = calendar.day(found["date"]), found["weekday"].capitalize()
    kinds = {"Weekend": day.weekday() > 4, "Weekday": day.weekday() < 5}
    return _yes(kinds.get(name, WEEKDAYS[day.weekday()] == name), f"it is {written(day)}")


@BOOK.says(
    "[(what|which) (day|<weekday>) <is>] {span} {way} [a] {day}",
    "[(what|which) (day|<weekday>)] [<is>] [one] [the] [day] [immediately|directly|right] {way} [a] {day}",
)
def _after_weekday(found: Found) -> Solution | None:
    return _later(found["day"], _days(found) * (-1 if found.get("way", "").lower() in _BACK else 1))


@BOOK.says(
    "if {near} (is|was|will be|were|'s) [a] {day} [then] [<asking>] (what|which) (day|<weekday>) <is> [it|the day] "
    "({near2}|[in] {span} [(from|after) (now|today)]|{span} {ago})",
    "(what|which) (day|<weekday>) <is> [it] ({near2}|[in] {span} [(from|after) (now|today)]|{span} {ago}) "
    "if {near} (is|was|will be|were) [a] {day}",
)
def _reckoned(found: Found) -> Solution | None:
    days = _NEAR[found["near2"].lower()] if "near2" in found else _days(found) * (-1 if "ago" in found else 1)
    if found["near"].lower() != "today" and "near2" not in found:
        raise Unsure("counted from which day?")
    return _later(found["day"], days - _NEAR[found["near"].lower()])


def _days(found: Found) -> int:
    length = calendar.span(found.get("span", "1 day"))
    if length.seconds % 86_400 or not length.exact:
        raise Unsure("not a number of days")
    return int(length.seconds) // 86_400


def _later(name: str, days: int) -> Solution:
    answer = WEEKDAYS[(WEEKDAYS.index(name.capitalize()) + days) % 7]
    return _solution(answer, answer, f"{days} days, which is {days % 7} past whole weeks")


@BOOK.says("(is|was) {date} {way} {date2}", "(does|did) {date} (come|fall) {way} {date2}")
def _compared(found: Found) -> Solution | None:
    first, second, way = calendar.day(found["date"]), calendar.day(found["date2"]), found["way"].lower()
    if way in ("from", "past"):
        raise Unsure("not an order")
    return _yes(
        first < second if way in _BACK else first > second, f"{first.isoformat()} and {second.isoformat()}"
    )


@BOOK.says("(which|what) [date] (is|was|comes|came) {end} {date} or {date2}")
def _first(found: Found) -> Solution | None:
    days = sorted([calendar.day(found["date"]), calendar.day(found["date2"])])
    return _on(days[0] if found["end"].lower() in ("first", "earlier") else days[1])


@BOOK.says(
    "how many days old (is|was|will) (someone|a person|somebody) [who was|who is] born on {date} [be] on {date2}"
)
def _days_old(found: Found) -> Solution | None:
    born, on = calendar.day(found["date"]), calendar.day(found["date2"])
    return _amount((on - born).days, "day") if born <= on else None


@BOOK.says(
    "how old (is|was|will be|would be) (someone|a person|somebody) [who was|who is] born on {date} [be] on {date2}",
    "how old (will|would) (someone|a person|somebody) [who was|who is] born on {date} be on {date2}",
    "age on {date2} of (someone|a person|somebody) [who was] born on {date}",
)
def _age(found: Found) -> Solution | None:
    born, on = calendar.day(found["date"]), calendar.day(found["date2"])
    if on < born or (born.month, born.day) == (2, 29):
        raise Unsure("not born yet, or on a leap day")
    return _amount(on.year - born.year - ((on.month, on.day) < (born.month, born.day)), "year")


def solve(question: Question) -> Solution | None:
    return BOOK.solve(question)
