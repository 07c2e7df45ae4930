"""LangGraph's SQLite saver on our connection: no thread hop, no half transaction."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.utils import load_pending_writes

from tinyllm.checkpoints.retention import Retained
from tinyllm.store import Database
from tinyllm.store.sqlite import SqliteStore

PUT = (
    "INSERT OR REPLACE INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type,"
    " checkpoint, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
PUT_WRITES = (
    "INTO writes (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
GET = (
    "SELECT parent_checkpoint_id, type, checkpoint, metadata FROM checkpoints"
    " WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?"
)
GET_WRITES = (
    "SELECT task_id, channel, type, value, task_path, idx FROM writes"
    " WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?"
)


class SqliteCheckpoints(Retained, SqliteSaver):
    """Shares the store's connection: two connections of one process would lock each other out."""

    tables = ("checkpoints", "writes")
    run_of = "json_extract(CAST(metadata AS TEXT), '$.run_id')"
    store: SqliteStore

    def __init__(self, store: SqliteStore) -> None:
        SqliteSaver.__init__(self, store.connection)
        Retained.__init__(self, store)
        if not store.read_now(_has_tables):
            store.write_now(self._create)
        self.is_setup = True

    def _create(self, db: Any) -> None:
        """LangGraph's own tables, in its own words, but inside a transaction."""
        if not _has_tables(db):
            for statement in _setup_statements():
                db.execute(statement)

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:
        """For the methods that are inherited: whole transactions here too."""
        with self.store.session(write=transaction) as connection:
            cursor = connection.cursor()
            try:
                yield cursor
            finally:
                cursor.close()

    def _put(self, db: Any, config: RunnableConfig, *saved: Any) -> None:
        checkpoint: Checkpoint
        metadata: CheckpointMetadata
        _versions: ChannelVersions
        checkpoint, metadata, _versions = saved
        place = config["configurable"]
        kept = json.dumps(get_checkpoint_metadata(config, metadata), ensure_ascii=False)
        db.execute(
            PUT,
            (
                str(place["thread_id"]),
                place.get("checkpoint_ns", ""),
                checkpoint["id"],
                place.get("checkpoint_id"),
                *self.serde.dumps_typed(checkpoint),
                kept.encode("utf-8", "ignore"),
            ),
        )

    def _put_writes(self, db: Any, config: RunnableConfig, *written: Any) -> None:
        writes: Sequence[tuple[str, Any]]
        writes, task_id, task_path = written
        place = config["configurable"]
        where = (str(place["thread_id"]), str(place.get("checkpoint_ns", "")), str(place["checkpoint_id"]))
        replace = all(channel in WRITES_IDX_MAP for channel, _ in writes)
        db.executemany(
            f"INSERT OR {'REPLACE' if replace else 'IGNORE'} {PUT_WRITES}",
            [
                (
                    *where,
                    task_id,
                    task_path,
                    WRITES_IDX_MAP.get(channel, number),
                    channel,
                    *self.serde.dumps_typed(value),
                )
                for number, (channel, value) in enumerate(writes)
            ],
        )

    def _get(self, db: Any, config: RunnableConfig) -> CheckpointTuple | None:
        place = config["configurable"]
        where = (str(place["thread_id"]), place.get("checkpoint_ns", ""), place["checkpoint_id"])
        row = db.execute(GET, where).fetchone()
        if row is None:
            return None
        parent, kind, checkpoint, metadata = row

        def at(checkpoint_id: str) -> RunnableConfig:
            names = ("thread_id", "checkpoint_ns", "checkpoint_id")
            return {"configurable": dict(zip(names, (*where[:2], checkpoint_id), strict=True))}

        return CheckpointTuple(
            {"configurable": {**place, **at(where[2])["configurable"]}},
            self.serde.loads_typed((kind, checkpoint)),
            json.loads(metadata) if metadata is not None else {},
            at(parent) if parent else None,
            load_pending_writes(db.execute(GET_WRITES, where), self.serde),
        )

    def _list(self, *what: Any) -> list[CheckpointTuple]:
        config, wanted, before, limit = what
        return [*SqliteSaver.list(self, config, filter=wanted, before=before, limit=limit)]

    def _drop_channels(self, db: Any, thread: str) -> None:
        rows = db.execute(
            "SELECT checkpoint_ns, checkpoint_id, type, checkpoint FROM checkpoints WHERE thread_id = ?",
            (thread,),
        ).fetchall()
        for namespace, checkpoint_id, kind, data in rows:
            checkpoint = self.serde.loads_typed((kind, data))
            for channel in self.bulky:
                checkpoint["channel_values"].pop(channel, None)
            db.execute(
                "UPDATE checkpoints SET type = ?, checkpoint = ?"
                " WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?",
                (*self.serde.dumps_typed(checkpoint), thread, namespace, checkpoint_id),
            )


def _has_tables(db: Database) -> bool:
    found = db.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('checkpoints', 'writes')")
    return bool(found.fetchone()[0] == 2)


def _setup_statements() -> list[str]:
    """What LangGraph's saver would create, asked of it on a database in memory."""
    memory = sqlite3.connect(":memory:")
    try:
        SqliteSaver(memory).setup()
        rows = memory.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        return [row[0] for row in rows]
    finally:
        memory.close()
