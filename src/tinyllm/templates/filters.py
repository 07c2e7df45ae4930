"""What `x | …` can do. The annotations are checked: a filter never sees a value of another type."""

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from tinyllm.documents import read
from tinyllm.errors import GraphError
from tinyllm.templates.operators import compare
from tinyllm.templates.plain import ABSENT, Wrong, as_json, bounded, number, small, text

Filter: TypeAlias = Callable[..., object]
FILTERS: dict[str, Filter] = {}

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


def _filter(function: Filter) -> Filter:
    FILTERS[function.__name__.strip("_")] = function
    return function


@_filter
def lower(value: str) -> str:
    return value.lower()


@_filter
def upper(value: str) -> str:
    return value.upper()


@_filter
def capitalize(value: str) -> str:
    return value.capitalize()


@_filter
def title(value: str) -> str:
    return value.title()


@_filter
def trim(value: str, characters: str = " \t\r\n\f\v") -> str:
    return value.strip(characters)


@_filter
def replace(value: str, old: str, new: str) -> str:
    small(len(value) + (value.count(old) if old else len(value) + 1) * len(new))
    return value.replace(old, new)


@_filter
def split(value: str, separator: str = "") -> list[str]:
    """Cut at the separator; without one, at white space."""
    return value.split(separator) if separator else value.split()


@_filter
def lines(value: str) -> list[str]:
    return value.splitlines()


@_filter
def wordcount(value: str) -> int:
    return len(value.split())


@_filter
def contains(value: str | list[object] | dict[str, object], part: object) -> bool:
    return compare("in", part, value)


@_filter
def startswith(value: str, start: str) -> bool:
    return value.startswith(start)


@_filter
def endswith(value: str, end: str) -> bool:
    return value.endswith(end)


@_filter
def truncate(value: str, length: int = 255, end: str = "...") -> str:
    """At most this many characters, cut between words where there is a gap."""
    if len(value) <= length:
        return value
    room = max(length - len(end), 0)
    cut = value[:room]
    return (cut if value[room].isspace() else cut.rsplit(" ", 1)[0]).rstrip() + end


@_filter
def indent(value: str, width: int = 4, first: bool = False) -> str:
    """Move all lines but the first (unless asked) and the blank ones to the right."""
    small(len(value) + (value.count("\n") + 1) * max(width, 0))
    margin = " " * width
    moved = [margin + line if line.strip() else line for line in value.split("\n")]
    return "\n".join(moved if first else [value.split("\n", 1)[0], *moved[1:]])


@_filter
def length(value: str | list[object] | dict[str, object]) -> int:
    return len(value)


@_filter
def first(value: str | list[object]) -> object:
    return _some(value)[0]


@_filter
def last(value: str | list[object]) -> object:
    return _some(value)[-1]


@_filter
def reverse(value: str | list[object]) -> object:
    return value[::-1]


@_filter
def join(value: list[object], separator: str = "", attribute: str = "") -> str:
    words = [text(each) for each in (_each(value, attribute) if attribute else value)]
    small(sum(map(len, words)) + len(separator) * len(words))
    return separator.join(words)


@_filter
def map_(value: list[object], attribute: str) -> list[object]:
    """One part of each mapping of a list."""
    return _each(value, attribute)


@_filter
def sort(value: list[object], reverse: bool = False, attribute: str = "") -> list[object]:
    keys = _comparable(_each(value, attribute) if attribute else value)
    order = sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse)  # type: ignore[arg-type]
    return [value[place] for place in order]


@_filter
def unique(value: list[object]) -> list[object]:
    seen: dict[str, object] = {}
    for each in value:
        seen.setdefault(as_json(each), each)
    return list(seen.values())


@_filter
def sum_(value: list[object]) -> int | float:
    numbers = [each for each in value if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) != len(value):
        raise Wrong("only numbers can be added up", "turn text into numbers with `| int` or `| float`")
    return bounded(sum(numbers))


@_filter
def min_(value: list[object]) -> object:
    return min(_comparable(_some(value)))  # type: ignore[type-var]


@_filter
def max_(value: list[object]) -> object:
    return max(_comparable(_some(value)))  # type: ignore[type-var]


@_filter
def abs_(value: float) -> float:
    return abs(value)


@_filter
def round_(value: float, digits: int = 0) -> float:
    """To a whole number, or to so many digits after the point."""
    return bounded(round(value, max(-18, min(digits, 18))) if digits else round(value))


@_filter
def int_(value: str | float) -> int:
    """The whole part of a number, or of a text that is one."""
    return int(bounded(int(_number(value))))


@_filter
def float_(value: str | float) -> float:
    return float(_number(value))


@_filter
def default(value: object, default_value: object = "", boolean: bool = False) -> object:
    """Fill in for what is not there; with `true` also for what is empty."""
    return default_value if value is ABSENT or (boolean and not value) else value


@_filter
def string(value: object) -> str:
    return text(value)


@_filter
def keys(value: dict[str, object]) -> list[str]:
    return list(value)


@_filter
def values(value: dict[str, object]) -> list[object]:
    return list(value.values())


@_filter
def items(value: dict[str, object]) -> list[list[object]]:
    return [[key, each] for key, each in value.items()]


@_filter
def tojson(value: object, indent: int = 0) -> str:
    return as_json(value, max(0, min(indent, 8)) or None)


@_filter
def fromjson(value: str) -> object:
    try:
        json.loads(value, parse_int=str, parse_float=str)
        document = read(f"[{value}]", "the text")
    except (ValueError, RecursionError) as error:
        raise Wrong(f"the text is not JSON: {error}", "ask the model for JSON with a schema") from error
    except GraphError as error:
        raise Wrong(str(error)) from error
    assert isinstance(document.value, list)
    return document.value[0]


Some = TypeVar("Some", bound="str | list[object]")


def _some(value: Some) -> Some:
    if not value:
        raise Wrong("it is empty", "ask `is empty` before")
    return value


def _each(value: list[object], attribute: str) -> list[object]:
    found = [each[attribute] for each in value if isinstance(each, Mapping) and attribute in each]
    if len(found) != len(value):
        raise Wrong(f"not every item has the part {attribute!r}")
    return found


def _comparable(value: list[object]) -> list[object]:
    if all(map(number, value)) or all(isinstance(each, str) for each in value):
        return value
    raise Wrong("only numbers, or only texts, have an order", "bring the items to one type before")


def _number(value: str | float) -> int | float:
    if not isinstance(value, str):
        return value
    if not _NUMBER.fullmatch(word := value.strip()) or len(word) > 400:
        raise Wrong(f"{value[:60]!r} is not a number", "take the number out of the text before")
    return int(word) if word.lstrip("+-").isdigit() else bounded(float(word))
