"""The lines of the ledger, as they are written and read back."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from tinyllm.store import Database, packed, unpacked

# `model` is a reply: recorded like a read, and never in doubt. `outbox` is a delivery that waits for the commit.
Class = Literal["pure", "read", "idempotent", "keyed", "checkable", "unsafe", "model", "outbox"]

INTENT = (
    "INSERT INTO effects (run, key, attempt, number, savepoint, effect, name, request, state, undo, crc, began)"
    " VALUES (:run, :key, 0, :number, :savepoint, :effect, :name, :request, 'intent', :undo, 0, :now)"
    " ON CONFLICT (run, key, attempt) DO UPDATE SET request = excluded.request, state = 'intent',"
    " undo = coalesce(effects.undo, excluded.undo)"
)
ENDED = (
    "INSERT INTO effects"
    " (run, key, attempt, number, savepoint, effect, name, request, state, result, undo, crc, began, ended)"
    " VALUES (:run, :key, 0, :number, :savepoint, :effect, :name, :request, :state, :result, :undo, :crc, :began, :now)"
    " ON CONFLICT (run, key, attempt) DO UPDATE SET request = excluded.request, state = excluded.state,"
    " result = excluded.result, crc = excluded.crc, ended = excluded.ended"
)
READ = (
    "SELECT key, effect, name, request, state, result, undo, crc, number, savepoint FROM effects"
    " WHERE run = :run AND attempt = 0 ORDER BY number"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of the ledger."""

    key: str
    effect: Class
    name: str
    request: str
    state: str  # intent, done, failed, unknown
    result: Any = None  # what it gave; of what failed, the failure
    undo: dict[str, Any] | None = None
    number: int = 0
    savepoint: int = 0

    def values(self, run: str, now: float) -> dict[str, Any]:
        """Of its row, before it ended."""
        names = ("key", "number", "savepoint", "effect", "name", "request")
        row = {name: getattr(self, name) for name in names}
        return {**row, "run": run, "undo": packed(self.undo) if self.undo else None, "now": now}


def read_ledger(db: Database, run: str) -> list[Recorded]:
    """What the ledger holds of a run, in its order."""
    found = []
    for key, effect, name, request, state, result, undo, crc, number, savepoint in db.execute(
        READ, {"run": run}
    ).fetchall():
        value = None if result is None else unpacked(result, crc, f"effects {run}:{key}")
        restore = json.loads(undo) if undo else None
        found.append(Recorded(key, effect, name, request, state, value, restore, number, savepoint))
    return found
