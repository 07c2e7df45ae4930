"""The SQLite store: one connection, short transactions in place, a thread only when another process writes."""

import asyncio
import contextlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinyllm import failpoints
from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import Bug, Permanent, TinyError
from tinyllm.store.database import APPLICATION, VERSION, Database, Result, Store, Work, check_version
from tinyllm.store.failures import locked, sqlite_failures

PATIENCE = 60.0  # seconds a transaction waits for other writers before it gives up
SLICE_MS = 250  # one wait inside SQLite; between two the connection is free for reads

SETTINGS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA wal_autocheckpoint=1000",
    "PRAGMA journal_size_limit=67108864",
)


class SqliteStore(Store):
    """One file. Fifty processes may write to it; beyond that, PostgreSQL."""

    dialect = "sqlite"

    def __init__(self, path: Path, clock: Clock = CLOCK, patience: float = PATIENCE) -> None:
        super().__init__(clock)
        self.path = path
        self.where = str(path)
        self.patience = patience
        self._owner = os.getpid()
        self._turn = threading.RLock()
        self._synced = True
        from tinyllm.store import files

        with sqlite_failures(self.where):
            files.prepare(path)
            with files.opening(path):
                self.connection = connect(path)
                self._close = weakref.finalize(
                    self, files.close, path, files.hold(path), self.connection, self._owner
                )
                version = _version(self.connection, self.where)
        if version < VERSION:
            self.write_now(lambda db: _migrate(db, _version(self.connection, self.where)))

    async def write(self, work: Work[Result]) -> Result:
        if self._turn.acquire(blocking=False):
            try:
                return self._attempt(work, wait_ms=0)
            except TinyError as failure:
                if not locked(failure):
                    raise
            finally:
                self._turn.release()
        return await asyncio.to_thread(self.write_now, work)

    async def write_unsynced(self, work: Work[Result]) -> Result:
        if self._turn.acquire(blocking=False):
            try:
                return self._attempt(work, wait_ms=0, synced=False)
            except TinyError as failure:
                if not locked(failure):
                    raise
            finally:
                self._turn.release()
        return await asyncio.to_thread(self.write_now, work)

    async def read(self, work: Work[Result]) -> Result:
        if self._turn.acquire(blocking=False):
            try:
                return self._look(work)
            finally:
                self._turn.release()
        return await asyncio.to_thread(self.read_now, work)

    def write_now(self, work: Work[Result]) -> Result:
        until = self.clock.monotonic() + self.patience
        while True:
            with self._turn:
                try:
                    return self._attempt(work, wait_ms=SLICE_MS)
                except TinyError as failure:
                    if not locked(failure) or self.clock.monotonic() > until:
                        raise

    def read_now(self, work: Work[Result]) -> Result:
        with self._turn:
            return self._look(work)

    def _attempt(self, work: Work[Result], wait_ms: int, *, synced: bool = True) -> Result:
        """BEGIN IMMEDIATE, the work, COMMIT; whatever goes wrong, nothing of it stays."""
        with self._whole("BEGIN IMMEDIATE", wait_ms, synced=synced):
            return work(self.connection)

    def _look(self, work: Work[Result]) -> Result:
        with self._whole("BEGIN", 0):
            return work(self.connection)

    @contextmanager
    def session(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        """A transaction as a block, for code that cannot be given as a function."""
        with self._turn, self._whole("BEGIN IMMEDIATE" if write else "BEGIN", SLICE_MS):
            yield self.connection

    @contextmanager
    def _whole(self, begin: str, wait_ms: int, *, synced: bool = True) -> Iterator[None]:
        if os.getpid() != self._owner:
            raise Bug("a database connection does not survive a fork", hint="open it in the child")
        connection = self.connection
        with sqlite_failures(self.where):
            if self._busy():
                raise Bug("a transaction inside a transaction", where=self.where)
            if begin != "BEGIN":
                self._sync(synced)
            if wait_ms:
                connection.execute(f"PRAGMA busy_timeout={wait_ms}")
            try:
                connection.execute(begin)
                yield
                if begin != "BEGIN":
                    failpoints.hit("write.before")
                connection.execute("COMMIT")
            except BaseException:
                # A full disk or a damaged page has already rolled the transaction back.
                if self._busy():
                    with contextlib.suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise
            finally:
                if wait_ms:
                    with contextlib.suppress(sqlite3.Error):
                        connection.execute("PRAGMA busy_timeout=0")
            if begin != "BEGIN":
                failpoints.hit("write.after")

    def _sync(self, synced: bool) -> None:
        """In WAL mode a commit is in the file, in order; a synced one puts all before it on the disk as well."""
        if synced is not self._synced:
            self.connection.execute(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")
            self._synced = synced

    def _busy(self) -> bool:
        return self.connection.in_transaction

    def close(self) -> None:
        with self._turn:
            self._close()

    def problems(self) -> list[str]:
        def ask(db: Database) -> list[str]:
            found = [str(row[0]) for row in db.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            orphans = [f"a row of {row[0]} points nowhere" for row in db.execute("PRAGMA foreign_key_check")]
            return found + orphans

        return self.read_now(ask)


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute("PRAGMA busy_timeout=30000")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode=WAL")
    for pragma in SETTINGS:
        connection.execute(pragma)
    # From here on nobody waits on the event loop: a busy database is met in a thread.
    connection.execute("PRAGMA busy_timeout=0")
    return connection


def create(path: Path) -> None:
    """Write a new database that is complete before anybody can see it."""
    connection = connect(path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        _migrate(connection, 0)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _version(connection: Any, where: str) -> int:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise Permanent(
            "this file is not a database of TinyLLM",
            hint="point TINYLLM_DATABASE at another file; this one is left as it is",
            where=where,
            code="DB_FOREIGN",
        )
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    check_version(found, where)
    return found


def _migrate(db: Any, since: int) -> None:
    from sqlalchemy.dialects import sqlite

    from tinyllm.store.schema import migrate

    migrate(db.execute, sqlite.dialect(), since)
    db.execute(f"PRAGMA user_version={VERSION}")
