"""A damaged database is told, never believed."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinyllm.errors import TinyError
from tinyllm.store import Store, Work, open_store

FILL = """
import os, signal, sys
from tinyllm.store import checksum, open_store
store = open_store(sys.argv[1])
for i in range(200):
    body = str(i) * 300
    store.write_now(lambda db: db.execute("INSERT INTO graphs (fingerprint, body, crc) VALUES (:i, :b, :c)",
                                          {"i": f"{i:03}", "b": body, "c": checksum(body)}))
if len(sys.argv) > 2:
    os.kill(os.getpid(), signal.SIGKILL)
store.close()
"""


def fill(path: Path, *how: str) -> None:
    done = subprocess.run([sys.executable, "-c", FILL, path, *how], check=False)
    assert done.returncode == (-signal.SIGKILL if how else 0)


def content(path: Path) -> int:
    """How many rows there are, all of them right."""
    from tinyllm.store import checksum, damaged

    with open_store(path) as store:
        rows = store.read_now(lambda db: db.execute("SELECT body, crc FROM graphs").fetchall())
        if any(checksum(body) != crc for body, crc in rows):
            raise damaged("a row", str(path))
        if store.problems():
            raise damaged("the database", str(path))
        return len(rows)


def test_a_kill_loses_nothing_that_was_written(tmp_path: Path) -> None:
    fill(tmp_path / "runs.db", "kill")
    assert content(tmp_path / "runs.db") == 200


def test_a_log_that_was_deleted_after_a_kill_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    fill(path, "kill")
    (tmp_path / "runs.db-wal").unlink()
    with pytest.raises(TinyError) as refusal:
        open_store(path)
    assert refusal.value.code == "DB_CORRUPT"
    (tmp_path / "runs.db-open").unlink()
    assert 0 <= content(path) <= 200


def test_a_process_that_ends_without_closing_leaves_no_false_alarm(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    subprocess.run([sys.executable, "-c", FILL.replace("store.close()", ""), path], check=True)
    assert content(path) == 200


def test_the_first_to_close_leaves_the_mark_to_the_last(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    first, last = open_store(path), open_store(path)
    first.close()
    assert (tmp_path / "runs.db-open").exists()
    last.close()
    assert not (tmp_path / "runs.db-open").exists()


@pytest.mark.parametrize("left", [0, 1, 99, 4096, 20_000])
def test_a_truncated_file_is_an_error(tmp_path: Path, left: int) -> None:
    path = tmp_path / "runs.db"
    fill(path)
    os.truncate(path, left)
    with pytest.raises(TinyError) as refusal:
        content(path)
    assert refusal.value.code in ("DB_CORRUPT", "DB_FOREIGN")
    assert refusal.value.hint


def test_a_flipped_byte_never_gives_a_wrong_answer(tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    fill(whole)
    data = whole.read_bytes()
    for place in range(7, len(data), 4096 + 373):
        path = tmp_path / f"{place}.db"
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :])
        assert outcome(path) in ("200", "DB_CORRUPT", "DB_FOREIGN", "DB_NEWER", "DB_CANNOT_OPEN"), place


def outcome(path: Path) -> str:
    try:
        return str(content(path))
    except TinyError as failure:
        return failure.code


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "theirs.db"
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE t (x)")
    theirs.close()
    with pytest.raises(TinyError) as refusal:
        open_store(path)
    assert refusal.value.code == "DB_FOREIGN"


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TinyError) as refusal:
        open_store(tmp_path)
    assert refusal.value.code == "DB_CANNOT_OPEN"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False, capture_output=True
    )
    if not done or done.returncode:
        pytest.skip("a small disk cannot be mounted here (not root)")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def pour(store: Store, rows: int) -> None:
    add = "INSERT INTO graphs (fingerprint, body) VALUES (:n, :b)"
    for number in range(rows):
        store.write_now(_adding(add, number))


def _adding(sql: str, number: int) -> Work[object]:
    return lambda db: db.execute(sql, {"n": str(number), "b": "x" * 50_000})


def test_a_full_disk_is_told_and_forgotten_when_there_is_room_again(small_disk: Path) -> None:
    path = small_disk / "runs.db"
    with open_store(path) as store:
        with pytest.raises(TinyError) as refusal:
            pour(store, 200)
        assert refusal.value.code == "DB_FULL"
        rows = "SELECT count(*) FROM graphs"
        written = store.read_now(lambda db: db.execute(rows).fetchone()[0])
        assert 0 < written < 200
        subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
        store.write_now(lambda db: db.execute("INSERT INTO graphs (fingerprint) VALUES ('room')"))
        assert store.read_now(lambda db: db.execute(rows).fetchone()[0]) == written + 1
        assert store.problems() == []


def test_a_disk_that_may_only_be_read_is_told(small_disk: Path) -> None:
    path = small_disk / "runs.db"
    open_store(path).close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(TinyError) as refusal:
        open_store(path)
    assert refusal.value.code == "DB_READONLY"
