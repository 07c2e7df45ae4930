"""SQLite on a copy of its own: one statement, allowed step by step, given up when it takes too long."""

import asyncio
import contextlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from tinyllm.clock import CLOCK
from tinyllm.errors import BadReply, Permanent, TimedOut
from tinyllm.toolkit import Inside

T = TypeVar("T")

LARGEST = 256_000_000  # bytes of a database
VALUE = 10_000_000  # bytes of one value: randomblob(1e9) is refused
ROWS, BYTES = 1_000, 1_000_000
SECONDS = 20.0
WIDE = re.compile(r"%[^a-zA-Z%]*(?:\*|\d{4})")
STEPS = 10_000  # of SQLite's machine, between two looks at the clock
MAGIC = b"SQLite format 3\0"
FORBIDDEN = frozenset(("load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "zeroblob"))
LOOKS = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
)
CHANGES = LOOKS | frozenset(
    (
        sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_VIEW, sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_VIEW, sqlite3.SQLITE_ALTER_TABLE, sqlite3.SQLITE_REINDEX,
    )
)  # fmt: skip


@contextlib.contextmanager
def copied(database: Inside, allowed: frozenset[int]) -> Iterator[Path]:
    """A private copy, its journal included: nothing that SQLite does with names reaches the workspace."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        for suffix in ("", "-wal"):
            source = Inside.of(f"{database}{suffix}", database.root)
            if source.is_file or not (suffix or allowed == CHANGES):
                _copy(source, copy.with_name(copy.name + suffix))
        copy.touch()  # a change may begin a new database
        with copy.open("rb") as file:
            if file.read(16) not in (MAGIC, b""):
                raise BadReply(
                    f"{database} is no SQLite database", hint="for CSV use data_query", code="DATA_MALFORMED"
                )
        yield copy


def _copy(source: Inside, target: Path) -> None:
    status = source.status()
    if status is not None and status.st_size > LARGEST:
        raise BadReply(
            f"{source} is larger than {LARGEST:,} bytes", hint="use a smaller one", code="FILE_TOO_LARGE"
        )
    with source.open() as file, target.open("wb") as copy:
        shutil.copyfileobj(file, copy, 1 << 20)


@contextlib.contextmanager
def connected(path: Path, allowed: frozenset[int], until: float) -> Iterator[sqlite3.Connection]:
    """A connection that may do only this, and only so long."""
    mode = "ro" if allowed == LOOKS else "rw"
    connection = sqlite3.connect(
        f"file:{path}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    with contextlib.closing(connection):
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, VALUE)
        connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000)
        connection.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        for name in ("printf", "format"):
            connection.create_function(name, -1, _formatted)
        connection.set_progress_handler(lambda: int(CLOCK.monotonic() > until), STEPS)

        def decide(action: int, first: str | None, second: str | None, *_: str | None) -> int:
            if action == sqlite3.SQLITE_FUNCTION and (second or first or "").lower() in FORBIDDEN:
                return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY

        connection.set_authorizer(decide)
        yield connection


def _formatted(pattern: object, *values: Any) -> Any:
    """SQLite's own, without widths that fill the memory: no limit of SQLite holds in there."""
    if not isinstance(pattern, str) or WIDE.search(pattern):
        raise ValueError("too wide")
    with contextlib.closing(sqlite3.connect(":memory:")) as plain:
        marks = ", ".join("?" * (len(values) + 1))
        return plain.execute(f"SELECT printf({marks})", (pattern, *values)).fetchone()[0]


async def on(
    database: Inside,
    allowed: frozenset[int],
    do: Callable[[sqlite3.Connection], T],
    seconds: float = SECONDS,
) -> tuple[T, bytes]:
    """Do it on a copy; what comes of it, and for changes the copy as it is then."""
    return await asyncio.to_thread(_on, database, allowed, do, seconds)


def _on(
    database: Inside, allowed: frozenset[int], do: Callable[[sqlite3.Connection], T], seconds: float
) -> tuple[T, bytes]:
    until = CLOCK.monotonic() + seconds
    with copied(database, allowed) as path:
        try:
            with connected(path, allowed, until) as connection:
                result = do(connection)
            if allowed != LOOKS:
                _settle(path)
        except (sqlite3.Error, sqlite3.Warning, OverflowError) as failure:
            raise _said(failure) from failure
        return result, b"" if allowed == LOOKS else path.read_bytes()


def _settle(path: Path) -> None:
    """One file, without a journal."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")


def _said(failure: Exception) -> Exception:
    text = str(failure)
    if text == "interrupted":
        return TimedOut(
            "the statement took too long",
            hint="ask for less",
            code="STATEMENT_TIMEOUT",
            retry="repair",
            breaker=False,
        )
    if "not authorized" in text or "denied" in text or "prohibited" in text or "readonly" in text:
        return Permanent(
            f"this is not allowed here: {text}",
            hint="sql_query only looks; sql_write inserts, updates, deletes, creates and drops",
            code="SQL_FORBIDDEN",
        )
    code = "MULTI_STATEMENT" if "one statement" in text else "SQL_INVALID"
    return BadReply(text[:400], hint="look at the tables with sql_tables", code=code)


def rows(cursor: sqlite3.Cursor, limit: int) -> dict[str, Any]:
    """Columns and rows as plain data, of a bearable size; `more` says that there were others."""
    most, size = max(1, min(limit, ROWS)), 0
    told: dict[str, Any] = {"columns": [column[0] for column in cursor.description or ()], "rows": []}
    for row in cursor:
        plain = [f"{len(value)} bytes" if isinstance(value, bytes) else value for value in row]
        size += sum(len(value) if isinstance(value, str) else 8 for value in plain)
        if len(told["rows"]) == most or size > BYTES:
            return {**told, "more": True}
        told["rows"].append(plain)
    return told
