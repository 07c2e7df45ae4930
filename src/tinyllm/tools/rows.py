"""What a database gave as plain data, of a bearable size."""

from collections.abc import Iterable, Sequence
from typing import Any

from tinyllm.tools.duck import plain

ROWS = 1_000
BYTES = 200_000
LONG = 2_000  # characters of one value


def within(limit: int) -> int:
    return max(1, min(limit, ROWS))


def told(columns: Sequence[str], found: Iterable[Sequence[Any]], limit: int) -> dict[str, Any]:
    """Columns and rows; `more` says that there were others."""
    rows: list[list[Any]] = []
    size = 0
    for row in found:
        if len(rows) == within(limit) or size > BYTES:
            return {"columns": list(columns), "rows": rows, "more": True}
        values = [shortened(value) for value in row]
        size += sum(len(str(value)) for value in values)
        rows.append(values)
    return {"columns": list(columns), "rows": rows}


def shortened(value: Any) -> Any:
    """A value as JSON has it; what is long ends early and says so, what is no text says how much it is."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return {str(key): shortened(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [shortened(each) for each in value]
    made = plain(value)
    if isinstance(made, str) and len(made) > LONG:
        return f"{made[:LONG]}… ({len(made):,} characters)"
    return made
