"""Ask and change SQLite databases of the workspace."""

import sqlite3
from typing import Any

from tinyllm.errors import BadReply
from tinyllm.toolkit import Inside, tool
from tinyllm.tools import sqlite
from tinyllm.tools.writing import put

TABLES = "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"


@tool(effect="read", reach="workspace")
async def tables(database: Inside) -> list[dict[str, Any]]:
    """List the tables and views of a SQLite database, each with the statement that made it."""

    def look(connection: sqlite3.Connection) -> list[dict[str, Any]]:
        return [
            {"name": name, "kind": kind, "sql": sql}
            for name, kind, sql in connection.execute(TABLES).fetchmany(500)
        ]

    return (await sqlite.on(database, sqlite.LOOKS, look))[0]


@tool(effect="read", reach="workspace")
async def query(database: Inside, sql: str, limit: int = 100) -> dict[str, Any]:
    """Ask a SQLite database with one SELECT statement."""
    return (await sqlite.on(database, sqlite.LOOKS, lambda c: sqlite.rows(c.execute(sql), limit)))[0]


@tool(effect="read", reach="workspace")
async def explain(database: Inside, sql: str) -> list[str]:
    """Show how SQLite would carry out a SELECT statement: which tables it scans, which indexes it uses."""
    plan = f"EXPLAIN QUERY PLAN {sql}"
    return (await sqlite.on(database, sqlite.LOOKS, lambda c: [str(row[3]) for row in c.execute(plan)]))[0]


def _shown_write(database: Inside, sql: str) -> str:
    return f"on {database}: {sql}"


@tool(effect="unsafe", reach="workspace", shows=_shown_write)
async def write(database: Inside, sql: str) -> str:
    """Change a SQLite database with one INSERT, UPDATE, DELETE, CREATE, ALTER or DROP statement."""
    database.check_writable()
    for suffix in ("-wal", "-journal"):
        beside = Inside.of(f"{database}{suffix}", database.root).status()
        if beside is not None and beside.st_size:
            raise BadReply(
                f"{database} is in use by another program", hint="close it there first", code="TOOL_INPUT"
            )

    def change(connection: sqlite3.Connection) -> int:
        cursor = connection.execute(sql)
        if cursor.description is not None and cursor.fetchone() is not None:
            raise BadReply(
                "this statement asks, and changes nothing", hint="use sql_query", code="TOOL_INPUT"
            )
        return max(cursor.rowcount, 0)

    changed, content = await sqlite.on(database, sqlite.CHANGES, change)
    await put(database, content)
    return f"changed {changed} rows of {database}"
