"""What a reader finds in the database of a trial, looked at from outside."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from tinyllm.prove.left import Left, left
from tinyllm.prove.living import THREAD, ours
from tinyllm.prove.outside import Outside
from tinyllm.store import open_store
from tinyllm.transactions import RunRow, Transactions
from tinyllm.transactions.front import in_doubt


@dataclass(frozen=True)
class Seen:
    """What a reader finds in the database."""

    row: RunRow | None
    messages: tuple[str, ...]
    done: frozenset[str]  # effects that stand as done, by their whole keys
    sent: frozenset[str]  # deliveries that stand as sent
    unsent: int
    doubts: int
    problems: tuple[str, ...]
    left: Left  # for the runs after it
    committed: frozenset[str]  # all runs that are

    @property
    def status(self) -> str:
        return self.row.status if self.row else "not begun"


def look(outside: Outside) -> Seen:
    """On a copy: to look at the database itself would already recover it."""
    place = outside.folder / "look"
    place.mkdir(exist_ok=True)
    for name in ("runs.db", "runs.db-wal", "runs.db-open"):
        source = outside.folder / name
        if source.exists():
            shutil.copyfile(source, place / name)
    try:
        return asyncio.run(seen_in(place / "runs.db"))
    finally:
        shutil.rmtree(place)


async def seen_in(database: Path) -> Seen:
    with open_store(database) as store:
        runs = Transactions(store)
        row = await ours(runs)
        lines = await runs.effects(row.id) if row else []
        said = tuple(str(message["content"]) for message in await runs.window(THREAD))
        outbox = await runs.outbox(whole=True)
        sent = frozenset(each.key for each in outbox if each.state == "sent")
        unsent = sum(each.state in ("waits", "sending", "failed") for each in outbox)
        done = frozenset(f"{row.id}:{line.key}" for line in lines if row and line.state == "done")
        problems = tuple(await runs.problems())
        committed = frozenset(each.id for each in await runs.runs() if each.status == "committed")
        doubts = len(in_doubt(lines))
        return Seen(row, said, done, sent, unsent, doubts, problems, await left(store), committed)
