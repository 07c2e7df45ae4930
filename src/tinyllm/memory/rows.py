"""Memories in the database: written by a run for itself, counted from its commit on, the first committer of a key wins."""

import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinyllm.memory import vectors, words
from tinyllm.memory.item import COLUMNS, Item, Scope, item_from, values
from tinyllm.store import Database

LOCK = 0x544C4C4E  # PostgreSQL's advisory lock under which memories are committed, one run at a time

# A row counts when its run is committed, or was and is pruned; a run sees its own as well.
OWN = "({row}.run = :run AND {row}.run <> '' AND {row}.seq = 0)"
COUNTS = (
    "(({row}.seq > 0 AND ({row}.run = '' OR EXISTS"
    " (SELECT 1 FROM runs WHERE runs.id = {row}.run AND runs.status = 'committed'))) OR " + OWN + ")"
)
NEWER = (
    "(CASE WHEN n.seq = 0 THEN 1 ELSE 0 END > CASE WHEN m.seq = 0 THEN 1 ELSE 0 END"
    " OR (n.seq > m.seq AND m.seq > 0) OR (n.seq = 0 AND m.seq = 0 AND n.savepoint > m.savepoint))"
)
CURRENT = COUNTS.format(row="m") + (
    " AND NOT EXISTS (SELECT 1 FROM memories n WHERE n.scope = m.scope AND n.place = m.place AND n.key = m.key"
    f" AND {NEWER} AND {COUNTS.format(row='n')})"
)
MINE = ", ".join(f"m.{name.strip()}" for name in COLUMNS.split(","))
INSERT = (
    "INSERT INTO memories (id, run, seq, savepoint, base, scope, place, key, text, gone, source, crc, created)"
    " VALUES (:id, :run, :seq, :savepoint, :base, :scope, :place, :key, :text, :gone, :source, :crc, :created)"
    " ON CONFLICT (id) DO UPDATE SET text = excluded.text, gone = excluded.gone, source = excluded.source,"
    " crc = excluded.crc, created = excluded.created RETURNING number"
)


@dataclass(frozen=True, slots=True)
class View:
    """Who looks: a run (none: only what is committed counts), and the places that its scopes stand for."""

    run: str
    places: Mapping[Scope, str]

    def where(self, scopes: Sequence[Scope] = ()) -> tuple[str, dict[str, Any]]:
        """The condition that a row is one of ours and its newest, with its values."""
        among = [scope for scope in self.places if scope in scopes or not scopes]
        named = {f"place_{scope}": self.places[scope] for scope in among}
        ours = " OR ".join(f"(m.scope = '{scope}' AND m.place = :place_{scope})" for scope in among)
        return f"({ours or '1 = 0'}) AND {CURRENT} AND m.gone = 0", {"run": self.run, **named}


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written under a key; `gone` forgets it."""

    scope: Scope
    place: str
    key: str
    text: str
    source: Mapping[str, Any]
    now: float
    gone: bool = False
    vector: Sequence[float] = ()
    model: str = ""


def read_all(db: Database, view: View, scopes: Sequence[Scope] = (), limit: int = 1_000_000) -> list[Item]:
    """What is remembered, the newest first."""
    where, named = view.where(scopes)
    sql = f"SELECT {MINE} FROM memories m WHERE {where} ORDER BY m.created DESC, m.number DESC LIMIT :limit"
    return [item_from(row) for row in db.execute(sql, {**named, "limit": limit}).fetchall()]


def read_rows(db: Database) -> list[list[Any]]:
    """Every row that counts for somebody, earlier texts too, with its vector: what a run that never was must not change."""
    rows = db.execute(
        f"SELECT {MINE}, v.model, v.body FROM memories m LEFT JOIN memory_vectors v ON v.number = m.number"
        f" WHERE {COUNTS.format(row='m')} ORDER BY m.number",
        {"run": ""},
    )
    return [list(row) for row in rows.fetchall()]


def count_current(db: Database) -> int:
    """How many memories stand, in all scopes of everybody."""
    sql = f"SELECT count(*) FROM memories m WHERE {CURRENT} AND m.gone = 0"
    return int(db.execute(sql, {"run": ""}).fetchone()[0])


def read_numbered(db: Database, view: View, numbers: Sequence[int]) -> dict[int, Item]:
    if not numbers:
        return {}
    where, named = view.where()
    among = {f"n{place}": number for place, number in enumerate(numbers)}
    sql = f"SELECT {MINE} FROM memories m WHERE m.number IN (:{', :'.join(among)}) AND {where}"
    return {row[0]: item_from(row) for row in db.execute(sql, {**named, **among}).fetchall()}


def read_current(db: Database, run: str, scope: Scope, place: str, key: str) -> Item | None:
    """The newest word on a key, which may be that it is forgotten."""
    row = db.execute(
        f"SELECT {MINE} FROM memories m WHERE m.scope = :scope AND m.place = :place AND m.key = :key AND {CURRENT}",
        {"run": run, "scope": scope, "place": place, "key": key},
    ).fetchone()
    return item_from(row) if row else None


def by_words(db: Database, view: View, scopes: Sequence[Scope], query: str, limit: int) -> list[int]:
    """The numbers of the items whose words fit, the best first."""
    where, named = view.where(scopes)
    if not words.indexed(db):
        every = read_all(db, view, scopes)
        found = words.best(query, [f"{item.key} {item.text}" for item in every], limit)
        return [every[place].number for place in found]
    asked = words.asked(db, query)
    if not asked:
        return []
    join, order = words.ranking(db)
    rows = db.execute(
        f"SELECT m.number FROM memories m {join} WHERE {where} ORDER BY {order}, m.number LIMIT :limit",
        {**named, "words": asked, "limit": limit},
    )
    return [row[0] for row in rows.fetchall()]


def stage(db: Database, run: str, savepoint: int, writing: Writing) -> Item | None:
    """Write for a run: seen by it alone, until it is committed. Gives what stood there before."""
    before = read_current(db, run, writing.scope, writing.place, writing.key)
    committed = read_current(db, "", writing.scope, writing.place, writing.key)
    own = before is not None and not before.committed
    base = before.base if before is not None and own else committed.id if committed else ""
    mark = f"{run}:{savepoint}:{writing.scope}:{writing.place}:{writing.key}"
    _insert(db, writing, {"id": mark, "run": run, "seq": 0, "savepoint": savepoint, "base": base})
    # To forget what this run forgot already is done: a call that was cut short is made again.
    again = own and writing.gone
    return None if before is None or (before.gone and not again) else before


def write(db: Database, writing: Writing) -> None:
    """Write for a person: it counts at once."""
    _one_at_a_time(db)
    before = read_current(db, "", writing.scope, writing.place, writing.key)
    base = before.id if before else ""
    seq = _next(db)
    _insert(db, writing, {"id": secrets.token_hex(8), "run": "", "seq": seq, "savepoint": 0, "base": base})


def _insert(db: Database, writing: Writing, own: Mapping[str, Any]) -> None:
    item = {
        "scope": writing.scope,
        "place": writing.place,
        "key": writing.key,
        "text": writing.text,
        "gone": int(writing.gone),
        "created": writing.now,
    }
    number = int(db.execute(INSERT, {**values(item, writing.source), **own}).fetchone()[0])
    words.put(db, number, writing.key, writing.text)
    vectors.put(db, number, writing.model, writing.vector)


def _one_at_a_time(db: Database) -> None:
    """SQLite has one writer anyway."""
    if not isinstance(db, sqlite3.Connection):
        db.execute(f"SELECT pg_advisory_xact_lock({LOCK})")


def _next(db: Database) -> int:
    return int(db.execute("SELECT coalesce(max(seq), 0) + 1 FROM memories").fetchone()[0])


# The ends of a run.


def settle(db: Database, run: str) -> list[str]:
    """In the commit of a run: what it wrote counts from now on, unless another run was first. What it lost, as sentences."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM memories WHERE run = :run AND seq = 0 ORDER BY savepoint DESC, number",
        {"run": run},
    ).fetchall()
    if not rows:
        return []
    _one_at_a_time(db)
    lost: list[str] = []
    seen: set[tuple[str, str, str]] = set()
    for item in map(item_from, rows):
        name = (item.scope, item.place, item.key)
        first = read_current(db, "", item.scope, item.place, item.key)
        rival = first if first is not None and not _built_on(db, item, first) else None
        if name in seen or rival is not None:
            if name not in seen and rival is not None and not _same(rival, item):
                lost.append(_told(item, rival))
            erase(db, [item.number])
        else:
            db.execute(
                "UPDATE memories SET seq = :seq WHERE number = :number",
                {"seq": _next(db), "number": item.number},
            )
        seen.add(name)
    return lost


def _built_on(db: Database, item: Item, first: Item) -> bool:
    """Whether that is what the run saw, or what stood before it when what it saw was taken back since."""
    base, passed = item.base, set[str]()
    while base and base not in passed:
        if base == first.id:
            return True
        passed.add(base)
        row = db.execute(
            f"SELECT m.base, {COUNTS.format(row='m')} FROM memories m WHERE m.id = :id",
            {"id": base, "run": ""},
        ).fetchone()
        base = str(row[0]) if row and not row[1] else ""
    return False


def _same(first: Item, second: Item) -> bool:
    return (first.gone, first.text) == (second.gone, second.text)


def _told(item: Item, first: Item) -> str:
    who = f"the run {first.run}" if first.run else "a person"
    did = "forgot" if first.gone else "wrote"
    return f"MEMORY_CONFLICT: {who} {did} {item.key!r} first; what this run wrote there was not kept"


def unsettle(db: Database, run: str) -> None:
    """The run was committed and is taken back: what it wrote does not count any more."""
    db.execute("UPDATE memories SET seq = 0 WHERE run = :run", {"run": run})


def unstage(db: Database, run: str, since: int) -> None:
    """The run returned to a savepoint: what it wrote after it never was."""
    rows = db.execute(
        "SELECT number FROM memories WHERE run = :run AND seq = 0 AND savepoint >= :since",
        {"run": run, "since": since},
    )
    erase(db, [row[0] for row in rows.fetchall()])


def outlive(db: Database, run: str) -> None:
    """The run is about to be deleted: what it gave stays, what it only tried goes."""
    rows = db.execute("SELECT number FROM memories WHERE run = :run AND seq = 0", {"run": run})
    erase(db, [row[0] for row in rows.fetchall()])
    db.execute("UPDATE memories SET run = '' WHERE run = :run", {"run": run})


def erase(db: Database, numbers: Sequence[int]) -> None:
    """Delete rows, with what makes them findable."""
    for number in numbers:
        words.drop(db, number)
        vectors.drop(db, number)
        db.execute("DELETE FROM memories WHERE number = :number", {"number": number})


def erase_key(db: Database, scope: Scope, place: str, key: str) -> int:
    """Forget for good, every version of it, also of runs that were rolled back; how many there were."""
    _one_at_a_time(db)
    rows = db.execute(
        "SELECT number FROM memories WHERE scope = :scope AND place = :place AND key = :key"
        " AND (seq > 0 OR EXISTS (SELECT 1 FROM runs WHERE runs.id = memories.run"
        " AND runs.status IN ('rolled_back', 'rolling_back')))",
        {"scope": scope, "place": place, "key": key},
    ).fetchall()
    erase(db, [row[0] for row in rows])
    return len(rows)
