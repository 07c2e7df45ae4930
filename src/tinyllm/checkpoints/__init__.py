"""LangGraph's savers, made safe and fast: whole transactions, an explicit head, nothing loaded that we did not write."""

from tinyllm.checkpoints.retention import Retained as Checkpoints
from tinyllm.checkpoints.saver import Beside, Saved
from tinyllm.checkpoints.serializer import Serializer
from tinyllm.store import Store


def open_checkpoints(store: Store) -> Checkpoints:
    """The saver for this store."""
    if store.dialect == "sqlite":
        from tinyllm.checkpoints.sqlite import SqliteCheckpoints
        from tinyllm.store.sqlite import SqliteStore

        assert isinstance(store, SqliteStore)
        return SqliteCheckpoints(store)
    from tinyllm.checkpoints.postgres import PostgresCheckpoints
    from tinyllm.store.postgres import PostgresStore

    assert isinstance(store, PostgresStore)
    return PostgresCheckpoints(store)


__all__ = ["Beside", "Checkpoints", "Saved", "Serializer", "open_checkpoints"]
