"""The PostgreSQL store: a pool with a wait, each transaction in a thread."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from tinyllm import failpoints
from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import GraphError, TinyError
from tinyllm.installing import install
from tinyllm.store.database import VERSION, Result, Rows, Store, Work, check_version
from tinyllm.store.failures import locked, postgres_failures

if TYPE_CHECKING:
    from psycopg import Connection

POOL = 10
WAIT = 30.0  # seconds for a free connection
TRIES = 10  # a transaction that another one overtook is run again
LOCK = 0x544C4C4D  # the advisory lock under which the schema is moved forward


@lru_cache(maxsize=1024)
def _named(sql: str) -> str:
    """`:name` as psycopg wants it."""
    return re.sub(r"(?<![:\w]):([a-z_]\w*)", r"%(\1)s", sql.replace("%", "%%"))


class Transaction:
    """A psycopg connection that takes our way of naming values."""

    def __init__(self, connection: "Connection[Any]") -> None:
        self.connection = connection

    def execute(self, sql: str, values: Mapping[str, Any] | None = None, /) -> Rows:
        return self.connection.execute(_named(sql), values or {})


class PostgresStore(Store):
    """One database of a server, shared by as many processes as it has connections for."""

    dialect = "postgresql"

    def __init__(self, url: str, clock: Clock = CLOCK, pool: int = POOL) -> None:
        super().__init__(clock)
        try:
            import psycopg_pool
        except ImportError:
            raise GraphError(
                "PostgreSQL needs a driver that is not installed",
                hint=install("postgres"),
                code="EXTRA_MISSING",
            ) from None
        self.where = _without_password(url)
        self.pool = psycopg_pool.ConnectionPool(
            url.replace("postgresql+psycopg:", "postgresql:", 1),
            min_size=1,
            max_size=pool,
            timeout=WAIT,
            open=False,
        )
        self.pool.open()
        with postgres_failures(self.where):
            self._first_look(url)
        self.write_now(self._migrate)

    def _first_look(self, url: str) -> None:
        """A wrong URL is said at once; a pool would try for half a minute and tell only that."""
        import psycopg

        try:
            psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:", 1), connect_timeout=5).close()
        except psycopg.Error:
            self.pool.close()
            raise

    async def write(self, work: Work[Result]) -> Result:
        return await asyncio.to_thread(self.write_now, work)

    async def read(self, work: Work[Result]) -> Result:
        return await asyncio.to_thread(self.read_now, work)

    def write_now(self, work: Work[Result]) -> Result:
        for left in reversed(range(TRIES)):
            try:
                with self._transaction("") as transaction:
                    result = work(transaction)
                    failpoints.hit("write.before")
                failpoints.hit("write.after")
            except TinyError as failure:
                if not locked(failure) or not left:
                    raise
            else:
                return result
        raise AssertionError

    def read_now(self, work: Work[Result]) -> Result:
        with self._transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY") as transaction:
            return work(transaction)

    def session(self) -> AbstractContextManager[Transaction]:
        """A transaction as a block, for code that cannot be given as a function."""
        return self._transaction("")

    @contextmanager
    def _transaction(self, first: str) -> Iterator[Transaction]:
        with postgres_failures(self.where), self.pool.connection() as connection, connection.transaction():
            if first:
                connection.execute(first)
            yield Transaction(connection)

    def _migrate(self, db: Any) -> None:
        db.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        db.execute("CREATE TABLE IF NOT EXISTS tinyllm_schema (version INTEGER NOT NULL)")
        row = db.execute("SELECT max(version) FROM tinyllm_schema").fetchone()
        found = row[0] or 0
        check_version(found, self.where)
        if found < VERSION:
            from sqlalchemy.dialects import postgresql

            from tinyllm.store.schema import migrate

            migrate(db.execute, postgresql.dialect(), found)  # type: ignore[no-untyped-call]
            db.execute("INSERT INTO tinyllm_schema (version) VALUES (:version)", {"version": VERSION})

    def close(self) -> None:
        self.pool.close()

    def problems(self) -> list[str]:
        return []


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    place = parts.hostname or ""
    place += f":{parts.port}" if parts.port else ""
    return urlunsplit(("postgresql", place, parts.path, "", ""))
