"""Sums that outlive their runs: what ended is added up once, so that looking again costs only what is new."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tinyllm.metrics.tally import KINDS, Key, Tally
from tinyllm.store import Database, Store, packed

AT_ONCE = 250  # runs added up in one transaction
NAMES = ", ".join(f"'{kind}'" for kind in KINDS)

# `tallied`: n, added up to its n-th event, and it had ended; -1 - n, the same, and it lives (again).
ENDED = (
    "SELECT id, graph, status, tallied, answer FROM runs"
    f" WHERE tallied < 0 AND status IN ('committed', 'rolled_back') LIMIT {AT_ONCE}"
)
NAMED = "SELECT id, graph, status, tallied, answer FROM runs WHERE id = :run AND tallied < 0"
ALIVE = (
    "SELECT id, graph, status, tallied, NULL FROM runs WHERE tallied < 0"
    " AND status IN ('created', 'executing', 'rolling_back', 'waiting', 'in_doubt')"
)
MINE = (
    "UPDATE runs SET tallied = (SELECT coalesce(max(seq), 0) FROM events WHERE run = :run)"
    " WHERE id = :run AND tallied = :was"
)
EVENTS = (
    "SELECT kind, node, data FROM events WHERE run = :run AND seq > :since"
    f" AND kind IN ({NAMES}) ORDER BY seq"
)
ADD = (
    "INSERT INTO sums (name, labels, value) VALUES (:name, :labels, :value)"
    " ON CONFLICT (name, labels) DO UPDATE SET value = sums.value + excluded.value"
)


async def fold(store: Store) -> None:
    """Add up every run that has ended since the last look."""
    while await store.read(lambda db: db.execute(ENDED, {}).fetchone()):
        await store.write(lambda db: _fold(db, db.execute(ENDED, {}).fetchall()))
        await asyncio.sleep(0)  # a server has others to serve between two transactions


def settle(db: Database, run: str) -> None:
    """Add up one run before it is deleted."""
    _fold(db, db.execute(NAMED, {"run": run}).fetchall())


def _fold(db: Database, rows: Sequence[Any]) -> None:
    tally = Tally()
    for id, graph, status, was, answer in rows:
        # Whoever marks a run first adds it up.
        if db.execute(MINE, {"run": id, "was": was}).rowcount:
            _count(db, tally, id, graph, since=-1 - was)
            tally.ended(graph, _outcome(status, answer))
    # In one order, so that two who add at once wait for each other and not in a circle.
    for (name, labels), value in sorted(tally.sums.items()):
        db.execute(ADD, {"name": name, "labels": packed(labels), "value": value})


def _outcome(status: str, answer: str | None) -> str:
    """A refusal is committed as well: nothing that the graph may say was good enough."""
    try:
        said = json.loads(answer) if status == "committed" and answer else {}
    except ValueError:  # damaged; `runs show` says so, and the others are counted all the same
        said = {}
    return "refused" if said.get("status") == "refused" else status


def _count(db: Database, tally: Tally, run: str, graph: str, since: int) -> None:
    for kind, node, data in db.execute(EVENTS, {"run": run, "since": since}):
        tally.add(kind, node, data, graph)


def summed(db: Database) -> Mapping[Key, float]:
    """What was added up, and what the runs come to that are still alive."""
    tally = Tally()
    for id, graph, _, was, _ in db.execute(ALIVE, {}).fetchall():
        _count(db, tally, id, graph, since=-1 - was)
    for name, labels, value in db.execute("SELECT name, labels, value FROM sums", {}):
        tally.sums[name, tuple(json.loads(labels))] += value
    return tally.sums
