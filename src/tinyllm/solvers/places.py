"""The names of places and zones that mean one time zone, and only those."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tinyllm.solvers.phrases import Unsure

_REGIONS = ("Europe", "Asia", "America", "Africa", "Australia", "Pacific", "Atlantic", "Indian")
_NOT_PLACES = {"", "easter", "center", "monterrey"}
"""Words that are more than the city of that name."""

_KNOWN = {
    "America/New_York": "new york city|nyc|washington dc|washington d.c.|boston|philadelphia|miami|atlanta|eastern|et",
    "America/Chicago": "houston|dallas|austin|new orleans|minneapolis",
    "America/Denver": "salt lake city",
    "America/Los_Angeles": "pacific|pt|la|san francisco|seattle|san diego|las vegas|silicon valley|california",
    "America/Toronto": "ottawa",
    "America/Sao_Paulo": "rio de janeiro|brasilia|são paulo",
    "Europe/London": "uk|england|edinburgh|manchester",
    "Europe/Berlin": "germany|munich|hamburg|frankfurt|cologne",
    "Europe/Paris": "lyon|marseille",
    "Europe/Madrid": "barcelona",
    "Europe/Rome": "italy|milan|naples",
    "Europe/Zurich": "switzerland|geneva|zürich",
    "Europe/Istanbul": "turkey|ankara",
    "Europe/Kiev": "kyiv",
    "Europe/Moscow": "saint petersburg|st petersburg",
    "Asia/Kolkata": "india|mumbai|delhi|new delhi|bangalore|bengaluru|chennai|calcutta",
    "Asia/Shanghai": "china|beijing|shenzhen",
    "Asia/Tokyo": "japan|osaka|kyoto|jst",
    "Asia/Seoul": "south korea|korea|kst",
    "Asia/Hong_Kong": "hong kong",
    "Asia/Singapore": "singapore",
    "Asia/Dubai": "uae|abu dhabi",
    "Asia/Ho_Chi_Minh": "ho chi minh city|saigon|hanoi|vietnam",
    "Africa/Cairo": "egypt",
    "Africa/Johannesburg": "south africa|cape town",
    "Australia/Sydney": "canberra",
    "Pacific/Auckland": "wellington",
    "Pacific/Honolulu": "hawaii",
}  # fmt: skip
_PLACES = {name: zone for zone, names in _KNOWN.items() for name in names.split("|")}
_INITIALS = {
    "est": (-5, "America/New_York"), "edt": (-4, "America/New_York"), "cdt": (-5, "America/Chicago"),
    "mdt": (-6, "America/Denver"), "pst": (-8, "America/Los_Angeles"), "pdt": (-7, "America/Los_Angeles"),
    "cet": (1, "Europe/Berlin"), "cest": (2, "Europe/Berlin"), "eet": (2, "Europe/Athens"),
    "eest": (3, "Europe/Athens"), "aest": (10, "Australia/Sydney"), "aedt": (11, "Australia/Sydney"),
    "nzst": (12, "Pacific/Auckland"), "nzdt": (13, "Pacific/Auckland"),
}  # fmt: skip
_OFFSET = re.compile(r"(?:utc|gmt)? ?([+-])(\d{1,2})(?::?([0-5]\d))?")


def zone(text: str) -> tzinfo:
    """The zone that a name means: `Tokyo`, `Europe/Berlin`, `UTC+2`. `CST` and `Portland` mean several: declined."""
    name = " ".join(text.lower().split()).removesuffix(" time").strip()
    if name in ("utc", "gmt", "z", "zulu", "coordinated universal"):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        return _offset(offset[1], int(offset[2]), int(offset[3] or 0))
    if name in _INITIALS:
        return timezone(timedelta(hours=_INITIALS[name][0]))
    return ZoneInfo(_PLACES.get(name) or _listed(name))


def _offset(sign: str, hours: int, minutes: int) -> tzinfo:
    if hours > 14:
        raise Unsure("no such offset")
    return timezone((1 if sign == "+" else -1) * timedelta(hours=hours, minutes=minutes))


@lru_cache(maxsize=256)
def _listed(name: str) -> str:
    """A name of the zone database: `Europe/Berlin`, or its city alone."""
    if name in _NOT_PLACES or not re.fullmatch(r"[a-z][a-z /_'-]{2,40}", name):
        raise Unsure(name)
    spelled = "/".join(_capitalised(part) for part in name.split("/"))
    keys = [spelled] if "/" in spelled else [f"{region}/{spelled}" for region in _REGIONS]
    found = list(filter(_exists, keys))
    if len(found) != 1:
        raise Unsure(name)
    return found[0]


def _capitalised(text: str) -> str:
    words = re.split(r"[ _]", text)
    small = {"es", "of", "au"}
    return "_".join(w if w in small else "-".join(part.capitalize() for part in w.split("-")) for w in words)


def _exists(key: str) -> bool:
    try:
        ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def local(naive: datetime, text: str) -> datetime:
    """That local time at that place, if it exists there exactly once."""
    aware = naive.replace(tzinfo=zone(text))
    if aware.utcoffset() != aware.replace(fold=1).utcoffset():
        raise Unsure("the clocks change then: this time exists twice, or never")
    return aware


def honest(moment: datetime, text: str) -> datetime:
    """`EST` on a day in July is a mistake, or is it?"""
    initials = text.lower().removesuffix(" time").strip()
    if (
        initials in _INITIALS
        and moment.astimezone(ZoneInfo(_INITIALS[initials][1])).utcoffset() != moment.utcoffset()
    ):
        raise Unsure(f"not {text} on that day")
    return moment


def ahead(first: str, second: str, day: date | None) -> timedelta:
    """How far the first place's clocks are ahead, on that day or on all days."""
    here, there = zone(first), zone(second)
    start = datetime(*(day or date(2025, 1, 1)).timetuple()[:3], tzinfo=UTC)
    hours = (0, 12, 24) if day else range(12, 24 * 730, 24)
    found = set()
    for moment in (start + timedelta(hours=hour) for hour in hours):
        one, other = moment.astimezone(here), moment.astimezone(there)
        found.add((one.utcoffset() or timedelta()) - (other.utcoffset() or timedelta()))
        if day:
            honest(one, first), honest(other, second)
    if len(found) > 1:
        raise Unsure("it depends on the day")
    return found.pop()


def titled(text: str) -> str:
    """How the place is written back."""
    return (
        text
        if any(map(str.isupper, text))
        else text.upper()
        if len(text) < 4 or text in _INITIALS
        else text.title()
    )
