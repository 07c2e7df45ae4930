"""Times of day: what lies between two, what comes before or after."""

import re

from tinyllm.solvers.mathematics.answers import Answer
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import query

DAY = 24 * 60
_TIME = re.compile(
    r"(\d{1,2})(?::(\d\d))?\s*([ap])\.?m\.?|(\d{1,2}):(\d\d)|(noon|midday)|(midnight)", re.IGNORECASE
)
_SPAN = re.compile(
    r"(?:(?P<hours>\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten) ?(?:hours?|hrs?|h))?(?: ?(?:and |, )?(?P<minutes>\d+|half an?|thirty|forty|twenty|ten|fifteen|five) ?(?:minutes?|mins?|min|m|hour))?",
    re.IGNORECASE,
)


def minutes_of(text: str) -> int:
    """Minutes since midnight."""
    match = _TIME.fullmatch(text.strip().rstrip("."))
    if match is None:
        return unclear(f"{text} is no time of day")
    hour, minute, half, hour24, minute24, noon, _ = match.groups()
    if hour:
        if not 1 <= int(hour) <= 12 or int(minute or 0) > 59:
            unclear(f"{text} is no time of day")
        return int(hour) % 12 * 60 + int(minute or 0) + (720 if half.lower() == "p" else 0)
    if hour24:
        return int(hour24) * 60 + int(minute24) if int(hour24) < 24 and int(minute24) < 60 else unclear(text)
    return 720 if noon else 0


def told(minutes: int, *, like: str) -> str:
    """A time of day, on the dial that the question used."""
    minutes %= DAY
    if re.search(r"m\b|noon|midnight", like, re.IGNORECASE):
        return f"{minutes // 60 % 12 or 12}:{minutes % 60:02d} {'AM' if minutes < 720 else 'PM'}"
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def span(minutes: int) -> str:
    """`5 hours 23 minutes`."""
    parts = [(minutes // 60, "hour"), (minutes % 60, "minute")]
    return " ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n) or "0 minutes"


def _between(say: Reading, a: str, b: str) -> int:
    start, end = minutes_of(a), minutes_of(b)
    if (":" in a and "m" not in a.lower()) != (":" in b and "m" not in b.lower()):
        unclear("two dials")
    if end < start < 13 * 60 and end < 13 * 60 and not re.search(r"m|noon|^0", f"{a.lower()}|{b.lower()}"):
        unclear("`9:40 to 3:03` may end in the afternoon, or the next night")
    total = (end - start) % DAY
    say.note(f"from {a} to {b}{' the next day' if end < start else ''}: {span(total)} = {total} minutes")
    return total


@query(
    "how many minutes (are there|are|is it|lie|pass|elapse) (between|from) {a:time} (and|to|until|till) {b:time}",
    "how many minutes (between|from) {a:time} (and|to|until|till) {b:time}",
    "<ask> number of minutes (between|from) {a:time} (and|to|until|till) {b:time}",
)
def minutes_between(say: Reading, a: str, b: str) -> Answer:
    total = _between(say, a, b)
    return Answer(f"{total} minutes", str(total))


@query(
    "how many hours [and minutes] (are there|are|is it|pass) (between|from) {a:time} (and|to|until|till) {b:time}",
    "how many hours [and minutes] (between|from) {a:time} (and|to|until|till) {b:time}",
)
def hours_between(say: Reading, a: str, b: str) -> Answer:
    total = _between(say, a, b)
    from fractions import Fraction

    return Answer(span(total), str(Fraction(total, 60)))


@query(
    "how (long|much time) (is it|is there|is|passes) (between|from) {a:time} (and|to|until|till) {b:time}",
    "how much time (is there|passes|elapses|is) (between|from) {a:time} (and|to|until|till) {b:time}",
    "<ask> (time|difference|duration|time difference|elapsed time) (between|from) {a:time} (and|to|until|till) {b:time}",
)
def time_between(say: Reading, a: str, b: str) -> Answer:
    total = _between(say, a, b)
    return Answer(span(total), f"{total} minutes")


@query(
    "<ask> [the time] {d:span} after {a:time}",
    "what time (is it|will it be|is) {d:span} after {a:time}",
    "<ask> {a:time} plus {d:span}",
    "add {d:span} to {a:time}",
)
def after(say: Reading, d: int, a: str) -> Answer:
    return _moved(say, a, d)


@query(
    "<ask> [the time] {d:span} before {a:time}",
    "what time (is it|was it|is) {d:span} before {a:time}",
    "<ask> {a:time} minus {d:span}",
    "subtract {d:span} from {a:time}",
)
def before(say: Reading, d: int, a: str) -> Answer:
    return _moved(say, a, -d)


def _moved(say: Reading, a: str, by: int) -> Answer:
    text = told(minutes_of(a) + by, like=a)
    say.note(f"{a} {'+' if by > 0 else '-'} {span(abs(by))} = {text}")
    return Answer(text, text)


_WORDS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "half a": 30,
    "half an": 30,
}


def length(text: str) -> int:
    """`1 hour and 20 minutes` in minutes."""
    match = _SPAN.fullmatch(text.strip())
    if match is None or not any(match.groupdict().values()):
        return unclear(f"{text} is no length of time")
    total = 0
    for part, size in (("hours", 60), ("minutes", 1)):
        word = (match[part] or "0").lower()
        total += size * (int(word) if word.isdigit() and len(word) < 8 else _WORDS.get(word) or unclear(text))
    return total
