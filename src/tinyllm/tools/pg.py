"""PostgreSQL, kept to what it is asked: a login that can do little, a transaction that only reads, one statement, in time."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from tinyllm.errors import BadReply, Permanent
from tinyllm.toolkit import Connection, connection, need
from tinyllm.tools import comments

EXTRA = "postgres"
TAKES = ("url", "password", "timeout", "writes")
SECONDS = 15.0
LONGEST = 20_000  # characters of a statement
# What a login that can do one of these could do to the server's files, programs and other logins.
MIGHT: Final = """
SELECT EXISTS (SELECT FROM pg_roles r WHERE r.rolsuper AND pg_has_role(session_user, r.oid, 'MEMBER')),
       rolcreaterole, rolreplication, rolbypassrls,
       pg_has_role(session_user, 'pg_read_server_files', 'MEMBER'),
       pg_has_role(session_user, 'pg_write_server_files', 'MEMBER'),
       pg_has_role(session_user, 'pg_execute_server_program', 'MEMBER'),
       pg_has_role(session_user, 'pg_signal_backend', 'MEMBER')
FROM pg_roles WHERE rolname = session_user
"""
POWERS: Final = (
    "is a superuser, or can become one", "can make roles", "can replicate", "passes row security by", "reads the server's files",
    "writes the server's files", "runs programs on the server", "ends the sessions of others",
)  # fmt: skip
# Functions whose effect no rollback takes back, or that run SQL of their own: none is needed to look at data.
CALLS: Final = re.compile(
    r"\b(dblink\w*|lo_\w+|loread|lowrite|pg_(?:read|ls|stat)_(?:\w*file|\w*dir|\w*dir\w*)|pg_file_\w+|pg_sleep\w*"
    r"|pg_(?:terminate|cancel)_backend|pg_notify|pg_(?:try_)?advisory\w*|pg_logical\w*|pg_create\w*|pg_drop\w*"
    r"|pg_copy\w*|pg_reload_conf|pg_rotate_logfile\w*|pg_promote|pg_switch_wal|pg_stat_reset\w*|pg_backup_\w+"
    r"|pg_wal_\w+|pg_import_\w+|pg_replication\w*|set_config|\w+_to_xml\w*|nextval|setval|txid_current|xpath_table"
    r"|crosstab\w*|connectby|ts_stat|ts_rewrite|pg_export_snapshot|plpgsql_\w+|cursor_to_xml\w*|pg_config)\"?\s*\(",
    re.IGNORECASE,
)
ESCAPED: Final = re.compile(r"\bU&\s*[\"']", re.IGNORECASE)
MAKE_ONE: Final = (
    "a person makes a login that only reads: CREATE ROLE reader LOGIN PASSWORD '…'; "
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;"
)


def server(name: str) -> Connection:
    return connection("postgres", name, TAKES)


@asynccontextmanager
async def connected(entry: Connection, *, reads: bool) -> AsyncIterator[Any]:
    """A connection in a transaction; one that reads is rolled back whatever happened in it."""
    psycopg = need("psycopg", extra=EXTRA)
    seconds = entry.number("timeout", SECONDS)
    limit = round(seconds * 1000)
    options = (
        f"-c statement_timeout={limit} -c lock_timeout={limit} -c idle_in_transaction_session_timeout={2 * limit} "
        f"-c default_transaction_read_only={'on' if reads else 'off'} -c default_transaction_isolation=repeatable\\ read "
        "-c standard_conforming_strings=on"  # as the check reads them
    )
    extra = {"password": password} if (password := entry.text("password")) else {}
    made = await psycopg.AsyncConnection.connect(
        entry.needed("url"),
        connect_timeout=max(2, round(seconds)),
        options=options,
        application_name="tinyllm",
        **extra,
    )
    async with made:
        await _harmless(made, entry)
        await made.set_read_only(reads)
        try:
            yield made
        except BaseException:
            await made.rollback()
            raise
        if reads:
            await made.rollback()


async def _harmless(made: Any, entry: Connection) -> None:
    """The lock is on the login: what a superuser may, no transaction takes away."""
    row = await (await made.execute(MIGHT)).fetchone()
    might = [power for power, has in zip(POWERS, row, strict=True) if has]
    await made.rollback()
    if might:
        raise Permanent(
            f"the login of the connection {entry.name!r} may do too much: it {', '.join(might)}",
            hint=MAKE_ONE,
            code="SQL_FORBIDDEN",
        )


def checked(sql: str) -> str:
    """One statement without what reaches beyond tables; the server itself makes sure that it is one."""
    text = sql.strip().rstrip(";").strip()
    if not text or len(text) > LONGEST or "\0" in text:
        raise BadReply(
            "there is no statement" if not text else "this is no statement",
            hint="write one SQL statement", code="SQL_INVALID",
        )  # fmt: skip
    bare = comments.without(text)
    # With and without comments: what stands in one is not asked for either.
    if found := CALLS.search(text) or CALLS.search(bare) or ESCAPED.search(text):
        raise Permanent(
            f"{found[0].rstrip('(').strip()} is not allowed here",
            hint="ask with tables, columns and ordinary functions only",
            code="SQL_FORBIDDEN",
        )
    return text
