"""SQLite answers questions, changes only when told to, and does nothing else."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.tools.conftest import Call, Open
from tinyllm.errors import TimedOut, TinyError
from tinyllm.toolkit import Inside
from tinyllm.tools import sqlite

BY_ASKING = [
    "DELETE FROM products",
    "UPDATE products SET price = 0",
    "INSERT INTO products VALUES ('x', 1)",
    "DROP TABLE products",
    "CREATE TABLE x (a)",
    "ALTER TABLE products RENAME TO x",
    "WITH x AS (SELECT 1) DELETE FROM products",
    "REPLACE INTO products VALUES ('tea', 0)",
    "SELECT 1; DROP TABLE products",
    "ATTACH 'evil.db' AS evil",
    "ATTACH '/etc/passwd' AS evil",
    "DETACH main",
    "PRAGMA writable_schema = 1",
    "PRAGMA journal_mode = DELETE",
    "SELECT * FROM pragma_database_list",
    "SELECT load_extension('/tmp/x.so')",
    "SELECT fts3_tokenizer('simple', x'00')",
    "SELECT writefile('x', 'y')",
    "SELECT readfile('/etc/passwd')",
    "SELECT edit('x')",
    "VACUUM",
    "VACUUM INTO 'copy.db'",
    "BEGIN IMMEDIATE",
    "SAVEPOINT s",
    "CREATE TEMP TABLE x (a)",
    "CREATE VIRTUAL TABLE x USING csv(filename = '/etc/passwd')",
    "CREATE TRIGGER t AFTER INSERT ON products BEGIN DELETE FROM products; END",
    "REINDEX",
    "ANALYZE",
    "SELECT length(randomblob(1000000000))",
    "SELECT length(zeroblob(1000000000))",
    "SELECT length(printf('%.*c', 1000000000, 'x'))",
]


@pytest.mark.parametrize("sql", BY_ASKING)
async def test_a_question_changes_nothing_and_reaches_nothing(sql: str, call: Call, workspace: Path) -> None:
    before = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    with pytest.raises(TinyError) as refused:
        await call("sql_query", database="shop.db", sql=sql)
    assert refused.value.hint
    assert {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()} == before
    assert len(BY_ASKING) >= 25


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH 'evil.db' AS evil",
        "PRAGMA writable_schema = 1",
        "VACUUM INTO 'copy.db'",
        "SELECT load_extension('/tmp/x.so')",
        "INSERT INTO products SELECT writefile('x', 'y'), 1",
        "UPDATE sqlite_master SET sql = 'x'",
        "CREATE TRIGGER t AFTER INSERT ON products BEGIN DELETE FROM products; END",
        "CREATE VIRTUAL TABLE x USING fts5(a)",
        "UPDATE products SET price = 1; DROP TABLE products",
        "SELECT * FROM products",
    ],
)
async def test_a_change_reaches_nothing_but_its_tables(sql: str, call: Call, workspace: Path) -> None:
    before = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    with pytest.raises(TinyError):
        await call("sql_write", database="shop.db", sql=sql)
    assert {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()} == before


async def test_an_endless_question_is_given_up(workspace: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    shop = Inside.of("shop.db", workspace)
    with pytest.raises(TimedOut, match="took too long"):
        await sqlite.on(shop, sqlite.LOOKS, lambda connection: connection.execute(endless).fetchall(), 0.2)


async def test_numbers_are_formatted_as_ever(call: Call) -> None:
    found = await call(
        "sql_query", database="shop.db", sql="SELECT printf('%.2f %5s', price, name) FROM products"
    )
    assert found["rows"] == [["3.50   tea"], ["5.00 coffee"]]


async def test_rows_are_limited_and_say_that_there_are_more(call: Call) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50) SELECT i FROM n"
    found = await call("sql_query", database="shop.db", sql=many, limit=3)
    assert found == {"columns": ["i"], "rows": [[1], [2], [3]], "more": True}


async def test_what_stands_in_the_journal_is_seen(call: Call, workspace: Path) -> None:
    with closing(sqlite3.connect(workspace / "shop.db")) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("INSERT INTO products VALUES ('milk', 1)")
        other.commit()
        found = await call("sql_query", database="shop.db", sql="SELECT count(*) FROM products")
        assert found["rows"] == [[3]]
        with pytest.raises(TinyError, match="in use"):
            await call("sql_write", database="shop.db", sql="DELETE FROM products")


async def test_what_is_no_database_is_said_so(call: Call) -> None:
    with pytest.raises(TinyError, match="no SQLite database") as refused:
        await call("sql_query", database="notes.md", sql="SELECT 1")
    assert "data_query" in refused.value.hint


async def test_a_change_is_rolled_back_with_its_run(open_engine: Open, workspace: Path) -> None:
    before = (workspace / "shop.db").read_bytes()
    args = {"database": "shop.db", "sql": "DELETE FROM products"}
    graph = {
        "name": "t",
        "allow": ["sql_write"],
        "steps": [
            {"id": "clear", "kind": "tool", "tool": "sql_write", "args": args},
            {"id": "fail", "kind": "llm", "prompt": "x"},
        ],
    }
    with pytest.raises(TinyError):
        await open_engine(graph, RuntimeError("broken")).ask("go")
    assert (workspace / "shop.db").read_bytes() == before
