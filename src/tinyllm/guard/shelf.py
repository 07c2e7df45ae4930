"""The breakers' rows in the store, where every process sees them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields

from tinyllm.guard.breaker import Change
from tinyllm.guard.machine import Row
from tinyllm.store import Database, Store

COLUMNS = tuple(field.name for field in fields(Row))
ALL = f"SELECT {', '.join(COLUMNS)} FROM breakers ORDER BY target"  # noqa: S608 - our own names
LOOK = f"SELECT {', '.join(COLUMNS)} FROM breakers WHERE target IN (%s)"  # noqa: S608
NEW = "INSERT INTO breakers (target) VALUES (:target) ON CONFLICT (target) DO NOTHING"
PUT = f"UPDATE breakers SET {', '.join(f'{name} = :{name}' for name in COLUMNS[1:])} WHERE target = :target"  # noqa: S608


class StoreShelf:
    """One short transaction per change; a look costs one indexed read. The store is opened when it is needed."""

    def __init__(self, store: Store | Callable[[], Store]) -> None:
        self._store = store

    @property
    def store(self) -> Store:
        if not isinstance(self._store, Store):
            self._store = self._store()
        return self._store

    async def look(self, targets: Sequence[str]) -> dict[str, Row]:
        values = {f"target{number}": target for number, target in enumerate(targets)}
        query = LOOK % ", ".join(f":{name}" for name in values)
        rows = await self.store.read(lambda db: [Row(*row) for row in db.execute(query, values)])
        return {row.target: row for row in rows}

    async def change(self, target: str, how: Change) -> tuple[Row, Row]:
        lock = " FOR UPDATE" if self.store.dialect == "postgresql" else ""
        query = LOOK % ":target" + lock

        def work(db: Database) -> tuple[Row, Row]:
            # The row exists before it is read, so that two processes cannot both be the first.
            db.execute(NEW, {"target": target})
            before = Row(*db.execute(query, {"target": target}).fetchone())
            after = how(before)
            if after != before:
                db.execute(PUT, asdict(after))
            return before, after

        return await self.store.write(work)

    async def all(self) -> list[Row]:
        return await self.store.read(lambda db: [Row(*row) for row in db.execute(ALL, {})])
