"""What is kept of old runs: all checkpoints of the last ones, the head of older ones, the ledger of all."""

import json
from collections.abc import Sequence

from tinyllm import failpoints
from tinyllm.checkpoints import Checkpoints
from tinyllm.memory.rows import outlive
from tinyllm.metrics import settle
from tinyllm.store import Database, Store

KEPT = 20  # runs of a thread whose checkpoints all stay
YOUNG = 3600.0  # seconds: contents this fresh may belong to a line that is not written yet
EVERY = 8  # commits of a thread between two clean-ups


def due(seq: int, kept: int) -> bool:
    return seq > kept and seq % EVERY == 0


def thin(db: Database, saver: Checkpoints, thread: str, seq: int, kept: int) -> int:
    """Slim the runs that have just become old; how many."""
    rows = db.execute(
        "SELECT id FROM runs WHERE thread = :thread AND seq <= :last AND seq > :first"
        " AND status IN ('committed', 'rolled_back')",
        {"thread": thread, "last": seq - kept, "first": seq - kept - 2 * EVERY},
    ).fetchall()
    failpoints.hit("prune.before")
    for (id,) in rows:
        saver.thin(db, id)
    return len(rows)


async def prune(store: Store, saver: Checkpoints, *, kept: int, before: float, threads: Sequence[str]) -> int:
    """Delete ended runs that no thread needs: all but the last of each thread, older than that moment."""

    def old(db: Database) -> list[str]:
        named = {f"t{n}": thread for n, thread in enumerate(threads)}
        where = f" AND runs.thread IN (:{', :'.join(named)})" if named else ""
        rows = db.execute(
            "SELECT runs.id FROM runs JOIN threads ON threads.id = runs.thread"
            " WHERE runs.status IN ('committed', 'rolled_back') AND runs.updated < :before"
            " AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.run = runs.id"  # what is to be sent yet stays
            "  AND outbox.state IN ('waits', 'sending', 'failed'))"
            f" AND (runs.status = 'rolled_back' OR runs.seq <= threads.seq - :kept){where}",
            {"before": before, "kept": kept, **named},
        )
        return [row[0] for row in rows.fetchall()]

    ids = await store.read(old)
    for id in ids:
        await store.write(lambda db, id=id: _forget(db, saver, id))  # type: ignore[misc]
        failpoints.hit("prune.after")
    return len(ids)


def _forget(db: Database, saver: Checkpoints, id: str) -> None:
    """A run that others went on from leaves its message chain: only what is bulky goes."""
    failpoints.hit("prune.before")
    needed = db.execute(
        "SELECT 1 FROM runs WHERE parent = :id AND status = 'committed'"
        " UNION SELECT 1 FROM threads WHERE head = :id LIMIT 1",
        {"id": id},
    ).fetchone()
    settle(db, id)
    saver.forget(db, id)
    if needed:
        db.execute("DELETE FROM events WHERE run = :id", {"id": id})
    else:
        outlive(db, id)
        db.execute("DELETE FROM runs WHERE id = :id", {"id": id})


def wanted(db: Database) -> set[str]:
    """The contents of files that a rollback could still ask for."""
    rows = db.execute("SELECT undo FROM effects WHERE undo IS NOT NULL").fetchall()
    return {str(json.loads(row[0])["before"]) for row in rows}
