"""Plain data as a template sees it: what it is called, how it reads as text, how much of it there is."""

import json
from collections.abc import Iterator, Mapping

TEXT = 1_000_000
WHOLE = 2**63
ABSENT = object()  # in place of a value, where nothing is


class Wrong(Exception):
    """A value that an operation cannot work on; the evaluator turns it into an error with a place."""

    def __init__(self, message: str, hint: str = "", code: str = "TEMPLATE_TYPE") -> None:
        super().__init__(message)
        self.message, self.hint, self.code = message, hint, code


def called(value: object) -> str:
    """What a person calls this type of value."""
    names = {
        bool: "true or false",
        str: "text",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a mapping",
    }
    return "nothing (none)" if value is None else names.get(type(value), f"a {type(value).__name__}")


def number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def bounded(value: int | float) -> int | float:
    """The number, when a state can hold it."""
    if isinstance(value, int):
        fits = -WHOLE <= value < WHOLE
    else:
        fits = value - value == 0
    if not fits:
        raise Wrong("the number is too large to hold", "keep numbers within 64 bits", "TOO_LARGE")
    return value


def small(length: int) -> None:
    """Refuse a text that would become this long, before it is made."""
    if length > TEXT:
        raise Wrong(f"the text would be longer than {TEXT:,} characters", "cut it before", "TOO_LARGE")


def text(value: object) -> str:
    """How a value reads in a prompt."""
    if isinstance(value, str):
        return value
    if value is not None and not isinstance(value, bool | int | float | list | dict | Mapping):
        raise Wrong(f"{called(value)} is not plain data")
    try:
        shown = str(value)
    except (ValueError, RecursionError) as error:
        raise Wrong("too large to write out", code="TOO_LARGE") from error
    small(len(shown))
    return shown


def as_json(value: object, indent: int | None = None) -> str:
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except (TypeError, ValueError, RecursionError) as error:
        raise Wrong(f"cannot be written as JSON: {error}") from error
    small(len(written))
    return written


def weights(value: object) -> Iterator[int]:
    """What working through all of a value costs, piece by piece, so that the payer can stop."""
    waiting = [value]
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, str):
            yield 1 + len(piece) // 64
        elif isinstance(piece, list):
            yield 1 + len(piece)
            waiting.extend(piece)
        elif isinstance(piece, dict):
            yield 1 + 2 * len(piece)
            waiting.extend(piece)
            waiting.extend(piece.values())
