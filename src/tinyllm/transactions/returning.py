"""Going back on purpose: to a savepoint of a run, or to the thread as it was before a committed one."""

import asyncio
from collections.abc import Iterable
from typing import Any

from tinyllm import failpoints
from tinyllm.checkpoints import Checkpoints
from tinyllm.clock import Clock
from tinyllm.effects import Contents, read_ledger
from tinyllm.errors import UsageError
from tinyllm.memory.rows import unsettle, unstage
from tinyllm.store import Database, Store, checksum, packed
from tinyllm.transactions import outbox
from tinyllm.transactions.lease import Abandoned, busy, take_thread
from tinyllm.transactions.owner import LEASE, Owner
from tinyllm.transactions.rows import RunRow, read_run, read_savepoints
from tinyllm.transactions.staged import forget
from tinyllm.transactions.undo import UNDONE, Ending, file_notes, finish, restorable, restore

# What was asked after the savepoint is asked again; what was done to the world outside stays done.
ASIDE = (
    "UPDATE effects SET attempt = :attempt WHERE run = :run AND attempt = 0 AND savepoint >= :since"
    " AND (effect IN ('model', 'read') OR undo IS NOT NULL OR state = 'failed'"
    # What was remembered is taken back as well: it never left our tables.
    " OR name IN ('memory_remember', 'memory_forget')"
    # … and what was to be sent, and was not.
    " OR (effect = 'outbox' AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.key = :run || ':' || effects.key)) OR ("
    # A call that wrote files has to write them again, when it may be made again.
    "  effect IN ('idempotent', 'keyed') AND EXISTS (SELECT 1 FROM effects inside WHERE inside.run = :run"
    "   AND inside.undo IS NOT NULL AND substr(inside.key, 1, length(effects.key) + 1) = effects.key || ':')))"
)
ALIVE = (
    "UPDATE runs SET status = 'executing', attempt = attempt + 1, lease = 0, waits = NULL, error = NULL,"
    " answer = NULL, crc = :crc, tallied = CASE WHEN tallied < 0 THEN tallied ELSE -1 - tallied END,"
    " updated = :now, fence = (SELECT fence FROM threads WHERE id = :thread) WHERE id = :run"
)

FORKED = (
    "SELECT id FROM threads WHERE head = :run AND id <> :thread UNION ALL"
    " SELECT thread FROM runs WHERE parent = :run AND status <> 'rolled_back' LIMIT 1"
)
TAKEN_BACK = (
    "UPDATE runs SET status = 'rolling_back', fence = :fence, host = :host, pid = :pid, started = :started,"
    " lease = :lease, updated = :now WHERE id = :run AND status = 'committed'"
)


async def to_savepoint(
    store: Store, saver: Checkpoints, contents: Contents, clock: Clock, id: str, number: int
) -> RunRow:
    """Make a run stand where that savepoint was taken, ready to be resumed."""
    row, checkpoint, files = await store.read(lambda db: _look(db, clock, id, number))
    left = await asyncio.to_thread(restore, files, contents)

    def go_back(db: Database) -> None:
        failpoints.hit("return.before")
        if row.status == "rolled_back":
            _take_again(db, clock, row)
        me = {"run": row.id, "thread": row.thread, "now": clock.now(), "since": number + 1}
        crc = checksum(row.question, packed(row.inputs), None)
        db.execute("UPDATE threads SET holder = :run, fence = fence + 1 WHERE id = :thread", me)
        db.execute(UNDONE, me)
        db.execute(outbox.FORGET_SINCE, me)
        db.execute(outbox.REVIVE_RUN, me)
        db.execute(ASIDE, {**me, "attempt": row.attempt + 1})
        forget(db, row.id, since=number + 1)
        unstage(db, row.id, number + 1)
        saver.return_to(db, row.id, checkpoint)
        db.execute(ALIVE, {**me, "crc": crc})
        file_notes(db, row.id, [f"returned to savepoint {number}"], clock.now(), back=number)
        file_notes(db, row.id, left, clock.now())

    await store.write(go_back)
    failpoints.hit("return.after")
    return await store.read(lambda db: read_run(db, row.id))


def _look(db: Database, clock: Clock, id: str, number: int) -> tuple[RunRow, str, list[dict[str, Any]]]:
    """The run, the checkpoint of its savepoint, and the files that were changed after it."""
    row = read_run(db, id)
    if row.status in ("executing", "rolling_back", "created") and row.held(clock):
        raise busy(row)
    savepoints = read_savepoints(db, row.id)
    if row.status == "committed":
        inside = (
            f"; to go back inside it, take it back first: `tinyllm runs rollback {row.id}`, then the same with --to {number}"
            if number in savepoints
            else ""
        )
        raise UsageError(
            f"the run {row.id} is committed",
            hint=f"`tinyllm runs fork {row.id}` goes on from it in a thread of its own{inside}",
            code="RUN_COMMITTED",
        )
    if number not in savepoints:
        known = ", ".join(map(str, savepoints)) or "none"
        raise UsageError(
            f"the run {row.id} has no savepoint {number}", hint=f"it has: {known}", code="SAVEPOINT_UNKNOWN"
        )
    _refuse_undone(db, row, number, savepoints)
    files = restorable(db, row.id, since=number + 1)
    return row, str(savepoints[number]["checkpoint"]), files


def _refuse_undone(db: Database, row: RunRow, number: int, savepoints: Iterable[int]) -> None:
    """A state that says that a file was written is no place to go on from once the file was taken back."""
    undone = [line.savepoint for line in read_ledger(db, row.id) if line.undo and line.state == "undone"]
    first = min(undone, default=number + 1)
    if first <= number:
        open_ = [each for each in savepoints if each < first]
        raise UsageError(
            f"the files that the run {row.id} wrote before savepoint {number} were taken back with it",
            hint=f"it can go back to savepoint {max(open_)}, before the first of them"
            if open_
            else "ask again",
            code="SAVEPOINT_UNDONE",
        )


def _take_again(db: Database, clock: Clock, row: RunRow) -> None:
    """A run that was rolled back may live again while its thread is free and has not gone on."""
    try:
        head, _, _ = take_thread(db, row.thread, clock.now(), clock)
    except Abandoned as other:
        raise busy(other.row) from None
    if head != row.parent:
        raise UsageError(
            f"the thread {row.thread} went on since",
            hint="ask again on that thread, or on a new one",
            code="THREAD_MOVED",
        )


async def before(store: Store, contents: Contents, clock: Clock, row: RunRow) -> None:
    """Take back a committed run that is still the last of its thread."""

    def open_again(db: Database) -> int:
        """From here on it never was; while its files are brought back, nobody else begins on its thread."""
        failpoints.hit("rollback.before")
        head, fence, _ = take_thread(db, row.thread, clock.now(), clock)
        if head != row.id:
            raise UsageError(
                f"the run {row.id} is not the last of its thread any more",
                hint=f"roll back the later ones first, or `tinyllm runs fork {row.parent or row.id}`",
                code="NOT_THE_HEAD",
            )
        if fork := db.execute(FORKED, {"run": row.id, "thread": row.thread}).fetchone():
            raise UsageError(
                f"the thread {fork[0]} goes on from the run {row.id}",
                hint="what others went on from stays; ask anew instead",
                code="NOT_THE_HEAD",
            )
        now = clock.now()
        me = {"run": row.id, "thread": row.thread, "parent": row.parent or None, "fence": fence, "now": now,
              "lease": now + LEASE, **Owner.me().as_values()}  # fmt: skip
        db.execute("UPDATE threads SET head = :parent, holder = :run WHERE id = :thread", me)
        db.execute(TAKEN_BACK, me)
        unsettle(db, row.id)
        db.execute(outbox.DROP_RUN, me)
        outbox.refuse_while_sending(db, row.id, clock)
        forget(db, row.id)
        return fence

    fence = await store.write(open_again)
    failpoints.hit("rollback.after")
    await finish(store, contents, Ending(row.id, row.thread, fence, clock.now()))
    if left := await store.read(lambda db: outbox.left_the_house(db, row.id)):
        await store.write(lambda db: file_notes(db, row.id, left, clock.now()))
