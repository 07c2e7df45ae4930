"""What a database says when it cannot, in our words: one table of causes for SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from tinyllm import failpoints
from tinyllm.errors import Bug, Permanent, Retryable, TinyError, Unavailable

DOCTOR = "`tinyllm doctor` checks the database; a copy of the file is the surest way back"

# The beginning of SQLite's error name or of PostgreSQL's SQLSTATE → our code, what happened, what to do.
CAUSES: dict[str, tuple[str, str, str]] = {
    "SQLITE_BUSY": ("DB_LOCKED", "another process is writing and did not finish", "try again in a moment"),
    "SQLITE_LOCKED": ("DB_LOCKED", "another process is writing and did not finish", "try again in a moment"),
    "SQLITE_FULL": ("DB_FULL", "the disk is full", "free some space and resume the run, or `runs prune`"),
    "SQLITE_READONLY": ("DB_READONLY", "it may only be read", "make the file and its folder writable"),
    "SQLITE_CORRUPT": ("DB_CORRUPT", "it is damaged", DOCTOR),
    "SQLITE_NOTADB": ("DB_CORRUPT", "it is no database, or damaged", DOCTOR),
    "SQLITE_IOERR": ("DB_IO_ERROR", "the disk reports an error", "keep the database on a sound local disk"),
    "SQLITE_CANTOPEN": ("DB_CANNOT_OPEN", "it cannot be opened", "its folder must exist and be writable"),
    "53100": ("DB_FULL", "the disk of the server is full", "free some space and resume the run"),
    "25006": ("DB_READONLY", "the server lets us only read", "connect to the primary server"),
    "XX": ("DB_CORRUPT", "the server says it is damaged", "restore it from a backup"),
    "28": ("DB_REFUSED", "the server refuses this user", "check user and password in the URL"),
    "3D": ("DB_CANNOT_OPEN", "the server has no such database", "create it, or mend the URL"),
    "40": ("DB_LOCKED", "another transaction came first", "try again in a moment"),
    "55": ("DB_LOCKED", "another transaction holds the row", "try again in a moment"),
    "53": ("DB_LOCKED", "the server has no connection left", "raise its limit, or run fewer at once"),
}
RETRYABLE = ("DB_LOCKED",)


def _named(cause: str, where: str) -> TinyError | None:
    """Our error for the database's own name of a cause; None when it is none of these."""
    for beginning, (code, what, hint) in CAUSES.items():
        if cause.startswith(beginning):
            kind = Retryable if code in RETRYABLE else Permanent
            return kind(f"the database: {what}", hint=hint, where=where, code=code, breaker=False)
    return None


def locked(failure: BaseException) -> bool:
    return isinstance(failure, TinyError) and failure.code == "DB_LOCKED"


@contextmanager
def sqlite_failures(where: str) -> Iterator[None]:
    """SQLite's exceptions as ours."""
    try:
        yield
    except failpoints.Failed as failure:
        raise _named("SQLITE_IOERR", where) or failure from failure
    except sqlite3.ProgrammingError as failure:
        if "closed" not in str(failure):
            raise
        raise Bug("the database is used after it was closed", where=where, code="DB_CLOSED") from failure
    except sqlite3.Error as failure:
        cause = getattr(failure, "sqlite_errorname", "SQLITE_NOTADB") or "SQLITE_ERROR"
        ours = _named(cause, where)
        if ours is None:
            raise
        raise ours from failure


@contextmanager
def postgres_failures(where: str) -> Iterator[None]:
    """psycopg's exceptions as ours."""
    import psycopg
    import psycopg_pool

    try:
        yield
    except psycopg_pool.PoolTimeout as failure:
        raise Retryable(
            "no connection to the database came free",
            hint="check that the server runs; or run fewer at once",
            where=where,
            code="DB_UNAVAILABLE",
            breaker=False,
        ) from failure
    except psycopg.Error as failure:
        ours = _named(failure.sqlstate or "", where)
        if ours is None and isinstance(failure, (psycopg.OperationalError, psycopg.InterfaceError)):
            ours = Unavailable(
                "the database server does not answer",
                hint="start it, or mend TINYLLM_DATABASE",
                where=where,
                code="DB_UNAVAILABLE",
                breaker=False,
            )
        if ours is None:
            raise
        raise ours from failure


def damaged(what: str, where: str) -> TinyError:
    """A row that reads well and is not what was written."""
    return Permanent(f"{what} was changed or damaged", hint=DOCTOR, where=where, code="DB_CORRUPT")
