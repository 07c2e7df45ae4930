"""Printing: answers on stdout, everything else on stderr, colour only where a person looks."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from tinyllm.errors import TinyError

RED, YELLOW, GREEN, DIM, BOLD = "31", "33", "32", "2", "1"

_plain = False


def without_color() -> None:
    global _plain
    _plain = True


def coloured(text: str, color: str, stream: Any = None) -> str:
    stream = stream or sys.stderr
    if _plain or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return text
    return f"\x1b[{color}m{text}\x1b[0m"


# A terminal obeys these: colours, titles, the order of what is read. A model may write them, and means no good.
COMMANDS = dict.fromkeys(
    code
    for code in (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if code not in (9, 10)
)


def harmless(text: str) -> str:
    """The text without what a terminal would obey."""
    return text.translate(COMMANDS)


def short(value: Any, most: int) -> str:
    """One line of a text, or of a value as JSON: what is longer ends after a word."""
    text = "" if value is None else value if isinstance(value, str) else written(value)
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    words, _, rest = line[:most].rpartition(" ")
    return (words if len(rest) < most // 2 else line[: most - 1]) + "…"


def written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def answer(text: str, end: str = "\n") -> None:
    """What was asked for; on a terminal, text and nothing but text."""
    sys.stdout.write((harmless(text) if sys.stdout.isatty() else text) + end)
    sys.stdout.flush()


def data(value: Any) -> None:
    answer(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def row(value: Any) -> None:
    """One line of JSON."""
    answer(written(value))


def line(text: str) -> None:
    """What a person may want to know beside the answer."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def note(text: str) -> None:
    line(coloured(harmless(text), DIM))


def failure(error: TinyError) -> None:
    """Two lines: what happened, and what to do."""
    first, *rest = harmless(str(error)).split("\n")
    line(f"{coloured('error', RED)}  {first}")
    for more in rest:
        line(f"       {more}")
    if error.hint:
        line(f"{coloured('try', YELLOW)}    {harmless(error.hint)}")


def table(rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> None:
    """Columns as wide as they must be."""
    lines = [list(map(str, row)) for row in ([head] if head else [])] + [list(map(str, row)) for row in rows]
    if not lines:
        return
    widths = [max(len(row[i]) for row in lines if i < len(row)) for i in range(max(map(len, lines)))]
    for index, row in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        shown = harmless(text)
        sys.stdout.write((coloured(shown, BOLD, sys.stdout) if head and index == 0 else shown) + "\n")
