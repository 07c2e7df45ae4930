"""The rows of the cache: written with a run, seen by others when that run is committed, the least used out first."""

from collections.abc import Mapping
from typing import Any

from tinyllm.store import Database, checksum, counts

NAMES = ("key", "run", "model", "digest", "body", "crc", "size", "hits", "created", "used")
SEEN = counts("cache")
LOOK = (
    f"SELECT run, digest, body, crc FROM cache WHERE key = :key AND {SEEN} ORDER BY created DESC, run LIMIT 1"
)
PUT = (
    "INSERT INTO cache (key, run, savepoint, model, digest, body, crc, size, created, used)"
    " VALUES (:key, :run, :savepoint, :model, :digest, :body, :crc, :size, :at, :at)"
    " ON CONFLICT (key, run) DO UPDATE SET savepoint = excluded.savepoint, body = excluded.body,"
    " crc = excluded.crc, size = excluded.size, created = excluded.created, used = excluded.used"
)
TOUCH = "UPDATE cache SET used = :at, hits = hits + 1 WHERE key = :key AND run = :by"
DROP = "DELETE FROM cache WHERE key = :key AND run = :run"
OLDEST = "SELECT key, run, size FROM cache ORDER BY used LIMIT :most"
EXTRA = 300  # bytes that a row costs besides its body
DOWN_TO = 0.9  # of the limit: a sweep makes room for more than one reply
AT_ONCE = 500  # rows that one transaction deletes


def put(db: Database, data: Mapping[str, Any]) -> None:
    """What an event of a run says: a reply that is to be kept, or one that was used again."""
    if "body" not in data:
        db.execute(TOUCH, {name: data[name] for name in ("key", "by", "at")})
        return
    names = ("key", "run", "savepoint", "model", "digest", "body", "at")
    own = {name: data[name] for name in names}
    db.execute(PUT, {**own, "crc": crc_of(own), "size": len(own["body"].encode()) + EXTRA})


def crc_of(row: Mapping[str, Any]) -> int:
    """Over what decides which reply is given: the request, the model and the reply."""
    return checksum(row["key"], row["digest"], row["body"])


def size(db: Database) -> int:
    return int(db.execute("SELECT coalesce(sum(size), 0) FROM cache").fetchone()[0])


def sweep(db: Database, limit: int, held: int) -> int:
    """Delete some of what was not used for longest, while it is more than the limit; the bytes that became free."""
    freed = 0
    for key, run, bytes_ in db.execute(OLDEST, {"most": AT_ONCE}).fetchall():
        if held - freed <= limit * DOWN_TO:
            break
        db.execute(DROP, {"key": key, "run": run})
        freed += int(bytes_)
    return freed


def read_all(db: Database, *, model: str = "", limit: int = 1_000_000) -> list[dict[str, Any]]:
    """What others can see, what was used last first."""
    where = f"{SEEN} AND model = :model" if model else SEEN
    rows = db.execute(
        f"SELECT {', '.join(NAMES)} FROM cache WHERE {where} ORDER BY used DESC, key LIMIT :limit",
        {"limit": limit, **({"model": model} if model else {})},
    )
    return [dict(zip(NAMES, row, strict=True)) for row in rows.fetchall()]


def read_stats(db: Database) -> list[dict[str, Any]]:
    """Replies and bytes of each model, as others can see them."""
    names = ("model", "replies", "bytes", "hits", "oldest")
    rows = db.execute(
        f"SELECT model, count(*), sum(size), sum(hits), min(created) FROM cache WHERE {SEEN}"
        " GROUP BY model ORDER BY model"
    )
    return [dict(zip(names, (row[0], *map(int, row[1:4]), row[4]), strict=True)) for row in rows.fetchall()]


def clear(db: Database, *, model: str = "", before: float = float("inf")) -> int:
    """Delete; runs that are under way write theirs again with their next step."""
    older = "used < :before" if before != float("inf") else "1 = 1"
    where = f"{older} AND model = :model" if model else older
    values = {"model": model, "before": before}
    named = {name: value for name, value in values.items() if f":{name}" in where}
    return int(db.execute(f"DELETE FROM cache WHERE {where}", named).rowcount)
