"""What comes in on stdin: text, bounded, or nothing."""

import os
import select
import stat
import sys

from tinyllm.errors import UsageError

LARGEST = 4_000_000  # bytes that are read at most
PATIENCE = 0.2  # seconds in which a pipe that has something to say begins to


def comes_in() -> bool:
    """A file or a pipe with something in it; a pipe that is merely open is left alone."""
    if sys.stdin is None or sys.stdin.isatty():
        return False
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
        if stat.S_ISREG(mode):
            return os.fstat(sys.stdin.fileno()).st_size > 0
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            return False
        return bool(select.select([sys.stdin], [], [], PATIENCE)[0])
    except (OSError, ValueError):
        return False


def text() -> str:
    """All of it, as text."""
    body = sys.stdin.buffer.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise UsageError(
            f"more than {LARGEST // 1_000_000} MB came in on stdin", hint="cut it, or attach it as a file"
        )
    if b"\0" in body:
        raise UsageError("what came in on stdin is not text", hint="pipe in text; attach files by name")
    try:
        return body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as failure:
        raise UsageError(
            f"what came in on stdin is not UTF-8 (byte {failure.start})", hint="convert it: iconv -t utf-8"
        ) from None
