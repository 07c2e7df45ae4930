"""DuckDB, kept to the files that were named: a table for each, no other file, no network, one question at a time."""

import asyncio
import datetime as dt
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from tinyllm.errors import BadReply, Permanent, TimedOut
from tinyllm.toolkit import Inside, need
from tinyllm.tools.sheets import as_csv

T = TypeVar("T")

SECONDS = 25.0
MEMORY = "1GB"
THREADS = 4
ROWS = 1_000
FILES = 20
EXTRA = "data"
READERS = {
    ".csv": "csv({})",
    ".tsv": "csv({}, delim = '\\t')",
    ".txt": "csv({})",
    ".json": "read_json({})",
    ".jsonl": "read_json({}, format = 'newline_delimited')",
    ".ndjson": "read_json({}, format = 'newline_delimited')",
    ".parquet": "read_parquet({})",
    ".xlsx": "csv({})",
}
PLAIN = re.compile(r"[\w .%()/-]+")
# Nothing can be looked at, loaded or changed beyond what is there when the first question comes.
CONFIG = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
    "memory_limit": MEMORY,
    "threads": THREADS,
    "temp_directory": "",
}


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def named(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def tables(files: Sequence[Inside]) -> dict[str, Inside]:
    """The name of each file's table: the file's own, made fit."""
    found: dict[str, Inside] = {}
    for file in files:
        name = re.sub(r"\W+", "_", Path(file.name).stem).strip("_") or "data"
        name = f"t_{name}" if name[0].isdigit() else name
        if name in found:
            raise BadReply(
                f"{file} and {found[name]} would both be the table {name}",
                hint="query them one after the other, or rename one",
                code="TOOL_INPUT",
            )
        found[name] = file
    if not 1 <= len(found) <= FILES:
        raise BadReply(f"name 1 to {FILES} files", hint='such as ["data/sales.csv"]', code="TOOL_INPUT")
    return found


@contextmanager
def opened(files: Sequence[Inside], out: str = "") -> Iterator[Any]:
    """A connection that sees these files as tables and nothing else; `out` is a folder that it may write to."""
    duckdb, wanted = need("duckdb", extra=EXTRA), tables(files)
    with ExitStack() as held:
        paths = {name: held.enter_context(_readable(file)) for name, file in wanted.items()}
        connection = held.enter_context(duckdb.connect(":memory:", config=CONFIG))
        allowed = ", ".join(map(quoted, paths.values()))
        connection.execute(f"SET allowed_paths = [{allowed}]")
        connection.execute(f"SET allowed_directories = [{quoted(out) if out else ''}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET enable_progress_bar = false")  # it would be drawn on stdout
        for name, path in paths.items():
            reader = READERS[wanted[name].suffix].format(quoted(path))
            connection.execute(f"CREATE VIEW {named(name)} AS {_source(connection, reader)}")
        connection.execute("SET lock_configuration = true")
        yield connection


def _source(connection: Any, reader: str) -> str:
    """What a table's view selects; how a CSV file is to be read is found out once, not at each look at it."""
    if not reader.startswith("csv("):
        return f"FROM {reader}"
    found, columns = connection.execute(f"SELECT Prompt, Columns FROM sniff_{reader}").fetchone()  # noqa: S608 - quoted
    # What DuckDB found out comes as SQL in which it does not quote the names of the columns.
    fit = all(PLAIN.fullmatch(column["name"]) for column in columns)
    return str(found).rstrip(";") if fit else f"FROM read_{reader}"


@contextmanager
def _readable(file: Inside) -> Iterator[str]:
    """A path under which DuckDB reads this file, as a table."""
    if file.suffix not in READERS:
        raise BadReply(
            f"{file} is no table that can be read",
            hint=f"the kinds are {', '.join(READERS)}",
            code="TOOL_INPUT",
        )
    if file.suffix != ".xlsx":
        with file.held() as path:
            yield path
        return
    with file.open() as book, tempfile.NamedTemporaryFile(suffix=".csv") as copy:
        as_csv(book, copy)
        yield copy.name


def only_select(sql: str) -> str:
    """The one statement, when it only looks."""
    duckdb = need("duckdb", extra=EXTRA)
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as failure:
        raise _said(failure) from failure
    if len(statements) != 1:
        raise BadReply(
            f"there are {len(statements)} statements",
            hint="ask with one SELECT statement",
            code="MULTI_STATEMENT",
        )
    if statements[0].type != duckdb.StatementType.SELECT:
        raise Permanent(
            f"only SELECT is allowed, not {str(statements[0].type).rpartition('.')[2]}",
            hint="write SELECT … FROM the name of the file without its ending",
            code="SQL_FORBIDDEN",
        )
    return sql


async def asked(
    files: Sequence[Inside], ask: Callable[[Any], T], out: str = "", seconds: float = SECONDS
) -> T:
    """What a question to these files gives; given up when it takes too long or nobody waits any more."""
    running: list[Any] = []

    def work() -> T:
        duckdb = need("duckdb", extra=EXTRA)
        try:
            with opened(files, out) as connection:
                running.append(connection)
                return ask(connection)
        except duckdb.InterruptException as failure:
            raise TimedOut(
                f"the query took longer than {seconds:g} s",
                hint="ask for less",
                code="STATEMENT_TIMEOUT",
                retry="repair",
            ) from failure
        except duckdb.Error as failure:
            raise _said(failure) from failure

    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        done, _ = await asyncio.wait([thread], timeout=seconds)
    except asyncio.CancelledError:
        _interrupt(running)
        raise
    if not done:
        _interrupt(running)
    return await thread


def _interrupt(running: list[Any]) -> None:
    for connection in running:
        connection.interrupt()


def _said(failure: Exception) -> BadReply:
    """What DuckDB complains about, in the words that help to write it again."""
    text = re.sub(r"/proc/self/fd/\d+|/dev/fd/\d+", "the file", str(failure)).strip()
    return BadReply(
        text.split("\n\nLINE")[0][:600], hint="look at the tables with data_describe", code="SQL_INVALID"
    )


def rows(cursor: Any, limit: int = ROWS) -> dict[str, Any]:
    """Columns and rows, as plain data; `more` says that there were others."""
    most = max(1, min(limit, ROWS))
    columns = [column[0] for column in cursor.description or ()]
    found = cursor.fetchmany(most + 1)
    told: dict[str, Any] = {
        "columns": columns,
        "rows": [[plain(value) for value in row] for row in found[:most]],
    }
    return {**told, "more": True} if len(found) > most else told


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return str(value)
