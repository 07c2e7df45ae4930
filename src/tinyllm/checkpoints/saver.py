"""What both savers share: one transaction per write, an explicit head, and the run that stands beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)

from tinyllm import failpoints
from tinyllm.checkpoints.serializer import Serializer
from tinyllm.state import TO
from tinyllm.store import Database, Store

Writing = Callable[[Database], None]


@dataclass(slots=True)
class Saved:
    """A checkpoint that is being written."""

    namespace: str
    checkpoint: str
    step: int


@dataclass(slots=True)
class Beside:
    """The run whose checkpoints these are: what else happens in the transaction of each."""

    check: Callable[[Database], None]  # refuses a stale writer, files the events
    saved: Callable[[Saved], None] = lambda _: None  # a checkpoint is about to be written
    after: Callable[[], None] = lambda: None  # the transaction is through
    held: bool = False  # nothing is written before `flushed` is called
    grouped: bool = False  # one task at a time: its result may wait for the checkpoint that contains it
    idle: bool = False  # so far nothing has happened that it would cost anything to repeat
    empty: bool = False  # no checkpoint of it is in the database
    waiting: list[tuple[str, Writing]] = field(
        default_factory=list
    )  # with the checkpoint that makes it obsolete

    def flushed(self, db: Database) -> None:
        """Write what waited, inside the caller's transaction, which then calls `forget`."""
        for _, writing in self.waiting:
            writing(db)

    def follows(self, parent: str) -> None:
        """A checkpoint contains the results that led to it: they need no rows of their own any more."""
        self.waiting = [each for each in self.waiting if each[0] != parent]

    def forget(self) -> None:
        """All of it is in the database now."""
        self.waiting.clear()
        self.after()


class Checkpoints(BaseCheckpointSaver[str]):
    """A saver on a store. Subclasses bring the SQL of LangGraph's own saver for that database."""

    tables: tuple[str, ...]  # LangGraph's tables, the checkpoints first
    run_of = ""  # the SQL for the run id in the metadata

    def __init__(self, store: Store) -> None:
        BaseCheckpointSaver.__init__(self, serde=Serializer())
        self.store = store
        self.runs: dict[str, Beside] = {}

    # What the two databases do differently, inside a transaction.

    def _put(self, db: Database, config: RunnableConfig, *saved: Any) -> None:
        raise NotImplementedError

    def _put_writes(self, db: Database, config: RunnableConfig, *written: Any) -> None:
        raise NotImplementedError

    def _get(self, db: Database, config: RunnableConfig) -> CheckpointTuple | None:
        raise NotImplementedError

    def _list(self, *what: Any) -> list[CheckpointTuple]:
        raise NotImplementedError

    def _sweep(self, db: Database, thread: str) -> None:
        """Remove what only deleted checkpoints needed."""

    # Reading.

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        run = self.runs.get(str(config["configurable"]["thread_id"]))
        if run is not None and run.empty:
            return None
        return await self.store.read(lambda db: self._get(db, self._at_head(db, config)))

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return self.store.read_now(lambda db: self._get(db, self._at_head(db, config)))

    def _at_head(self, db: Database, config: RunnableConfig) -> RunnableConfig:
        """The newest checkpoint is the one that was written last, whatever the wall clock said."""
        place = config["configurable"]
        if place.get("checkpoint_id"):
            return config
        namespace = place.get("checkpoint_ns", "")
        row = db.execute(
            "SELECT checkpoint_id FROM heads WHERE thread_id = :thread AND checkpoint_ns = :namespace",
            {"thread": str(place["thread_id"]), "namespace": namespace},
        ).fetchone()
        head = row[0] if row else ""
        # An id that no checkpoint has: a thread without a head is empty.
        return {"configurable": {**place, "checkpoint_ns": namespace, "checkpoint_id": head or "-"}}

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        return iter(self._list(config, filter, before, limit))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        # All of them first: nobody holds the database while a caller looks at one.
        for found in await asyncio.to_thread(self._list, config, filter, before, limit):
            yield found

    # Writing.

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        writing = self._putting(config, checkpoint, metadata, new_versions)
        if writing is not None:
            await self._write(config, writing)
            failpoints.hit("checkpoint.after")
            self._written(config)
        return _at(config, checkpoint["id"])

    async def _write(self, config: RunnableConfig, writing: Writing) -> None:
        """What a run has done so far is its own until it ends; its end, and what it does to the world, is synced."""
        ours = str(config["configurable"]["thread_id"]) in self.runs
        await (self.store.write_unsynced if ours else self.store.write)(writing)

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        writing = self._putting(config, checkpoint, metadata, new_versions)
        if writing is not None:
            self.store.write_now(writing)
            failpoints.hit("checkpoint.after")
            self._written(config)
        return _at(config, checkpoint["id"])

    def _putting(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> Writing | None:
        """The transaction of one checkpoint; None when it waits for the next of the run's writes."""
        place = config["configurable"]
        thread, namespace = str(place["thread_id"]), place.get("checkpoint_ns", "")
        run = self.runs.get(thread)

        def alone(db: Database) -> None:
            self._put(db, config, checkpoint, metadata, new_versions)
            self._move_head(db, thread, namespace, checkpoint["id"])

        def writing(db: Database) -> None:
            failpoints.hit("checkpoint.before")
            if run is not None:
                run.check(db)
                run.flushed(db)
            alone(db)

        if run is None:
            return writing
        run.saved(Saved(namespace, checkpoint["id"], metadata.get("step", 0)))
        run.follows(str(place.get("checkpoint_id")))
        # What a run begins with is written with what comes next; a run that ends, with its end.
        begins = metadata.get("source") == "input"
        if run.held or (run.grouped and (run.idle or begins or _last(checkpoint))):
            run.waiting.append(("", alone))
            return None
        return writing

    def _written(self, config: RunnableConfig) -> None:
        run = self.runs.get(str(config["configurable"]["thread_id"]))
        if run is not None and not run.held:
            run.empty = False
            run.forget()

    def _move_head(self, db: Database, thread: str, namespace: str, checkpoint: str) -> None:
        db.execute(
            "INSERT INTO heads (thread_id, checkpoint_ns, checkpoint_id) VALUES (:thread, :namespace, :id) "
            "ON CONFLICT (thread_id, checkpoint_ns) DO UPDATE SET checkpoint_id = excluded.checkpoint_id",
            {"thread": thread, "namespace": namespace, "id": checkpoint},
        )

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        writing = self._putting_writes(config, writes, task_id, task_path)
        if writing is not None:
            await self._write(config, writing)
            failpoints.hit("writes.after")
            self._written(config)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        writing = self._putting_writes(config, writes, task_id, task_path)
        if writing is not None:
            self.store.write_now(writing)
            failpoints.hit("writes.after")
            self._written(config)

    def _putting_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str
    ) -> Writing | None:
        place = config["configurable"]
        run = self.runs.get(str(place["thread_id"]))
        # An interrupt or an error has no checkpoint that would contain it.
        plain = not any(channel in WRITES_IDX_MAP for channel, _ in writes)

        def bare(db: Database) -> None:
            self._put_writes(db, config, writes, task_id, task_path)

        if run is not None and (run.held or (run.grouped and plain)):
            run.waiting.append((str(place.get("checkpoint_id", "")), bare))
            return None

        def writing(db: Database) -> None:
            failpoints.hit("writes.before")
            if run is not None:
                run.check(db)
                run.flushed(db)
            bare(db)

        return writing

    def decode(self, db: Database, config: RunnableConfig) -> CheckpointTuple | None:
        """The head, read inside a transaction that is open already."""
        return self._get(db, self._at_head(db, config))


def _last(checkpoint: Checkpoint) -> bool:
    """Nobody comes after this step: the write that ends the run is the next."""
    return not any(name.startswith((TO, "__pregel")) for name in checkpoint["channel_values"])


def _at(config: RunnableConfig, checkpoint: str) -> RunnableConfig:
    place = config["configurable"]
    return {
        "configurable": {
            "thread_id": place["thread_id"],
            "checkpoint_ns": place.get("checkpoint_ns", ""),
            "checkpoint_id": checkpoint,
        }
    }
