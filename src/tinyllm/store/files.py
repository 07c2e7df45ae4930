"""The file of a SQLite store: made whole under another name, private, and never opened without its log."""

import contextlib
import errno
import importlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinyllm.errors import Permanent
from tinyllm.store.failures import damaged

# Windows has none, and keeps open files from being deleted: there is nothing to notice.
fcntl: Any = None
with contextlib.suppress(ImportError):
    fcntl = importlib.import_module("fcntl")

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _mark(path: Path) -> Path:
    """Stands beside a database that is open, so that a log that went missing is noticed."""
    return path.with_name(path.name + "-open")


def prepare(path: Path) -> None:
    """See that the file is there and may be used, or say why not."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
    except OSError as failure:
        raise _cannot_open(path, failure) from failure
    if path.is_dir():
        raise _cannot_open(path, IsADirectoryError(errno.EISDIR, "it is a folder"))
    if path.stat().st_size == 0:
        raise damaged("the database is empty: it", str(path))
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise Permanent(
            "the database may only be read",
            hint="make the file and its folder writable, or set TINYLLM_DATABASE",
            where=str(path),
            code="DB_READONLY",
        )


def _cannot_open(path: Path, failure: OSError) -> Permanent:
    code = {errno.EROFS: "DB_READONLY", errno.ENOSPC: "DB_FULL"}.get(failure.errno or 0, "DB_CANNOT_OPEN")
    return Permanent(
        f"the database cannot be opened: {failure.strerror or failure}",
        hint="its folder must exist and be writable; TINYLLM_DATABASE names another place",
        where=str(path),
        code=code,
    )


def _create(path: Path) -> None:
    """A new database appears at once and whole, however many processes start together."""
    from tinyllm.store.sqlite import create

    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE_FILE))
    try:
        create(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        except OSError:  # no hard links here
            with _alone(path):
                if not path.exists():
                    draft.rename(path)
    finally:
        for left in (draft, _log(draft), draft.with_name(draft.name + "-shm")):
            left.unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else opens or closes this database meanwhile."""
    if fcntl is None:
        yield
        return
    handle = os.open(path.with_name(path.name + "-lock"), os.O_CREAT | os.O_RDWR, PRIVATE_FILE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Refuse a database whose log went missing: an older state must not pass for the newest."""
    with _alone(path):
        if _mark(path).exists() and not _log(path).exists():
            raise Permanent(
                "the database was not closed, and its log (-wal) is gone: what was last committed is in it",
                hint=f"put the -wal file back; or delete {_mark(path).name} to go on without it",
                where=str(path),
                code="DB_CORRUPT",
            )
        yield


def hold(path: Path) -> int:
    """Mark the database as open; the mark is shared by all who have it open, and knows when they die."""
    if fcntl is None:
        return -1
    handle = os.open(_mark(path), os.O_CREAT | os.O_RDWR, PRIVATE_FILE)
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def close(path: Path, handle: int, connection: sqlite3.Connection, owner: int) -> None:
    """The last one empties the log and then takes the mark away; in this order a kill between them harms nothing."""
    if owner != os.getpid():
        return
    with contextlib.suppress(sqlite3.Error, OSError), _alone(path):
        if _last(handle):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            _mark(path).unlink(missing_ok=True)
        connection.close()
    connection.close()
    if handle >= 0:
        os.close(handle)


def _last(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
