"""LangGraph's PostgreSQL saver on our pool: one transaction per write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from tinyllm.checkpoints.retention import Retained
from tinyllm.store import Database
from tinyllm.store.postgres import LOCK, PostgresStore


class PostgresCheckpoints(Retained, PostgresSaver):
    """Uses the store's pool; nothing is serialised behind one lock."""

    tables = ("checkpoints", "checkpoint_writes", "checkpoint_blobs")
    run_of = "metadata ->> 'run_id'"
    store: PostgresStore

    def __init__(self, store: PostgresStore) -> None:
        PostgresSaver.__init__(self, store.pool)  # type: ignore[arg-type]
        Retained.__init__(self, store)
        self._within = threading.local()
        store.write_now(self._create)

    def _create(self, db: Any) -> None:
        """LangGraph's own migrations, by one process at a time; an index cannot be concurrent in a transaction."""
        db.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        db.execute(self.MIGRATIONS[0])
        found = db.execute("SELECT max(v) FROM checkpoint_migrations").fetchone()[0]
        for version in range(0 if found is None else found + 1, len(self.MIGRATIONS)):
            db.execute(self.MIGRATIONS[version].replace("CONCURRENTLY", ""))
            db.execute("INSERT INTO checkpoint_migrations (v) VALUES (:version)", {"version": version})

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Iterator[Cursor[DictRow]]:  # noqa: ARG002
        """The open transaction of this thread, or one of its own."""
        open_ = getattr(self._within, "connection", None)
        if open_ is not None:
            with open_.cursor(binary=True, row_factory=dict_row) as cursor:
                yield cursor
            return
        with self.store.session() as db, db.connection.cursor(binary=True, row_factory=dict_row) as cursor:
            yield cursor

    @contextmanager
    def _inside(self, db: Any) -> Iterator[None]:
        self._within.connection = db.connection
        try:
            yield
        finally:
            self._within.connection = None

    def _put(self, db: Database, config: RunnableConfig, *saved: Any) -> None:
        with self._inside(db):
            PostgresSaver.put(self, _placed(config), *saved)

    def _put_writes(self, db: Database, config: RunnableConfig, *written: Any) -> None:
        with self._inside(db):
            PostgresSaver.put_writes(self, _placed(config), *written)

    def _get(self, db: Database, config: RunnableConfig) -> CheckpointTuple | None:
        with self._inside(db):
            return PostgresSaver.get_tuple(self, _placed(config))

    def _list(self, *what: Any) -> list[CheckpointTuple]:
        config, wanted, before, limit = what
        return [*PostgresSaver.list(self, config, filter=wanted, before=before, limit=limit)]

    def _sweep(self, db: Database, thread: str) -> None:
        db.execute(
            "DELETE FROM checkpoint_blobs b WHERE b.thread_id = :thread AND NOT EXISTS ("
            " SELECT 1 FROM checkpoints c WHERE c.thread_id = b.thread_id AND c.checkpoint_ns = b.checkpoint_ns"
            " AND c.checkpoint -> 'channel_versions' ->> b.channel = b.version)",
            {"thread": thread},
        )

    def _drop_channels(self, db: Database, thread: str) -> None:
        for channel in self.bulky:
            db.execute(
                "DELETE FROM checkpoint_blobs WHERE thread_id = :thread AND channel = :channel",
                {"thread": thread, "channel": channel},
            )


def _placed(config: RunnableConfig) -> RunnableConfig:
    place = {**config["configurable"], "thread_id": str(config["configurable"]["thread_id"])}
    return {**config, "configurable": {"checkpoint_ns": "", **place}}
