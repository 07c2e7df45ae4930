"""What stood in a file before runs that were taken back, when they had to leave it because it was changed since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinyllm.effects import LEFT
from tinyllm.store import Database

Undoing = Mapping[str, Any]
WRITES = (
    "SELECT run, began, state, undo FROM effects WHERE undo IS NOT NULL AND began <= :began"
    " AND (run <> :run OR number < :number) AND state IN ('intent', 'done', 'unknown', 'undone')"
    " ORDER BY began DESC, number DESC"
)


@dataclass(frozen=True, slots=True)
class Write:
    """One change of a file, as the ledger has it."""

    run: str
    began: float
    state: str
    undo: Undoing


def beyond(db: Database, run: str, number: int, undo: Undoing) -> dict[str, Any]:
    """How to bring a file back to what stood before runs whose writes count no more and were left in it."""
    row = db.execute(
        "SELECT began FROM effects WHERE run = :run AND number = :number AND attempt = 0 AND undo IS NOT NULL",
        {"run": run, "number": number},
    ).fetchone()
    found, since = dict(undo), float(row[0]) if row else 0.0
    for write in _earlier(db, run, number, since):
        if write.undo["path"] != found["path"] or write.undo["after"] != found["before"]:
            continue
        if write.state != "undone" or not _left(db, write, since):
            break
        made = [*found["made"], *write.undo["made"]]
        found |= {"before": write.undo["before"], "mode": write.undo["mode"], "made": made}
        since = write.began
    return found


def _earlier(db: Database, run: str, number: int, began: float) -> list[Write]:
    rows = db.execute(WRITES, {"run": run, "number": number, "began": began}).fetchall()
    return [Write(row[0], row[1], row[2], json.loads(row[3])) for row in rows]


def _left(db: Database, write: Write, since: float) -> bool:
    """Whether its run was taken back after that moment, and could not restore the file."""
    notes = db.execute(
        "SELECT data FROM events WHERE run = :run AND kind = 'note' AND at >= :since",
        {"run": write.run, "since": since},
    ).fetchall()
    said = LEFT.format(path=write.undo["path"])
    return any(json.loads(row[0]).get("text") == said for row in notes)
