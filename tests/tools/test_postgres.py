"""PostgreSQL through the front, a real server: what may be asked, and what must not get out of a question."""

from dataclasses import replace
from typing import Any

import pytest

from tests.tools.conftest import Call
from tests.tools.counterparts import Counterpart
from tinyllm.errors import TinyError
from tinyllm.services import Services


@pytest.fixture
def counterpart(postgres_counterpart: Counterpart) -> Counterpart:
    return postgres_counterpart


def state(shop: str) -> Any:
    """Everything that an escape could have changed."""
    import psycopg

    with psycopg.connect(shop) as connection:
        return connection.execute(
            "SELECT (SELECT jsonb_agg(p ORDER BY id) FROM products p), (SELECT last_value FROM numbers),"
            " (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace),"
            " (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),"
            " (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_roles),"
            " (SELECT count(*) FROM pg_extension)"
        ).fetchone()


async def test_a_question_is_answered_with_plain_data(call: Call) -> None:
    sql = "SELECT name, price, made, tags, NULL, 'x'::bytea, now() > '2026-01-01' FROM products ORDER BY id;"
    told = await call("postgres_query", sql=sql, connection="shop")
    assert told["columns"][:4] == ["name", "price", "made", "tags"]
    assert told["rows"][0] == ["tea", 3.5, "2026-03-01", ["hot"], None, "1 bytes", True]
    assert told["rows"][1][:2] == ["coffee", 5]


async def test_what_is_much_is_cut_and_says_so(call: Call) -> None:
    told = await call("postgres_query", sql="SELECT generate_series(1, 5000000)", limit=3, connection="shop")
    assert (told["rows"], told["more"]) == ([[1], [2], [3]], True)
    sql = "SELECT repeat('x', 100000) FROM generate_series(1, 100000)"
    told = await call("postgres_query", sql=sql, limit=1_000, connection="shop")
    assert told["more"]
    assert len(str(told)) < 500_000


async def test_tables_and_columns_are_described(call: Call) -> None:
    assert {
        "schema": "public", "table": "products", "kind": "BASE TABLE", "comment": "what is sold",
    } in await call("postgres_schema", connection="shop")  # fmt: skip
    columns = await call("postgres_schema", table="public.products", connection="shop")
    assert columns[0] == {
        "column": "id",
        "type": "integer",
        "may be empty": False,
        "keys": "PRIMARY KEY (id)",
    }
    assert [each["column"] for each in columns] == ["id", "name", "price", "made", "tags"]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELEC 1", "SQL_INVALID"),
        ("SELECT x FROM products", "NO_SUCH_COLUMN"),
        ("SELECT 1 FROM nothing", "NO_SUCH_TABLE"),
        ("SELECT 1 / 0", "DIVISION_BY_ZERO"),
        ("SELECT 'x'::int", "BAD_LITERAL"),
        (
            "SELECT count(*) FROM generate_series(1, 1000000000) a, generate_series(1, 1000) b",
            "STATEMENT_TIMEOUT",
        ),
        ("", "SQL_INVALID"),
        ("SELECT 1\0", "SQL_INVALID"),
    ],
)
async def test_a_mistake_is_named(services: Services, sql: str, code: str) -> None:
    entries = {"shop": {**services.settings.connections["shop"], "timeout": 0.3}}
    services.__dict__["bounds"] = replace(services.bounds, connections=entries)
    with pytest.raises(TinyError) as failure:
        await services.call("postgres_query", {"sql": sql})
    assert failure.value.code == code
    assert failure.value.hint


ESCAPES = [
    "SELECT 1; DROP TABLE products",
    "SELECT 1; COMMIT; DROP TABLE products",
    "COMMIT; DELETE FROM products",
    "ROLLBACK",
    "DELETE FROM products",
    "WITH gone AS (DELETE FROM products RETURNING *) SELECT * FROM gone",
    "EXPLAIN ANALYZE DELETE FROM products",
    "SELECT * INTO copy FROM products",
    "CREATE TABLE x AS SELECT 1",
    "COPY products TO PROGRAM 'touch /tmp/escaped'",
    "COPY products TO '/tmp/escaped'",
    "COPY products FROM '/etc/passwd'",
    "DO $$ BEGIN DELETE FROM products; END $$",
    "SET TRANSACTION READ WRITE",
    "SET ROLE tiny",
    "SET SESSION AUTHORIZATION tiny",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT set_config('role', 'tiny', false)",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_export(1, '/tmp/escaped')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_create(0)",
    "SELECT * FROM dblink('host=127.0.0.1', 'DELETE FROM products') AS t(a int)",
    "SELECT query_to_xml('DELETE FROM products', true, true, '')",
    "SELECT nextval('numbers')",
    "SELECT setval('numbers', 100)",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
    "SELECT pg_terminate_backend/**/(pid) FROM pg_stat_activity",
    'SELECT "pg_sleep"(10)',
    "SELECT U&\"\\0070g_sleep\"(10)",
    "SELECT '/*', pg_notify('a', 'b'), '*/'",
    "SELECT * FROM products FOR UPDATE",
    "CREATE EXTENSION dblink",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "GRANT ALL ON products TO public",
    "ALTER ROLE reader SUPERUSER",
    "CALL something()",
    "LISTEN x",
    "VACUUM",
    "PREPARE x AS DELETE FROM products",
    "SELECT 1) TO STDOUT; --",
    "SELECT 1 \\; DELETE FROM products",
    "/* */ DELETE FROM products --",
]  # fmt: skip


@pytest.mark.parametrize("sql", ESCAPES)
async def test_a_question_changes_nothing_and_reads_no_file(services: Services, shop: str, sql: str) -> None:
    before = state(shop)
    # Also for a login that could write: the transaction holds what the login does not.
    for name in ("shop", "stock"):
        with pytest.raises(TinyError) as refused:
            await services.call("postgres_query", {"sql": sql, "connection": name})
        assert refused.value.code not in ("UNCLASSIFIED", "PROGRAMMING_BUG"), refused.value
        try:
            await services.call("postgres_explain", {"sql": sql, "connection": name})
        except TinyError:
            pass
    assert state(shop) == before


NO_WRITES = [
    "SELECT 1",
    "UPDATE products SET price = 1; DROP TABLE products",
    "COPY products FROM PROGRAM 'id'",
    "DO $$ BEGIN DELETE FROM products; END $$",
    "SET ROLE tiny",
    "GRANT ALL ON products TO public",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE ROLE evil SUPERUSER",
    "CREATE EXTENSION dblink",
    "/* */ -- x\n COPY products TO PROGRAM 'id'",
    "INSERT INTO products SELECT lo_import('/etc/passwd')::int, 'x'",
    "UPDATE products SET name = pg_read_file('/etc/passwd')",
    "ALTER SYSTEM SET archive_command = 'id'",
    "DROP DATABASE shop",
    "COMMIT",
]


@pytest.mark.parametrize("sql", NO_WRITES)
async def test_a_change_is_one_change_of_tables(services: Services, shop: str, sql: str) -> None:
    before = state(shop)
    with pytest.raises(TinyError) as refused:
        await services.call("postgres_write", {"sql": sql, "connection": "stock"})
    assert refused.value.code not in ("UNCLASSIFIED", "PROGRAMMING_BUG")
    assert state(shop) == before


async def test_a_change_is_made_only_where_a_person_lets_it(call: Call, shop: str) -> None:
    insert = "INSERT INTO products VALUES (3, 'water', 1)"
    with pytest.raises(TinyError, match="is for reading"):
        await call("postgres_write", sql=insert, connection="shop")
    assert (
        await call("postgres_write", sql=insert, connection="stock") == "INSERT 0 1: changed 1 rows on stock"
    )
    with pytest.raises(TinyError) as failure:
        await call("postgres_write", sql=insert, connection="stock")
    assert failure.value.code == "UNIQUE_VIOLATION"
    told = await call("postgres_write", sql="DELETE FROM products WHERE id = 3", connection="stock")
    assert told == "DELETE 1: changed 1 rows on stock"


async def test_a_login_that_may_do_too_much_is_not_used(services: Services, shop: str) -> None:
    entries = {"root": {"service": "postgres", "url": shop, "writes": True}}
    services.__dict__["bounds"] = replace(services.bounds, connections=entries)
    for name in ("postgres_query", "postgres_write"):
        with pytest.raises(TinyError, match="is a superuser") as refused:
            await services.call(name, {"sql": "DELETE FROM products"})
        assert "CREATE ROLE reader" in refused.value.hint


async def test_a_login_that_can_become_more_is_not_used(services: Services, shop: str) -> None:
    import psycopg

    place = shop.partition("@")[2]
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("CREATE ROLE climber LOGIN PASSWORD 'climb'; GRANT tiny TO climber")
    entry = {"service": "postgres", "url": f"postgresql://climber@{place}", "password": "climb"}
    services.__dict__["bounds"] = replace(services.bounds, connections={"shop": entry})
    with pytest.raises(TinyError, match="can become one"):
        await services.call("postgres_query", {"sql": "SELECT 1"})


@pytest.mark.parametrize(
    ("password", "code"), [("wrong", "DB_AUTH"), ("${env:NOBODY_SET_THIS}", "CONFIG_INVALID")]
)
async def test_a_login_that_fails_is_explained(
    services: Services, shop: str, password: str, code: str
) -> None:
    entry = {**services.settings.connections["shop"], "password": password}
    services.__dict__["bounds"] = replace(services.bounds, connections={"shop": entry})
    with pytest.raises(TinyError) as failure:
        await services.call("postgres_query", {"sql": "SELECT 1"})
    assert failure.value.code == code


async def test_a_server_that_is_not_there_is_named(services: Services, closed_port: int) -> None:
    entry = {"service": "postgres", "url": f"postgresql://reader@127.0.0.1:{closed_port}/x"}
    services.__dict__["bounds"] = replace(services.bounds, connections={"shop": entry})
    with pytest.raises(TinyError) as failure:
        await services.call("postgres_query", {"sql": "SELECT 1"})
    assert failure.value.code == "DB_DOWN"
