"""Work on tables in files: CSV, TSV, JSON, JSONL, Parquet and Excel."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Literal

from tinyllm.errors import BadReply
from tinyllm.toolkit import Inside, tool
from tinyllm.tools import charts, duck
from tinyllm.tools.duck import named, quoted
from tinyllm.tools.sheets import FORMULA, as_book
from tinyllm.tools.writing import put

POINTS = 2_000
SHEET = 100_000  # rows of a workbook
DESCRIBED = 200  # columns
FORMATS = {
    ".csv": "(FORMAT csv, HEADER)",
    ".tsv": "(FORMAT csv, HEADER, DELIMITER '\\t')",
    ".json": "(FORMAT json, ARRAY true)",
    ".jsonl": "(FORMAT json)",
    ".parquet": "(FORMAT parquet)",
    ".xlsx": "",
}


@tool(effect="read", reach="workspace", extra="data")
async def describe(path: Inside) -> dict[str, Any]:
    """Describe a table file: its rows and, for each column, type, smallest, largest, empty and different values."""
    table = next(iter(duck.tables([path])))

    def ask(connection: Any) -> dict[str, Any]:
        summary = connection.execute(f"SUMMARIZE {named(table)}")
        names = [column[0] for column in summary.description]
        columns = [dict(zip(names, row, strict=True)) for row in summary.fetchmany(DESCRIBED)]
        count = connection.execute(f"SELECT count(*) FROM {named(table)}").fetchone()[0]  # noqa: S608 - quoted
        return {"table": table, "rows": count, "columns": [_column(column, count) for column in columns]}

    return await duck.asked([path], ask)


def _column(column: dict[str, Any], count: int) -> dict[str, Any]:
    empty = float(column["null_percentage"] or 0) / 100 * count
    return {
        "name": column["column_name"],
        "type": column["column_type"],
        "smallest": duck.plain(column["min"]),
        "largest": duck.plain(column["max"]),
        "empty": round(empty),
        "different": column["approx_unique"],
    }


@tool(effect="read", reach="workspace", extra="data")
async def query(sql: str, files: list[Inside], limit: int = 100) -> dict[str, Any]:
    """Ask table files with one SELECT; a file is a table by its name: data/sales.csv is FROM sales."""
    duck.only_select(sql)
    return await duck.asked(files, lambda connection: duck.rows(connection.execute(sql), limit))


@tool(effect="read", reach="workspace", extra="data")
async def join(
    left: Inside, right: Inside, on: str, how: Literal["inner", "left", "full"] = "inner", limit: int = 100
) -> dict[str, Any]:
    """Put the rows of two table files together where a column that both have is equal."""
    first, second = duck.tables([left, right])
    sql = f"SELECT * FROM {named(first)} {how.upper()} JOIN {named(second)} USING ({named(on)})"  # noqa: S608 - quoted
    return await duck.asked([left, right], lambda connection: duck.rows(connection.execute(sql), limit))


def _shown_conversion(source: Inside, target: Inside) -> str:
    return f"write the table {source} to {target}"


@tool(effect="idempotent", reach="workspace", extra="data", shows=_shown_conversion)
async def convert(source: Inside, target: Inside) -> str:
    """Write a table file in another format, named by the ending of target: .csv .tsv .json .jsonl .parquet .xlsx."""
    if target.suffix not in FORMATS:
        raise BadReply(
            f"{target} has no ending of a table", hint=f"end it with {', '.join(FORMATS)}", code="TOOL_INPUT"
        )
    target.check_writable()
    with tempfile.TemporaryDirectory() as folder:
        count = await duck.asked(
            [source], lambda connection: _written(connection, source, target, folder), folder
        )
        content = await asyncio.to_thread((Path(folder) / f"table{target.suffix}").read_bytes)
    await put(target, content)
    return f"wrote {count} rows to {target}"


def _written(connection: Any, source: Inside, target: Inside, folder: str) -> int:
    """The table as a file in a folder of our own."""
    table = next(iter(duck.tables([source])))
    path = Path(folder) / f"table{target.suffix}"
    wanted = f"SELECT {_columns(connection, table, target.suffix)} FROM {named(table)}"  # noqa: S608 - quoted
    if target.suffix != ".xlsx":
        done = connection.execute(f"COPY ({wanted}) TO {quoted(str(path))} {FORMATS[target.suffix]}")
        return int(done.fetchone()[0])
    found = connection.execute(wanted)
    rows = found.fetchmany(SHEET + 1)
    if len(rows) > SHEET:
        raise BadReply(f"a sheet holds {SHEET:,} rows", hint="write .csv or .parquet", code="TOOL_INPUT")
    path.write_bytes(
        as_book(
            [column[0] for column in found.description],
            [[duck.plain(value) for value in row] for row in rows],
        )
    )
    return len(rows)


def _columns(connection: Any, table: str, suffix: str) -> str:
    """All columns; where a spreadsheet may open the file, text that it would run as a formula gets a mark in front."""
    if suffix not in (".csv", ".tsv"):
        return "*"
    described = connection.execute(f"DESCRIBE {named(table)}").fetchall()
    signs = ", ".join(f"chr({ord(sign)})" for sign in FORMULA)
    return ", ".join(
        f"CASE WHEN left({named(name)}, 1) IN ({signs}) THEN chr(39) || {named(name)} ELSE {named(name)} END AS {named(name)}"
        if kind == "VARCHAR"
        else named(name)
        for name, kind, *_ in described
    )


def _shown_plot(path: Inside, x: str, y: str, target: Inside, **_: Any) -> str:
    return f"draw {y} over {x} of {path} to {target}"


@tool(effect="idempotent", reach="workspace", extra="data", shows=_shown_plot)
async def plot(
    path: Inside,
    x: str,
    y: str,
    target: Inside,
    kind: Literal["bar", "line", "scatter"] = "bar",
    title: str = "",
) -> str:
    """Draw one column of a table file over another as an SVG picture (.svg)."""
    if target.suffix != ".svg":
        raise BadReply(f"{target} does not end in .svg", hint="name it like sales.svg", code="TOOL_INPUT")
    target.check_writable()
    table = next(iter(duck.tables([path])))
    sql = f"SELECT {named(x)}, {named(y)} FROM {named(table)}"  # noqa: S608 - quoted
    found = await duck.asked([path], lambda connection: duck.rows(connection.execute(sql), POINTS)["rows"])
    drawn = charts.drawn(found, kind, title or f"{y} by {x}", x, y)
    await put(target, drawn.encode())
    return f"drew {len(found)} points to {target}"
