"""Where runs are kept: the tables that are ours, in one SQLite file or one PostgreSQL database."""

import os
from pathlib import Path

from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import GraphError
from tinyllm.store.database import Database, Rows, Store, Work, checksum, counts, packed, unpacked
from tinyllm.store.failures import damaged


def open_store(place: str | Path, clock: Clock = CLOCK) -> Store:
    """The store at a path or at a SQLAlchemy URL (`sqlite:///…`, `postgresql://…`)."""
    if isinstance(place, Path) or "://" not in place:
        from tinyllm.store.sqlite import SqliteStore

        return SqliteStore(Path(place).expanduser().absolute(), clock)
    scheme, _, rest = place.partition("://")
    if scheme.partition("+")[0] == "sqlite":
        return open_store(Path(rest.removeprefix("/")), clock)
    if scheme in ("postgresql", "postgresql+psycopg"):
        from tinyllm.store.postgres import PostgresStore

        return PostgresStore(place, clock)
    raise GraphError(
        f"runs cannot be kept in a database of the kind {scheme!r}",
        hint="write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
        where="database",
        code="DB_UNSUPPORTED",
    )


_shared: dict[tuple[int, str], tuple[Store, int]] = {}


def shared_store(place: str | Path, clock: Clock = CLOCK) -> Store:
    """The one store of this process at that place; `release_store` gives it back."""
    key = (os.getpid(), str(place))
    store, users = _shared.get(key, (None, 0))
    if store is None or store.clock is not clock:
        store, users = open_store(place, clock), 0
    _shared[key] = (store, users + 1)
    return store


def release_store(store: Store) -> None:
    """Close it when nobody in this process uses it any more."""
    for key, (shared, users) in list(_shared.items()):
        if shared is store:
            _shared[key] = (store, users - 1)
            if users > 1:
                return
            del _shared[key]
    store.close()


__all__ = [
    "Database",
    "Rows",
    "Store",
    "Work",
    "checksum",
    "counts",
    "damaged",
    "open_store",
    "packed",
    "release_store",
    "shared_store",
    "unpacked",
]
