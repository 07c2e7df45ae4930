"""The promises of the database, checked row by row."""

from tinyllm.checkpoints import Checkpoints
from tinyllm.errors import TinyError
from tinyllm.store import Database
from tinyllm.transactions.rows import read_runs

CHECKS = {
    "the thread {0} is held by the run {1}, which ended": """
        SELECT threads.id, runs.id FROM threads JOIN runs ON runs.id = threads.holder
        WHERE runs.status IN ('committed', 'rolled_back')""",
    "the thread {0} is held by a run that is not there: {1}": """
        SELECT id, holder FROM threads WHERE holder IS NOT NULL AND holder NOT IN (SELECT id FROM runs)""",
    "the head {1} of the thread {0} is not a committed run": """
        SELECT threads.id, threads.head FROM threads
        LEFT JOIN runs ON runs.id = threads.head AND runs.status = 'committed'
        WHERE threads.head IS NOT NULL AND runs.id IS NULL""",
    "the run {0} is live, and its thread {1} is held by another or by none": """
        SELECT runs.id, runs.thread FROM runs JOIN threads ON threads.id = runs.thread
        WHERE runs.status NOT IN ('committed', 'rolled_back') AND coalesce(threads.holder, '') <> runs.id""",
    "the committed run {0} has an effect that was begun and not ended: {1}": """
        SELECT runs.id, effects.key FROM runs JOIN effects ON effects.run = runs.id
        WHERE runs.status = 'committed' AND effects.attempt = 0 AND effects.state = 'intent'""",
    "the run {0} was rolled back, and what it asked to be sent still waits: {1}": """
        SELECT runs.id, outbox.key FROM runs JOIN outbox ON outbox.run = runs.id
        WHERE runs.status = 'rolled_back' AND outbox.state = 'waits'""",
    "the run {0} was rolled back, and a reply that it was given is kept: {1}": """
        SELECT runs.id, cache.key FROM runs JOIN cache ON cache.run = runs.id
        WHERE runs.status = 'rolled_back'""",
    "two committed runs of the thread {0} went on from the same one: {1}": """
        SELECT thread, parent FROM runs WHERE status = 'committed'
        GROUP BY thread, parent HAVING count(*) > 1""",
}


def problems(db: Database, saver: Checkpoints) -> list[str]:
    found = [said.format(*row) for said, sql in CHECKS.items() for row in db.execute(sql).fetchall()]
    try:
        for row in read_runs(db, limit=1_000):
            if row.status == "committed" and saver.heads(db, row.id):
                _decode(db, saver, row.id)
    except TinyError as failure:
        found.append(str(failure))
    return found


def _decode(db: Database, saver: Checkpoints, run: str) -> None:
    saver.decode(db, {"configurable": {"thread_id": run, "checkpoint_ns": ""}})
