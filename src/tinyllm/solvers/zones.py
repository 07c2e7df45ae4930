"""What time it is elsewhere: between two places at a stated moment, and the seconds of Unix."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

from tinyllm.solvers import calendar, clocks
from tinyllm.solvers.clocks import Style, Time
from tinyllm.solvers.numbers import exact, integer
from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.places import ahead, honest, local, titled, zone
from tinyllm.solvers.solution import Question, Solution

BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "place": r"(?:(?:utc|gmt) ?[+-]\d{1,2}(?::?\d\d)?|[a-zéãü][a-zéãü./_'-]*(?: [a-zéãü./_'-]+){0,3}?)",
        "way": "ahead|behind|in front",
        "seconds": r"-?\d{1,12}",
    },
    {
        "when": "({clock} [on] {date}|{date} [at] {clock}|{moment}|{clock})",
        "what": "([the] time|(what's|what is) [the] time|(what|which) time (is it|will it be|was it|would it be|is that|is this|is))",
        "is": "(is it|it is|it's|it was|it will be|its)",
        "unix": "(unix|epoch|posix) [(timestamp|time|epoch|time stamp)]",
    },
)


def _solution(answer: str, value: object, *steps: str) -> Solution:
    return Solution(answer, value, steps, "dates")


@BOOK.says(
    "<what> in {place2} (when|if) <is> <when> in {place} [on {date}]",
    "<what> in {place2} (when|if) <is> <when> {place} [time] [on {date}]",
    "(when|if) <is> <when> in {place} [on {date}] [then] <what> in {place2}",
    "(when|if) <is> <when> {place} [time] [on {date}] [then] <what> in {place2}",
    "(convert|change|translate) <when> [in] {place} [time] [on {date}] (to|into) {place2} [time]",
    "<when> [in] {place} [time] [on {date}] (in|to|into|is what time in) {place2} [time]",
    "what (is|time is|was) <when> [in] {place} [time] [on {date}] in {place2} [time] [on {date}]",
    "<when> [in] {place} [time] (in|to) {place2} [time] on {date}",
    "<what> <when> [in] {place} [time] [on {date}] in {place2} [time]",
    "<is> <when> in {place} [on {date}] <what> in {place2}",
    "(what|which) time in {place2} is <when> [in] {place} [time] [on {date}]",
    "at <when> [in] {place} [time] [on {date}] [then] <what> in {place2}",
    "<what> in {place2} at <when> [in] {place} [time] [on {date}]",
)
def _elsewhere(found: Found) -> Solution | None:
    here, there = found["place"], found["place2"]
    clock, day = _when(found)
    start = local(clocks.midnight(day or date(2025, 1, 15)) + timedelta(seconds=clock.seconds), here)
    if day is None:
        shift = ahead(there, here, None)
        moment = start + shift
    else:
        moment = honest(honest(start, here).astimezone(zone(there)), there)
    days = (moment.date() - start.date()).days
    style: Style = "half" if clock.style in ("half", "named") else "full"
    shown = str(Time(moment.hour * 3600 + moment.minute * 60 + moment.second, style))
    step = f"{titled(here)} is {_offset(start)}, {titled(there)} is {_offset(moment)}"
    if day is None:
        when = {0: "", 1: " the next day", -1: " the day before"}[days]
        return _solution(
            f"{shown}{when} in {titled(there)}", shown, f"{titled(there)} is ahead by {_hours(shift)}"
        )
    when = calendar.written(moment.date())
    return _solution(f"{shown} on {when} in {titled(there)}", moment.isoformat(timespec="minutes"), step)


def _when(found: Found) -> tuple[Time, date | None]:
    if "moment" in found:
        moment = clocks.moment(found["moment"])
        return Time(moment.hour * 3600 + moment.minute * 60 + moment.second, "full"), moment.date()
    return clocks.time(found["clock"]), calendar.day(found["date"]) if "date" in found else None


def _offset(moment: datetime) -> str:
    return f"UTC{moment:%z}"[:6] + ":" + f"{moment:%z}"[3:5]


def _hours(shift: timedelta) -> str:
    minutes = int(shift.total_seconds()) // 60
    return f"{'-' if minutes < 0 else ''}{calendar.length(abs(minutes) * 60)}"


@BOOK.says(
    "time [zone] difference [in hours] between {place} and {place2} [on {date}]",
    "difference in time between {place} and {place2} [on {date}]",
    "how many hours (apart are|are between) {place} and {place2} [on {date}]",
    "how (many hours|far) {way} [of] {place2} is {place} [on {date}]",
    "how (many hours|far) {way} is {place} [of|from] {place2} [on {date}]",
    "how (many hours|far) is {place} {way} [of] {place2} [on {date}]",
)
def _difference(found: Found) -> Solution | None:
    day = calendar.day(found["date"]) if "date" in found else None
    shift = ahead(found["place"], found["place2"], day)
    way = found.get("way", "").lower()
    if way and (not shift or (way == "behind") != (shift < timedelta())):
        raise Unsure("it is the other way round")
    first, second = titled(found["place"]), titled(found["place2"])
    fact = f"{first} is {'ahead of' if shift > timedelta() else 'behind' if shift else 'level with'} {second}"
    return _solution(
        f"{calendar.length(abs(shift).seconds)} ({fact})", exact(Fraction(abs(shift).seconds, 3600)), fact
    )


@BOOK.says(
    "(utc|gmt) offset (of|in|for) {place} [on {date}]",
    "offset (of|in|for) {place} from (utc|gmt) [on {date}]",
    "(what|which) (utc|gmt) offset (is|does) {place} [use|have|in|on] [on {date}]",
)
def _utc_offset(found: Found) -> Solution | None:
    day = calendar.day(found["date"]) if "date" in found else None
    shift = ahead(found["place"], "utc", day)
    text = _offset(datetime(2025, 1, 1, tzinfo=timezone(shift)))
    return _solution(text, text[3:])


@BOOK.says(
    "(convert|translate|change) [the] <unix> {seconds} (to|into) [a|an] [utc] "
    "[(date|datetime|human readable date|human-readable date|date and time|readable date|iso 8601|utc date|utc time|iso date)] [in] [utc]",
    "(what|which) (date|time|date and time|moment|datetime|day) (is|does|corresponds to|was) [the] <unix> {seconds} "
    "[represent|correspond to|in utc|utc]",
    "[(date|date and time|datetime|utc time|utc date)] [(of|for)] [the] <unix> {seconds} [(in|as) (utc|a date|date|utc time)]",
)
def _from_unix(found: Found) -> Solution | None:
    seconds = integer(found["seconds"], least=-(10**9), most=10**11)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return _solution(
        f"{calendar.written(moment.date())}, {moment:%H:%M:%S} UTC",
        f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        f"1970-01-01 + {seconds} s",
    )


@BOOK.says(
    "<unix> (of|for|at) ({moment}|{date}) [in] {place}",
    "(convert|translate) ({moment}|{date}) [in] {place} (to|into) [a] <unix>",
    "({moment}|{date}) [in] {place} (as|in|to) [a] <unix>",
)
def _to_unix(found: Found) -> Solution | None:
    naive = (
        clocks.moment(found["moment"]) if "moment" in found else clocks.midnight(calendar.day(found["date"]))
    )
    moment = honest(local(naive, found["place"]), found["place"])
    seconds = str(int(moment.timestamp()))
    return _solution(seconds, seconds, f"seconds from 1970-01-01 UTC to {moment.isoformat()}")


def solve(question: Question) -> Solution | None:
    return BOOK.solve(Question(re.sub(r"(?<=\d)Z\b", " UTC", question.text)))
