"""Sums that outlive their runs: what ended is added up once, so that looking again costs only what is new."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tinyllm.metrics.tally import KINDS, Key, Tally, amount, as_label, read_object
from tinyllm.store import Database, Store, packed

AT_ONCE = 250  # runs added up in one transaction
NAMES = ", ".join(f"'{kind}'" for kind in KINDS)

# `tallied`: n, added up to its n-th event, and it had ended; -1 - n, the same, and it lives (again).
OVER = ("committed", "rolled_back")
UNTALLIED = "SELECT id, graph, status, tallied, answer FROM runs WHERE tallied < 0"
ENDED = f"{UNTALLIED} AND status IN {OVER} LIMIT {AT_ONCE}"
NAMED = f"{UNTALLIED} AND id = :run"
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


def _outcome(status: str, answer: Any) -> str:
    """A refusal is committed as well: nothing that the graph may say was good enough."""
    said = read_object(answer) if status == "committed" and answer else {}
    return "refused" if said.get("status") == "refused" else status


def _count(db: Database, tally: Tally, run: str, graph: str, since: int) -> None:
    for kind, node, data in db.execute(EVENTS, {"run": run, "since": since}):
        tally.add(kind, node, data, graph)


def summed(db: Database) -> Mapping[Key, float]:
    """What was added up, and what all others come to: those that are alive, and those that ended a moment ago."""
    tally = Tally()
    for id, graph, status, was, answer in db.execute(UNTALLIED, {}).fetchall():
        _count(db, tally, id, graph, since=-1 - was)
        if status in OVER:
            tally.ended(graph, _outcome(status, answer))
    for name, labels, value in db.execute("SELECT name, labels, value FROM sums", {}):
        with contextlib.suppress(ValueError, TypeError):  # damaged; the others are shown all the same
            tally.sums[name, tuple(map(as_label, json.loads(labels)))] += amount(value)
    return tally.sums
