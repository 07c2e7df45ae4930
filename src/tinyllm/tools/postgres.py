"""Look into PostgreSQL databases, and change them where a person lets it: connections come from the settings."""

import re
from typing import Any, Final

from tinyllm.errors import BadReply, Permanent
from tinyllm.toolkit import tool
from tinyllm.tools import pg, rows

PART = 50  # rows asked for at once
TABLES: Final = """
SELECT table_schema, table_name, table_type, pg_catalog.obj_description(
         (quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass, 'pg_class')
FROM information_schema.tables
WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2 LIMIT 500
"""
COLUMNS: Final = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
       (SELECT string_agg(pg_get_constraintdef(k.oid), '; ') FROM pg_constraint k
        WHERE k.conrelid = c.oid AND a.attnum = ANY (k.conkey) AND k.contype IN ('p', 'u', 'f'))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname = coalesce(nullif(%s, ''), n.nspname) AND c.relname = %s AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY n.nspname, a.attnum LIMIT 1000
"""
WRITES: Final = re.compile(
    r"(?:insert\s+into|update|delete\s+from|merge\s+into|with|truncate|"
    r"create\s+(?:table|(?:unique\s+)?index|(?:materialized\s+)?view|schema)|"
    r"alter\s+(?:table|index|view)|drop\s+(?:table|index|view|materialized\s+view)|comment\s+on|refresh\s+materialized)\b",
    re.IGNORECASE,
)
COMMENT: Final = re.compile(r"^(?:\s+|--[^\n]*\n|/\*.*?\*/)+", re.DOTALL)


@tool(
    effect="read",
    reach="net",
    extra=pg.EXTRA,
    shows=lambda table, connection: f"look at the tables {table} of {_named(connection)}",
)
async def schema(table: str = "", connection: str = "") -> list[dict[str, Any]]:
    """List the tables of a PostgreSQL database, or the columns of one table."""
    async with pg.connected(pg.server(connection), reads=True) as made:
        if not table:
            found = await (await made.execute(TABLES)).fetchall()
            names: tuple[str, ...] = ("schema", "table", "kind", "comment")
        else:
            space, _, name = table.rpartition(".")
            found = await (await made.execute(COLUMNS, (space.strip('"'), name.strip('"')))).fetchall()
            names = ("column", "type", "may be empty", "default", "keys")
    if table and not found:
        raise BadReply(
            f"there is no table {table!r}", hint="list them with postgres_schema", code="NO_SUCH_TABLE"
        )
    told = [dict(zip(names, map(rows.shortened, row), strict=True)) for row in found]
    return [{key: value for key, value in each.items() if value is not None} for each in told]


@tool(
    effect="read",
    reach="net",
    extra=pg.EXTRA,
    shows=lambda sql, connection, **_: f"on {_named(connection)}: {sql}",
)
async def query(sql: str, limit: int = 100, connection: str = "") -> dict[str, Any]:
    """Ask a PostgreSQL database with one SELECT statement."""
    text = pg.checked(sql)
    # A cursor takes nothing but one statement that selects, and gives no more than is wanted.
    async with (
        pg.connected(pg.server(connection), reads=True) as made,
        made.cursor(name="asked") as cursor,
    ):
        await cursor.execute(text)
        found, more = await _fetched(cursor, rows.within(limit))
        told = rows.told([column.name for column in cursor.description or ()], found, limit)
        return {**told, "more": True} if more else told


async def _fetched(cursor: Any, most: int) -> tuple[list[Any], bool]:
    """So many rows, or fewer when they are long; and whether there are others."""
    found: list[Any] = []
    while part := await cursor.fetchmany(PART):
        found += part
        if len(found) > most or sum(len(str(row)) for row in found) > 2 * rows.BYTES:
            return found[:most], True
    return found, False


@tool(
    effect="read",
    reach="net",
    extra=pg.EXTRA,
    shows=lambda sql, connection: f"on {_named(connection)}: EXPLAIN {sql}",
)
async def explain(sql: str, connection: str = "") -> list[str]:
    """Show how PostgreSQL would carry out a statement, without doing it: scans, joins, costs."""
    text = pg.checked(sql)
    async with pg.connected(pg.server(connection), reads=True) as made:
        found = await made.execute(f"EXPLAIN (FORMAT TEXT) {text}", prepare=True)  # prepared: one statement
        return [str(row[0]) for row in await found.fetchmany(500)]


@tool(
    effect="unsafe",
    reach="remote",
    extra=pg.EXTRA,
    shows=lambda sql, connection: f"on {_named(connection)}: {sql}",
)
async def write(sql: str, connection: str = "") -> str:
    """Change a PostgreSQL database with one INSERT, UPDATE, DELETE, MERGE, CREATE, ALTER or DROP statement."""
    text = pg.checked(sql)
    if not WRITES.match(COMMENT.sub("", text)):
        raise Permanent(
            f"this is not allowed here: {text[:60]}",
            hint="write INSERT, UPDATE, DELETE, MERGE, or CREATE, ALTER, DROP of tables, indexes and views; ask with postgres_query",
            code="SQL_FORBIDDEN",
        )
    entry = pg.server(connection)
    if not entry.flag("writes"):
        raise Permanent(
            f"the connection {entry.name!r} is for reading",
            hint=f"a person adds writes = true to [connections.{entry.name}]",
            code="READ_ONLY_TX",
        )
    async with pg.connected(entry, reads=False) as made:
        done = await made.execute(text, prepare=True)  # prepared: one statement
        changed, what = max(done.rowcount, 0), done.statusmessage
    return f"{what}: changed {changed} rows on {entry.name}"


def _named(connection: str) -> str:
    """The connection that a call without a name means."""
    return pg.server(connection).name
