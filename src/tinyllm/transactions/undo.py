"""Rolling back: one row says so, and files get back what they held."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tinyllm import failpoints
from tinyllm.effects import Contents, Undo, read_ledger
from tinyllm.store import Database, Store, packed
from tinyllm.transactions.outbox import DROP_RUN
from tinyllm.transactions.owner import LEASE, Fenced
from tinyllm.transactions.past import beyond
from tinyllm.transactions.rows import Status
from tinyllm.transactions.staged import forget

if TYPE_CHECKING:
    from tinyllm.transactions.run import Run

BACK = (
    "UPDATE runs SET status = :status, error = coalesce(:error, error), lease = :lease, updated = :now"
    " WHERE id = :run AND fence = :fence AND status IN ('executing', 'rolling_back', 'waiting', 'in_doubt')"
)
FREE = "UPDATE threads SET holder = NULL, updated = :now WHERE id = :thread AND holder = :run"
UNDONE = (
    "UPDATE effects SET state = 'undone' WHERE run = :run AND attempt = 0 AND undo IS NOT NULL"
    " AND savepoint >= :since AND state IN ('intent', 'done', 'unknown')"
)


@dataclass(frozen=True, slots=True)
class Ending:
    """A run that is to be rolled back, by whoever has its fence."""

    run: str
    thread: str
    fence: int
    now: float
    error: Mapping[str, str] | None = None

    def step(self, db: Database, status: Status) -> None:
        failpoints.hit("rollback.before")
        me = {"run": self.run, "fence": self.fence, "now": self.now, "status": status}
        text = None if self.error is None else packed(dict(self.error))
        lease = self.now + LEASE if status == "rolling_back" else 0
        if not db.execute(BACK, {**me, "error": text, "lease": lease}).rowcount:
            raise Fenced(
                f"the run {self.run} cannot be rolled back any more: it ended, or somebody took it over",
                hint=f"`tinyllm runs show {self.run}`",
            )
        if status == "rolled_back":
            db.execute(UNDONE, {"run": self.run, "since": 0})
            forget(db, self.run)
            db.execute(DROP_RUN, {"run": self.run})
            db.execute(FREE, {**me, "thread": self.thread})


async def undo(run: "Run", error: Mapping[str, str] | None) -> None:
    """End a run of ours: its checkpoints and events stay readable, its effects on the workspace do not stay."""
    ending = Ending(run.id, run.thread, run.row.fence, run.clock.now(), error)

    def flush(db: Database) -> None:
        run.fence(db)  # a run that has not written anything yet is written down first
        run.flush(db)

    await finish(run.store, run.ledger.contents, ending, flush)
    run.over("rolled_back")


async def finish(
    store: Store, contents: Contents, ending: Ending, flush: Callable[[Database], None] | None = None
) -> None:
    """Both halves of a rollback. After a crash between them the second is done again, by whoever comes."""
    files = await store.read(lambda db: restorable(db, ending.run))

    def first(db: Database) -> None:
        if flush is not None:
            flush(db)
        ending.step(db, "rolling_back" if files else "rolled_back")

    def second(db: Database) -> None:
        ending.step(db, "rolled_back")
        file_notes(db, ending.run, left, ending.now)

    await store.write(first)
    failpoints.hit("rollback.after")
    if files:
        left = await asyncio.to_thread(restore, files, contents)
        await store.write(second)
        failpoints.hit("rollback.after")


def restorable(db: Database, run: str, since: int = 0) -> list[dict[str, Any]]:
    """How to bring back every file that was changed since that savepoint."""
    changed = [
        line
        for line in read_ledger(db, run)
        if line.savepoint >= since and line.state in ("intent", "done", "unknown")
    ]
    return [beyond(db, run, line.number, line.undo) for line in changed if line.undo]


def restore(files: list[dict[str, Any]], contents: Contents) -> list[str]:
    """The last change first. What could not be restored, as sentences."""
    said = [Undo(**undo).restore(contents) for undo in reversed(files)]
    return [each for each in dict.fromkeys(said) if each]


def file_notes(db: Database, run: str, notes: list[str], now: float, **more: int) -> None:
    for note in notes:
        db.execute(
            "INSERT INTO events (run, seq, at, kind, node, data) SELECT :run, coalesce(max(seq), 0) + 1, :now,"
            " 'note', '', :data FROM events WHERE run = :run",
            {"run": run, "now": now, "data": packed({"text": note, **more})},
        )
