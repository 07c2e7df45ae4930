"""The breakers' rows in the store, where every process sees them."""

from dataclasses import asdict, astuple, fields

from tinyllm.guard.breaker import Change, Row
from tinyllm.store import Database, Store

COLUMNS = tuple(field.name for field in fields(Row))
LOOK = f"SELECT {', '.join(COLUMNS)} FROM breakers WHERE target = :target"  # noqa: S608 - our own names
ALL = f"SELECT {', '.join(COLUMNS)} FROM breakers ORDER BY target"  # noqa: S608
PUT = (
    f"INSERT INTO breakers ({', '.join(COLUMNS)}) VALUES ({', '.join(':' + name for name in COLUMNS)}) "  # noqa: S608
    f"ON CONFLICT (target) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}"
)


class StoreShelf:
    """One short transaction per change; a look costs one indexed read."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def look(self, target: str) -> Row | None:
        return await self.store.read(lambda db: _row(db, target))

    async def change(self, target: str, how: Change) -> Row:
        def work(db: Database) -> Row:
            before = _row(db, target) or Row(target)
            after = how(before)
            if astuple(after) != astuple(before):
                db.execute(PUT, asdict(after))
            return after

        return await self.store.write(work)

    async def all(self) -> list[Row]:
        return await self.store.read(lambda db: [Row(*row) for row in db.execute(ALL, {})])


def _row(db: Database, target: str) -> Row | None:
    row = db.execute(LOOK, {"target": target}).fetchone()
    return Row(*row) if row else None
