"""Regular expressions that take linear time, whatever the pattern: RE2, or plain words without it."""

from collections.abc import Iterator
from typing import Any

from tinyllm.errors import BadReply
from tinyllm.toolkit import need

LONGEST = 1_000  # characters of a pattern
MEMORY = 8_000_000  # bytes that a compiled pattern may take
TEXT = 4_000_000  # characters searched at once


def compiled(pattern: str, *, ignore_case: bool = False) -> Any:
    """The pattern, ready to search; an error says what is wrong with it."""
    if not pattern or len(pattern) > LONGEST:
        raise BadReply(
            f"a pattern has 1 to {LONGEST:,} characters",
            hint=r"write a regular expression such as \d{4}-\d{2}",
            code="TOOL_INPUT",
        )
    re2 = need("re2", extra="text")
    options = re2.Options()
    options.max_mem, options.log_errors, options.case_sensitive = MEMORY, False, not ignore_case
    try:
        return re2.compile(pattern, options)
    except re2.error as failure:
        said = failure.args[0] if failure.args else failure
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise BadReply(
            f"the pattern {pattern[:80]!r} cannot be used: {reason}",
            hint="look-around and back references do not exist here; escape . ( ) [ ] + * ? with a backslash",
            code="TOOL_INPUT",
        ) from failure


def bounded(text: str) -> str:
    """The text, when it is not too large to be worked on at once."""
    if len(text) > TEXT:
        raise BadReply(
            f"the text has {len(text):,} characters; {TEXT:,} can be worked on at once",
            hint="give a part of it",
            code="TOOL_INPUT",
        )
    return text


def found(pattern: Any, text: str) -> Iterator[Any]:
    """Every match, without the empty ones."""
    return (match for match in pattern.finditer(bounded(text)) if match.end() > match.start())
