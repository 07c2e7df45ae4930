"""A store keeps what was written, on both databases, however many write to it."""

import asyncio
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tinyllm import failpoints
from tinyllm.errors import Bug, GraphError, TinyError
from tinyllm.installing import install
from tinyllm.store import Database, Store, Work, checksum, open_store, unpacked
from tinyllm.store.columns import METADATA
from tinyllm.store.database import VERSION
from tinyllm.store.files import prepare
from tinyllm.store.schema import MIGRATIONS

ADD = "INSERT INTO graphs (fingerprint, body) VALUES (:name, :body)"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    place = tmp_path / "runs.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    with open_store(place) as opened:
        yield opened


def adding(name: str) -> Work[object]:
    return lambda db: db.execute(ADD, {"name": name, "body": ""})


def names(db: Database) -> list[str]:
    return [row[0] for row in db.execute("SELECT fingerprint FROM graphs ORDER BY fingerprint").fetchall()]


async def test_what_is_written_can_be_read(store: Store) -> None:
    await store.write(lambda db: db.execute(ADD, {"name": "a", "body": "50 % of :it"}))
    found = await store.read(
        lambda db: db.execute("SELECT body FROM graphs WHERE body LIKE '50 %'").fetchone()
    )
    assert found[0] == "50 % of :it"


async def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def halfway(db: Database) -> None:
        db.execute(ADD, {"name": "a", "body": ""})
        raise KeyError("midway")

    with pytest.raises(KeyError):
        await store.write(halfway)
    assert await store.read(names) == []


async def test_a_disk_error_at_the_commit_leaves_nothing(store: Store) -> None:
    with failpoints.armed("write.before", failpoints.error, nth=1), pytest.raises((TinyError, OSError)):
        await store.write(lambda db: db.execute(ADD, {"name": "a", "body": ""}))
    assert await store.read(names) == []
    await store.write(lambda db: db.execute(ADD, {"name": "b", "body": ""}))
    assert await store.read(names) == ["b"]


async def test_writers_in_one_process_all_get_through(store: Store) -> None:
    await asyncio.gather(
        *(store.write(adding(f"{number:02}")) for number in range(40)),
        asyncio.to_thread(store.write_now, adding("threaded")),
    )
    assert len(await store.read(names)) == 41


def test_every_table_comes_from_a_migration(store: Store) -> None:
    assert len(MIGRATIONS) == VERSION
    for table in METADATA.sorted_tables:
        store.read_now(selecting(f"SELECT {', '.join(table.columns.keys())} FROM {table.name}"))


def selecting(sql: str) -> Work[object]:
    return lambda db: db.execute(sql)


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.db") as store:
        store.write_now(lambda db: db.execute(f"PRAGMA user_version={VERSION + 1}"))
    with pytest.raises(TinyError) as refusal:
        open_store(tmp_path / "runs.db")
    assert refusal.value.code == "DB_NEWER"
    assert "upgrade" in refusal.value.hint


def test_a_newer_server_database_is_refused(postgres: str) -> None:
    with open_store(postgres) as store:
        store.write_now(lambda db: db.execute(f"INSERT INTO tinyllm_schema VALUES ({VERSION + 1})"))
    with pytest.raises(TinyError) as refusal:
        open_store(postgres)
    assert refusal.value.code == "DB_NEWER"


def test_a_wrong_password_is_said_at_once(postgres: str) -> None:
    with pytest.raises(TinyError) as refusal:
        open_store(postgres.replace("tiny:", "tiny:not"))
    assert refusal.value.code in ("DB_REFUSED", "DB_UNAVAILABLE")
    assert "not" not in refusal.value.where


def test_a_server_that_is_not_there_is_said_at_once() -> None:
    with pytest.raises(TinyError) as refusal:
        open_store("postgresql://nobody@127.0.0.1:1/none")
    assert refusal.value.code == "DB_UNAVAILABLE"


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(GraphError, match="mysql"):
        open_store("mysql://localhost/runs")


def test_the_file_is_private_and_durable(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/new/runs.db") as store:
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
        for file in (tmp_path / "new").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        asked = {name: store.read_now(lambda db, n=name: db.execute(f"PRAGMA {n}").fetchone()[0]) for name in (  # type: ignore[misc]
            "synchronous", "journal_mode", "foreign_keys", "application_id")}  # fmt: skip
        assert asked == {
            "synchronous": 2,
            "journal_mode": "wal",
            "foreign_keys": 1,
            "application_id": 0x544C4C4D,
        }
        assert store.problems() == []


def test_a_connection_is_not_used_across_a_fork(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.db") as store:
        store._owner = -1  # type: ignore[attr-defined]
        with pytest.raises(Bug, match="fork"):
            store.read_now(names)


MANY = """
import sys
from tinyllm.store import open_store
with open_store(sys.argv[1]) as store:
    for i in range(20):
        store.write_now(lambda db: db.execute(
            "INSERT INTO graphs (fingerprint) VALUES (:name)", {"name": f"{sys.argv[2]}-{i}"}))
"""


def test_processes_that_start_together_share_one_new_database(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    path = folder / "runs.db"
    writers = [subprocess.Popen([sys.executable, "-c", MANY, path, str(n)]) for n in range(8)]
    assert [writer.wait(60) for writer in writers] == [0] * 8
    with open_store(path) as store:
        assert len(store.read_now(names)) == 160
    assert {file.name for file in folder.iterdir()} <= {"runs.db", "runs.db-lock"}


def test_a_new_folder_may_be_made_by_another_at_the_same_moment(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def begin(number: int) -> list[int]:
        files = []
        for time in range(40):
            path = tmp_path / str(time) / "checkpoints" / "runs.db"
            together.wait(30)
            prepare(path)
            files.append(path.stat().st_ino)
        return files

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(begin, range(4)))
    assert seen == [seen[0]] * 4


def test_a_changed_row_is_noticed() -> None:
    crc = checksum('{"a":1}')
    assert unpacked('{"a":1}', crc, "messages") == {"a": 1}
    with pytest.raises(TinyError) as refusal:
        unpacked('{"a":2}', crc, "messages")
    assert refusal.value.code == "DB_CORRUPT"


def test_a_held_lock_is_told_after_the_patience_ends(tmp_path: Path) -> None:
    from tinyllm.store.sqlite import SqliteStore, connect

    path = tmp_path / "runs.db"
    with SqliteStore(path, patience=0) as store:
        other = connect(path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TinyError) as refusal:
            store.write_now(names)
        assert refusal.value.code == "DB_LOCKED"
        assert refusal.value.kind == "retryable"
        assert store.read_now(names) == []
        other.close()


def test_a_missing_driver_is_named_with_the_line_that_installs_it_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    with pytest.raises(GraphError) as failure:
        open_store("postgresql://127.0.0.1/none")
    assert failure.value.hint == install("postgres")
    assert failure.value.hint.endswith("pip install 'tinyllm-graph[postgres]'")
