"""What the store knows of the models: their breakers, how fast they were, and failures that no rule knew."""

import contextlib
import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from tinyllm.errors import TinyError
from tinyllm.guard import Breakers, Row, StoreShelf
from tinyllm.guard.breaker import BY_HAND
from tinyllm.memory.counting import Ratios
from tinyllm.redaction import safe
from tinyllm.running import Event
from tinyllm.store import Database, Store, open_store

ALL = "(all)"  # the line of all models together, where something could have been kept
RECENT = 5_000  # calls looked at


async def health(store: Store) -> list[dict[str, Any]]:
    """One row per target, by name."""
    breakers = Breakers(StoreShelf(store), store.clock)
    known = {row.target: row for row in await breakers.shelf.all()}
    calls = await store.read(_calls)
    rows = []
    for target in sorted({*known, *calls}):
        row = known.get(target) or Row(target)
        rests = breakers.rests(row) if row.state == "open" else 0.0
        last = _last(row, calls.get(target, []))
        rows.append({**row.as_dict(), "rests": round(rests, 1), **_figures(calls.get(target, [])), **last})
    whole = _figures([call for each in calls.values() for call in each])
    if whole["hit_rate"] is not None:
        rows.append({**Row(ALL).as_dict(), "state": "", "rests": 0.0, **whole, **_last(Row(ALL), [])})
    return rows


def _calls(db: Database) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    query = "SELECT kind, at, data FROM events WHERE kind IN ('call', 'cached', 'failure') ORDER BY at DESC LIMIT :most"
    for kind, at, data in db.execute(query, {"most": RECENT}):
        body = json.loads(data)
        if body.get("model"):
            found[body["model"]].append({"event": kind, "at": at, **body})
    return found


def _last(row: Row, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """The newest failure, with what to do about it; calls are given the newest first."""
    failed = next((call for call in calls if call["event"] == "failure"), None)
    if failed is None or (row.state == "open" and row.because == BY_HAND):
        return {"last_failure": row.because, "last_hint": "", "last_failed_at": row.failed_at}
    if failed.get("code") == "MODEL_NOT_FOUND":  # whatever the server's words were
        message, hint = "not installed", f"tinyllm models pull {row.target}"
    else:
        message, hint = str(failed.get("message", "")), str(failed.get("hint", ""))
    return {"last_failure": message, "last_hint": hint, "last_failed_at": failed["at"]}


def _figures(calls: list[dict[str, Any]]) -> dict[str, Any]:
    good = [call for call in calls if call["event"] == "call"]
    seconds = sorted(call["seconds"] for call in good)
    spoken = sum(call["seconds"] for call in good if call["tokens_out"])
    tokens = sum(call["tokens_out"] for call in good)
    failed = [call for call in calls if call["event"] == "failure"]
    # A reply that was no good came all the same: its call is among the good ones already.
    silent = [call for call in failed if call.get("kind") != "validation"]
    return {
        "calls": len(good) + len(silent),
        "failed": len(failed),
        "p50": _at(seconds, 0.5),
        "p90": _at(seconds, 0.9),
        "tokens_per_second": round(tokens / spoken, 2) if spoken else None,
        **_cached(calls),
    }


def _cached(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """How many replies were there already, of those that could have been; what another one was told counts apart."""
    served = [call for call in calls if call["event"] == "cached"]
    shared = sum(bool(call.get("shared")) for call in served)
    hits, misses = len(served) - shared, sum(call.get("cache") == "missed" for call in calls)
    rate = round(hits / (hits + misses), 4) if hits + misses else None
    return {"cached": hits, "missed": misses, "shared": shared, "hit_rate": rate}


def _at(ordered: list[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


async def answers(database: str, host: str) -> bool:
    """The server was seen to answer: end its rest, if it had one."""
    with open_store(database) as store:
        shelf = StoreShelf(store)
        row = (await shelf.look([host])).get(host)
        if row is None or row.state == "closed":
            return False
        await Breakers(shelf, store.clock).set(host, "closed")
        return True


PUT = (
    "INSERT INTO unclassified (signature, type, message, op, times, first, last) "
    "VALUES (:signature, :type, :message, :op, 1, :now, :now) "
    "ON CONFLICT (signature) DO UPDATE SET times = unclassified.times + 1, last = excluded.last"
)


async def record(store: Store, name: str, message: str, op: str) -> None:
    """Keep a failure that no rule knew, without its secrets."""
    said = safe(message)[:500]
    signature = hashlib.sha256(f"{name}\0{said}\0{op}".encode()).hexdigest()[:24]
    values = {"signature": signature, "type": name, "message": said, "op": op, "now": store.clock.now()}
    await store.write(lambda db: db.execute(PUT, values).rowcount)


async def keep_unknown(store: Store, events: Iterable[Event]) -> None:
    """What a run came across that no rule knew; a store that cannot take it does not spoil the answer."""
    for event in events:
        with contextlib.suppress(TinyError):
            await record(store, event.data["type"], event.data["message"], event.data["op"])


@contextlib.asynccontextmanager
async def learning(store: Store, unknown: list[Event], ratios: Ratios) -> AsyncIterator[None]:
    """What a run finds out beside its answer, kept however it ends."""
    await know_ratios(store, ratios)
    try:
        yield
    finally:
        await keep_unknown(store, unknown)
        await keep_ratios(store, ratios)


async def know_ratios(store: Store, ratios: Ratios) -> None:
    """How many letters make a token of each model, as earlier processes learnt it; looked up once."""
    if not ratios.looked_up:
        ratios.know(
            dict(await store.read(lambda db: db.execute("SELECT model, ratio FROM ratios").fetchall()))
        )


async def keep_ratios(store: Store, ratios: Ratios) -> None:
    """What this run corrected, when it is worth writing down; a store that cannot take it does not spoil the answer."""
    if moved := ratios.moved:
        with contextlib.suppress(TinyError):
            await store.write(lambda db: _write_ratios(db, moved, store.clock.now()))
            ratios.kept.update(moved)


def _write_ratios(db: Database, moved: Mapping[str, float], now: float) -> None:
    for model, ratio in moved.items():
        db.execute(
            "INSERT INTO ratios (model, ratio, updated) VALUES (:model, :ratio, :now)"
            " ON CONFLICT (model) DO UPDATE SET ratio = excluded.ratio, updated = excluded.updated",
            {"model": model, "ratio": ratio, "now": now},
        )


async def unclassified(store: Store) -> list[dict[str, Any]]:
    names = ("type", "message", "op", "times", "first", "last")
    query = f"SELECT {', '.join(names)} FROM unclassified ORDER BY times DESC, last DESC"  # noqa: S608 - our own
    return await store.read(lambda db: [dict(zip(names, row, strict=True)) for row in db.execute(query, {})])
