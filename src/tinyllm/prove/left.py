"""What runs leave for those after them, as one hash: the same before and after a run that did not happen."""

import hashlib
import json
from dataclasses import dataclass

from tinyllm.cache import rows as cached
from tinyllm.grades import read_grades
from tinyllm.memory.rows import View, read_all, read_rows
from tinyllm.overlay import grown, read_history, read_patches
from tinyllm.prove.growing import TARGET, written
from tinyllm.store import Store


@dataclass(frozen=True, slots=True)
class Left:
    """Grades, decisions, memory and replies by hash, how many, the graph the next run begins with, what it is told."""

    hash: str = ""
    decisions: int = 0
    graph: str = ""
    memories: tuple[tuple[str, str], ...] = ()  # what every later run would be told, by key
    replies: int = 0  # that are not asked for again


EVERYBODY = View("", {"project": ""})


async def left(store: Store) -> Left:
    grades, history, patches = await store.read(
        lambda db: (read_grades(db), read_history(db, TARGET["name"]), read_patches(db, TARGET["name"]))
    )
    items, kept = await store.read(lambda db: (read_all(db, EVERYBODY), read_rows(db)))
    replies = await store.read(cached.read_all)
    said = sorted(
        [row["key"], row["run"], row["body"]] for row in replies
    )  # how often it was used is no promise
    rows = [[each.as_dict() for each in grades], [each.as_dict() for each in history], kept, said]
    serving = [patch for patch in patches if patch.state in ("probation", "accepted")]
    return Left(
        hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest(),
        len(history),
        grown(written(), serving).fingerprint,
        tuple(sorted((item.key, item.text) for item in items)),
        len(replies),
    )
