"""Values made fit to be kept: what a database or a checkpoint cannot hold is put right before it enters the state."""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from tinyllm.errors import Invalid

DEEPEST = 100
WIDEST = 1 << 63  # 64 bits with a sign; PostgreSQL and msgpack hold no more
REPLACEMENT = "�"
compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def plain_text(text: str) -> str:
    """Without lone surrogates, which no encoding holds, and without NUL, which PostgreSQL refuses."""
    if text.isascii():
        return text.replace("\0", REPLACEMENT) if "\0" in text else text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", REPLACEMENT)


def plain(value: Any, depth: int = 0) -> Any:
    """The same value as JSON has it: a copy, so that nobody changes what was already filed."""
    kind = type(value)
    if kind is str:
        return plain_text(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is dict and depth < DEEPEST:
        return {plain_text(str(key)): plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, str):
        return plain_text(str(value))
    if isinstance(value, int):
        # As text it keeps every digit; as a float it would quietly lose some.
        return int(value) if -WIDEST <= value < WIDEST else str(value)
    if isinstance(value, float):
        return value
    if depth >= DEEPEST:
        raise Invalid(f"a value is nested deeper than {DEEPEST} levels", code="VALUE_TOO_DEEP")
    return _container(value, depth + 1)


def _container(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {plain_text(str(key)): plain(each, depth) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each, depth) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(each, depth) for each in value), key=repr)
    if isinstance(value, (bytes, bytearray)):
        return plain_text(bytes(value).decode("utf-8", "replace"))
    if hasattr(value, "model_dump"):
        return plain(value.model_dump(mode="json"), depth)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value), depth)
    raise Invalid(
        f"a {type(value).__name__} cannot be kept",
        hint="return text, numbers, lists and dicts",
        code="VALUE_NOT_PLAIN",
    )


def from_json(text: str) -> Any:
    """What JSON says; numbers that it does not have, or that no float holds, are a ValueError like any fault."""
    return json.loads(text, parse_constant=_no_number, parse_float=_finite)


def _finite(text: str) -> float:
    return number if math.isfinite(number := float(text)) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def preview(value: Any, most: int) -> Any:
    """A plain value; of one that is longer, how it begins."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else compact(value)
    return value if len(text) <= most else f"{text[:most]}…"


def as_text(value: Any) -> str:
    """An answer as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
