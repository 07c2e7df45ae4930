"""JSON and times as a Go program writes them."""

import json
import re
from datetime import UTC, datetime
from typing import Any

_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_SPACE = " \t\r\n"


def encode(value: Any) -> bytes:
    """One JSON value, compact, with the letters that Go escapes. They can only stand inside strings."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPES).encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()


def _plain(value: Any) -> Any:
    # Go prints a whole float without its fraction.
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def present(**fields: Any) -> dict[str, Any]:
    """Only the fields that say something, like `omitempty`."""
    return {name: value for name, value in fields.items() if value not in (None, "", 0, False, [], {}, ())}


def timestamp(nanoseconds: int) -> str:
    """RFC 3339 with nanoseconds, in UTC, without trailing zeros."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def local_timestamp(nanoseconds: int) -> str:
    """The same with the offset of this machine."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    moment = datetime.fromtimestamp(seconds, UTC).astimezone()
    offset = f"{moment:%z}"
    zone = "Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{zone}"


def complaint(body: bytes, failure: ValueError) -> str:
    """What Go's decoder says about text that is not JSON."""
    text = body.decode("utf-8", "replace")
    position = getattr(failure, "pos", 0)
    if position >= len(text.rstrip(_SPACE)) or str(failure).startswith("Unterminated string"):
        return "unexpected EOF"
    letter = text[position]
    where = "looking for beginning of value"
    if "property name" in str(failure):
        where = "looking for beginning of object key string"
    elif "':'" in str(failure):
        where = "after object key"
    elif "','" in str(failure):
        where = "after array element" if _in_array(text[:position]) else "after object key:value pair"
    elif "Extra data" in str(failure):
        where = "after top-level value"
    return f"invalid character {letter!r} {where}"


def _in_array(text: str) -> bool:
    return text.rfind("[") > text.rfind("{")


def kind(value: Any) -> str:
    """What Go calls the type of a JSON value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return "array" if isinstance(value, list) else "object"


def quoted(text: str) -> str:
    """A string in double quotes, as %q prints it."""
    return json.dumps(text, ensure_ascii=False)


_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> float | None:
    """The seconds of a Go duration such as "1h30m"; nothing when it is none."""
    sign = -1.0 if text.startswith("-") else 1.0
    rest = text.lstrip("+-")
    if rest == "0":
        return 0.0
    parts = re.findall(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)", rest)
    if not parts or "".join(number + unit for number, unit in parts) != rest:
        return None
    return sign * sum(float(number) * _UNITS[unit] for number, unit in parts)
