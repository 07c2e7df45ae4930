"""DuckDB answers questions about the files that were named, and sees nothing else."""

import asyncio
import io
import zipfile
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tinyllm.errors import TimedOut, TinyError
from tinyllm.services import Services
from tinyllm.toolkit import Inside
from tinyllm.tools import duck

ESCAPES = [
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM glob('{outside}/*')",
    "SELECT * FROM read_text('data/bosses.csv')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM read_csv('https://127.0.0.1:9/x.csv')",
    "SELECT * FROM files",
    "SELECT * FROM connection",
    "SELECT getenv('HOME')",
    "SELECT * FROM sqlite_scan('shop.db', 'products')",
    "SELECT * FROM duckdb_extensions()",
    "SELECT * FROM which_secret('s3://x', 's3')",
    "COPY sales TO 'out.csv'",
    "COPY (SELECT 1) TO '{outside}/out.csv'",
    "EXPORT DATABASE '{outside}/out'",
    "IMPORT DATABASE '{outside}'",
    "ATTACH 'shop.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET allowed_paths = ['{secret}']",
    "RESET lock_configuration",
    "PRAGMA database_list",
    "CREATE TABLE x AS SELECT 1",
    "DROP VIEW sales",
    "CREATE SECRET s (TYPE s3)",
    "CALL pragma_version()",
    "SELECT 1; SELECT 2",
    "",
]


@pytest.mark.parametrize("sql", ESCAPES)
async def test_a_question_reaches_nothing_but_its_files(sql: str, call: Call, workspace: Path) -> None:
    outside = workspace.parent
    before = sorted(path for path in outside.rglob("*") if "runs.db" not in path.name)
    with pytest.raises(TinyError) as refused:
        await call(
            "data_query",
            sql=sql.format(secret=outside / "secret.txt", outside=outside),
            files=["data/sales.csv"],
        )
    assert "secret outside" not in str(refused.value)
    assert refused.value.hint
    assert sorted(path for path in outside.rglob("*") if "runs.db" not in path.name) == before


async def test_an_abandoned_question_is_interrupted(services: Services) -> None:
    endless = "SELECT count(*) FROM range(100000000000) a, range(100000) b WHERE a.range + b.range = -1"
    asked = asyncio.ensure_future(services.call("data_query", {"sql": endless, "files": ["data/sales.csv"]}))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asked, 0.3)


async def test_a_question_that_takes_too_long_is_given_up(workspace: Path) -> None:
    endless = "SELECT count(*) FROM range(100000000000) a, range(100000) b WHERE a.range + b.range = -1"
    sales = Inside.of("data/sales.csv", workspace)
    with pytest.raises(TimedOut, match="took longer"):
        await duck.asked([sales], lambda connection: connection.execute(endless).fetchall(), seconds=0.2)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".jsonl", ".parquet", ".xlsx"])
async def test_a_table_keeps_its_rows_in_every_format(suffix: str, call: Call) -> None:
    await call("data_convert", source="data/sales.csv", target=f"out{suffix}")
    found = await call(
        "data_query", sql="SELECT sum(amount) AS s, count(*) AS n FROM out", files=[f"out{suffix}"]
    )
    assert found["rows"] == [[450, 4]]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx"])
async def test_no_text_becomes_a_formula(suffix: str, call: Call) -> None:
    await call("data_convert", source="data/sales.csv", target=f"out{suffix}")
    found = await call("data_query", sql="SELECT region FROM out WHERE amount = 50", files=[f"out{suffix}"])
    assert found["rows"] == [["'=1+1"]]


async def test_the_names_of_columns_are_no_sql(call: Call, workspace: Path) -> None:
    (workspace / "odd.csv").write_text("it's,x': 'INT'}) UNION SELECT (getenv('HOME'),\"b\nname,two,three\n")
    found = await call("data_query", sql="SELECT * FROM odd", files=["odd.csv"])
    assert found["columns"][:2] == ["it's", "x': 'INT'}) UNION SELECT (getenv('HOME')"]
    assert found["rows"] == [["name", "two", "three"]]


async def test_a_wrong_name_is_answered_with_the_right_one(call: Call) -> None:
    with pytest.raises(TinyError, match='Did you mean "sales"'):
        await call("data_query", sql="SELECT * FROM sale", files=["data/sales.csv"])


async def test_a_workbook_that_unpacks_to_too_much_is_refused(call: Call, workspace: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", b"0" * 20_000_000)
    (workspace / "bomb.xlsx").write_bytes(packed.getvalue())
    with pytest.raises(TinyError, match="unpacks to too much"):
        await call("data_describe", path="bomb.xlsx")


async def test_names_in_a_picture_are_text(call: Call, workspace: Path) -> None:
    (workspace / "odd.csv").write_text('name,value\n"<script>alert(1)</script>",1\nb,2\n')
    await call("data_plot", path="odd.csv", x="name", y="value", target="odd.svg", title="<b>")
    drawn = (workspace / "odd.svg").read_text()
    assert "<script" not in drawn
    assert "<b>" not in drawn
    assert drawn.count("<rect") == 3


async def test_two_files_of_one_name_are_told_apart(call: Call, workspace: Path) -> None:
    (workspace / "sales.csv").write_text("a\n1\n")
    with pytest.raises(TinyError, match="would both be the table sales"):
        await call("data_query", sql="SELECT 1", files=["data/sales.csv", "sales.csv"])
