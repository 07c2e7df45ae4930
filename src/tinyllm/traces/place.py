"""Where spans may go: an address, or a file that holds nothing but spans; anything else is refused before a run begins."""

import json
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tinyllm.errors import GraphError, TinyError
from tinyllm.redaction import redacted
from tinyllm.settings import Settings
from tinyllm.toolkit.needs import need

STANDARD: Final = "otlp"  # the place that OpenTelemetry's own variables name
SCHEMES: Final = ("http", "https")
BARE: Final = re.compile(r"[\w.-]+:\d+(/.*)?")  # an address without its scheme
LONGEST: Final = 1_000_000  # characters of a first line that are read
FORMS: Final = "an address (http://127.0.0.1:4318), `otlp`, or a file of its own (traces.jsonl)"


def checked(settings: Settings) -> str:
    """The setting, when spans can go there and nothing of somebody else's is written to."""
    place = settings.traces
    try:
        need("opentelemetry.sdk.trace.export", extra="observe")
    except TinyError as failure:
        raise _refusal(settings, failure.message, failure.hint, failure.code) from failure
    if not is_file(place):
        _address(settings, place)
        return place
    if "://" in place:
        raise _refusal(settings, f"traces is {place!r}, and only http and https are spoken", FORMS)
    if BARE.fullmatch(place):
        raise _refusal(
            settings, f"traces is {place!r}: an address begins with http://", f"traces = http://{place}"
        )
    _file(settings, Path(place).expanduser())
    return place


def is_file(place: str) -> bool:
    scheme, address, _ = place.partition("://")
    return place != STANDARD and not (address and scheme.lower() in SCHEMES)


def _address(settings: Settings, place: str) -> None:
    try:
        parts = urlsplit(place)
        named = place == STANDARD or (bool(parts.hostname) and parts.port != 0)
    except ValueError:  # a bracket too many, a port that is none
        named = False
    if not named:
        raise _refusal(settings, f"traces is {redacted(place)!r}, and that names no server", f"name {FORMS}")


def _file(settings: Settings, path: Path) -> None:
    try:
        if path.exists():
            if not path.is_file() or not _ours(path):
                raise _refusal(settings, f"{path} is there, and holds no spans", f"name {FORMS}")
        elif not _has_room(path.absolute().parent):
            raise _refusal(settings, f"there is no folder {path.parent} for the traces", "make it first")
    except OSError as failure:
        raise _refusal(settings, f"{path} cannot be read: {failure.strerror}", f"name {FORMS}") from failure


def _has_room(folder: Path) -> bool:
    """It is there, or is made inside one that is: no whole branch grows from a typing error."""
    above = folder.parent
    return folder.is_dir() or (not folder.exists() and above.is_dir() and above != above.parent)


def _ours(path: Path) -> bool:
    """Empty, or its first line is a span as we write them."""
    with path.open(encoding="utf-8", errors="replace") as file:
        first = file.readline(LONGEST)
    if not first:
        return True
    try:
        span = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(span, dict) and isinstance(span.get("context"), dict) and "trace_id" in span["context"]


def _refusal(settings: Settings, message: str, hint: str, code: str = "CONFIG_INVALID") -> GraphError:
    return GraphError(message, hint=hint, where=settings.origin("traces"), code=code)
