"""Finding by meaning: one vector per memory, compared by the database where it can, else here."""

import json
import math
import sqlite3
import sys
from array import array
from collections.abc import Sequence
from operator import mul
from typing import Any
from weakref import WeakKeyDictionary

from tinyllm.store import Database, Store

FLOOR = 0.2  # a cosine below it means nothing, whatever the model
NEAR = 0.6  # of the best: what lies farther away has nothing to do with the question


def normal(vector: Sequence[float]) -> list[float]:
    """Of length one, so that the cosine of two is their product."""
    length = math.sqrt(sum(each * each for each in vector))
    return [each / length for each in vector] if length else [0.0] * len(vector)


def packed(vector: Sequence[float]) -> bytes:
    """Four bytes a number, the lowest first, as sqlite-vec has them."""
    body = array("f", vector)
    if sys.byteorder == "big":
        body.byteswap()
    return body.tobytes()


def _unpacked(body: Any) -> Sequence[float]:
    if isinstance(body, str):
        return [float(each) for each in json.loads(body)]
    vector = array("f")
    vector.frombytes(bytes(body))
    if sys.byteorder == "big":
        vector.byteswap()
    return vector


def put(db: Database, number: int, model: str, vector: Sequence[float]) -> None:
    """Keep the vector of a row; without one, or with one that points nowhere, none is left."""
    drop(db, number)
    unit = normal(vector)
    if any(unit):
        text = "[" + ",".join(f"{each:.7g}" for each in unit) + "]"
        db.execute(
            "INSERT INTO memory_vectors (number, model, body) VALUES (:number, :model, :body)",
            {
                "number": number,
                "model": model,
                "body": packed(unit) if isinstance(db, sqlite3.Connection) else text,
            },
        )


def drop(db: Database, number: int) -> None:
    db.execute("DELETE FROM memory_vectors WHERE number = :number", {"number": number})


_able: "WeakKeyDictionary[Store, bool]" = WeakKeyDictionary()


def compares(store: Store) -> bool:
    """The database can compare vectors: with sqlite-vec, where Python may load it, or with pgvector."""
    if store not in _able:
        _able[store] = _sqlite_vec(store) if store.dialect == "sqlite" else store.read_now(_pgvector)
    return _able[store]


def _pgvector(db: Database) -> bool:
    return bool(db.execute("SELECT 1 FROM pg_type WHERE typname = 'vector'").fetchone())


def _sqlite_vec(store: Store) -> bool:
    from tinyllm.store.sqlite import SqliteStore

    assert isinstance(store, SqliteStore)
    try:
        import sqlite_vec

        store.connection.enable_load_extension(True)
        try:
            sqlite_vec.load(store.connection)
        finally:
            store.connection.enable_load_extension(False)
    except (AttributeError, ImportError, sqlite3.Error):  # many Pythons are built without extensions
        return False
    return True


def nearest(
    db: Database, where: str, named: dict[str, Any], model: str, vector: Sequence[float], limit: int
) -> list[tuple[int, float]]:
    """The database's own search: numbers and cosines, the nearest first."""
    unit = normal(vector)
    if not any(unit):  # it is as far from all, and a database has no number for that
        return []
    if isinstance(db, sqlite3.Connection):
        far, size, asked = "vec_distance_cosine(v.body, :vector)", "vec_length(v.body)", packed(unit)
    else:
        far, size = (
            "CAST(v.body AS vector) <=> CAST(:vector AS vector)",
            "vector_dims(CAST(v.body AS vector))",
        )
        asked = json.dumps(unit)  # type: ignore[assignment]
    rows = db.execute(
        f"SELECT m.number, {far} AS far FROM memory_vectors v JOIN memories m ON m.number = v.number"
        # What another model of the same name made has another length, and no distance.
        f" WHERE v.model = :model AND {size} = :size AND {where} ORDER BY far LIMIT :limit",
        {**named, "model": model, "size": len(unit), "vector": asked, "limit": limit},
    )
    return [(row[0], 1.0 - row[1]) for row in rows.fetchall() if row[1] is not None]


def bodies(db: Database, where: str, named: dict[str, Any], model: str) -> list[tuple[int, Any]]:
    """Every vector that is asked about, for `scanned`."""
    rows = db.execute(
        "SELECT m.number, v.body FROM memory_vectors v JOIN memories m ON m.number = v.number"
        f" WHERE v.model = :model AND {where}",
        {**named, "model": model},
    )
    return [(row[0], row[1]) for row in rows.fetchall()]


def scanned(rows: Sequence[tuple[int, Any]], vector: Sequence[float], limit: int) -> list[tuple[int, float]]:
    """The same, one by one."""
    unit = normal(vector)
    near = []
    for number, body in rows:
        other = _unpacked(body)
        if len(other) == len(unit):
            near.append((number, sum(map(mul, unit, other))))
    return sorted(near, key=lambda each: -each[1])[:limit]


def meant(near: Sequence[tuple[int, float]]) -> list[int]:
    """The numbers that are near enough to mean anything."""
    least = max(FLOOR, near[0][1] * NEAR) if near else 0.0
    return [number for number, cosine in near if cosine >= least]
