"""Rolling back: one row says so, and files get back what they held."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tinyllm import failpoints
from tinyllm.effects import Contents, Undo, read_ledger
from tinyllm.errors import Permanent
from tinyllm.store import Database, Store, packed

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


async def undo(run: "Run", error: Mapping[str, str] | None) -> None:
    """End a run of ours: its checkpoints and events stay readable, its effects on the workspace do not stay."""
    await finish(
        run.store,
        run.ledger.contents,
        {"run": run.id, "thread": run.thread, "fence": run.row.fence, "now": run.clock.now()},
        error=error,
        beside=run.flush,
    )
    run.over("rolled_back")


async def finish(
    store: Store,
    contents: Contents,
    me: Mapping[str, Any],
    *,
    error: Mapping[str, str] | None,
    beside: Callable[[Database], None] | None = None,
) -> None:
    """Both halves of a rollback. After a crash between them the second is done again, by whoever comes."""
    text = None if error is None else packed(dict(error))
    lines = await store.read(lambda db: read_ledger(db, me["run"]))
    files = [line.undo for line in lines if line.undo and line.state in ("intent", "done", "unknown")]

    def step(db: Database, status: str) -> None:
        failpoints.hit("rollback.before")
        lease = me["now"] + 30 if status == "rolling_back" else 0
        if not db.execute(BACK, {**me, "status": status, "error": text, "lease": lease}).rowcount:
            raise Permanent(
                f"the run {me['run']} cannot be rolled back any more: it ended, or somebody took it over",
                hint=f"`tinyllm runs show {me['run']}`",
                code="FENCED",
            )
        if status == "rolled_back":
            db.execute(UNDONE, {"run": me["run"], "since": 0})
            db.execute(FREE, me)

    def first(db: Database) -> None:
        step(db, "rolling_back" if files else "rolled_back")
        if beside is not None:
            beside(db)

    await store.write(first)
    failpoints.hit("rollback.after")
    if not files:
        return
    left = await asyncio.to_thread(restore, files, contents)

    def second(db: Database) -> None:
        step(db, "rolled_back")
        file_notes(db, me["run"], left, me["now"])

    await store.write(second)
    failpoints.hit("rollback.after")


def restore(files: list[dict[str, Any]], contents: Contents) -> list[str]:
    """The last change first. What could not be restored, as sentences."""
    return [said for undo in reversed(files) if (said := Undo(**undo).restore(contents))]


def file_notes(db: Database, run: str, notes: list[str], now: float) -> None:
    for note in notes:
        db.execute(
            "INSERT INTO events (run, seq, at, kind, node, data) SELECT :run, coalesce(max(seq), 0) + 1, :now,"
            " 'note', '', :data FROM events WHERE run = :run",
            {"run": run, "now": now, "data": packed({"text": note})},
        )
