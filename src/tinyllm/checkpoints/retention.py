"""Which checkpoints are kept, copied and deleted: the same words for both databases."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from tinyllm import failpoints
from tinyllm.checkpoints.saver import Checkpoints
from tinyllm.errors import UsageError
from tinyllm.store import Database

# Channels that the messages table can give back: an old run's head is kept without them.
BULKY = ("messages", "scratch")


class Retained(Checkpoints):
    """The saver's housekeeping."""

    bulky: tuple[str, ...] = BULKY

    def trim(self, db: Database, thread: str, keep: Iterable[str]) -> None:
        """Delete the checkpoints of a thread but these, and all that only they needed."""
        kept = {f"k{number}": checkpoint for number, checkpoint in enumerate(keep)}
        names = ", ".join(f":{name}" for name in kept) or "''"
        for table in self.tables[:2]:
            db.execute(
                f"DELETE FROM {table} WHERE thread_id = :thread AND checkpoint_id NOT IN ({names})",
                {"thread": thread, **kept},
            )
        self._sweep(db, thread)

    def thin(self, db: Database, thread: str) -> None:
        """Keep an old run's head, without the conversation, which has its own table."""
        self.trim(db, thread, self.heads(db, thread))
        self._drop_channels(db, thread)

    def _drop_channels(self, db: Database, thread: str) -> None:
        raise NotImplementedError

    def heads(self, db: Database, thread: str) -> list[str]:
        rows = db.execute("SELECT checkpoint_id FROM heads WHERE thread_id = :thread", {"thread": thread})
        return [row[0] for row in rows.fetchall()]

    def return_to(self, db: Database, thread: str, checkpoint: str) -> None:
        """Make an earlier checkpoint the head, without what was done after it."""
        db.execute(
            f"DELETE FROM {self.tables[1]} WHERE thread_id = :thread AND checkpoint_id = :id",
            {"thread": thread, "id": checkpoint},
        )
        self._move_head(db, thread, "", checkpoint)

    def forget(self, db: Database, thread: str) -> None:
        for table in (*self.tables, "heads"):
            db.execute(f"DELETE FROM {table} WHERE thread_id = :thread", {"thread": thread})

    def delete_thread(self, thread_id: str) -> None:
        self.store.write_now(lambda db: self.forget(db, str(thread_id)))

    async def adelete_thread(self, thread_id: str) -> None:
        await self.store.write(lambda db: self.forget(db, str(thread_id)))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        if isinstance(thread_ids, str) or strategy not in ("keep_latest", "delete"):
            raise UsageError("prune takes a list of threads, and keep_latest or delete")
        for thread in map(str, thread_ids):
            failpoints.hit("prune.before")
            if strategy == "delete":
                self.delete_thread(thread)
            else:
                self.store.write_now(lambda db, thread=thread: self.trim(db, thread, self.heads(db, thread)))  # type: ignore[misc]
            failpoints.hit("prune.after")

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        await asyncio.to_thread(self.prune, thread_ids, strategy=strategy)

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        self.store.write_now(lambda db: self._copy(db, str(source_thread_id), str(target_thread_id)))

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        await self.store.write(lambda db: self._copy(db, str(source_thread_id), str(target_thread_id)))

    def _copy(self, db: Database, source: str, target: str) -> None:
        for table in (*self.tables, "heads"):
            rows = db.execute(f"SELECT * FROM {table} WHERE 1 = 0")
            columns = ", ".join(each[0] for each in _description(rows) if each[0] != "thread_id")
            db.execute(
                f"INSERT INTO {table} (thread_id, {columns}) "
                f"SELECT :target, {columns} FROM {table} WHERE thread_id = :source ON CONFLICT DO NOTHING",
                {"source": source, "target": target},
            )

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        self.store.write_now(lambda db: self._delete_runs(db, run_ids))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        await self.store.write(lambda db: self._delete_runs(db, run_ids))

    def _delete_runs(self, db: Database, run_ids: Sequence[str]) -> None:
        checkpoints, writes = self.tables[:2]
        for run in map(str, run_ids):
            rows = db.execute(
                f"SELECT thread_id, checkpoint_ns, checkpoint_id FROM {checkpoints} WHERE {self.run_of} = :run",
                {"run": run},
            ).fetchall()
            for thread, namespace, checkpoint in rows:
                place = {"thread": thread, "namespace": namespace, "id": checkpoint}
                for table in (checkpoints, writes):
                    db.execute(
                        f"DELETE FROM {table} WHERE thread_id = :thread "
                        "AND checkpoint_ns = :namespace AND checkpoint_id = :id",
                        place,
                    )
                self._step_back(db, thread, namespace, checkpoint)
            for thread in {row[0] for row in rows}:
                self._sweep(db, thread)

    def _step_back(self, db: Database, thread: str, namespace: str, gone: str) -> None:
        """A head that was deleted becomes the newest checkpoint that is left."""
        place = {"thread": thread, "namespace": namespace, "id": gone}
        head = "DELETE FROM heads WHERE thread_id = :thread AND checkpoint_ns = :namespace AND checkpoint_id = :id"
        if not db.execute(head, place).rowcount:
            return
        left = db.execute(
            f"SELECT max(checkpoint_id) FROM {self.tables[0]} "
            "WHERE thread_id = :thread AND checkpoint_ns = :namespace",
            {"thread": thread, "namespace": namespace},
        ).fetchone()
        if left[0]:
            self._move_head(db, thread, namespace, left[0])


def _description(rows: Any) -> Sequence[Sequence[Any]]:
    found: Sequence[Sequence[Any]] = rows.description
    return found
