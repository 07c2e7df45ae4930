"""What can be read of runs and threads, without taking part in any."""

from functools import cached_property
from pathlib import Path
from typing import Any

from tinyllm.checkpoints import Checkpoints, open_checkpoints
from tinyllm.clock import Clock
from tinyllm.effects import Contents, Ledger, Recorded, read_ledger
from tinyllm.errors import Permanent, UsageError
from tinyllm.state import Message
from tinyllm.store import Database, Store, checksum, damaged
from tinyllm.transactions import doctor, retention
from tinyllm.transactions.outbox import Delivery, read_delivery, read_outbox
from tinyllm.transactions.rows import (
    ASKED,
    ENDED,
    WINDOW,
    Line,
    RunRow,
    known_thread,
    read_run,
    read_runs,
    read_savepoints,
    read_timeline,
    read_window,
)


class Archive:
    """One database, looked at."""

    def __init__(self, store: Store, *, kept: int = retention.KEPT, contents: Path | None = None) -> None:
        self.store = store
        self.clock: Clock = store.clock
        self.kept = kept
        self._contents = contents

    @cached_property
    def saver(self) -> Checkpoints:
        return open_checkpoints(self.store)

    @cached_property
    def contents(self) -> Contents:
        """What files held before runs changed them, beside the database."""
        if self._contents is not None:
            return Contents(self._contents)
        if self.store.dialect != "sqlite":
            raise UsageError("with a database on a server, name a folder for the contents of files")
        return Contents(Path(f"{self.store.where}-files"))

    async def run(self, id: str) -> RunRow:
        return await self.store.read(lambda db: read_run(db, id))

    async def runs(self, *, thread: str = "", begins: str = "", limit: int = 50) -> list[RunRow]:
        return await self.store.read(lambda db: read_runs(db, thread=thread, begins=begins, limit=limit))

    async def thread(self, name: str) -> str:
        """This name, if it is a conversation's."""
        return await self.store.read(lambda db: known_thread(db, name))

    async def timeline(self, id: str) -> list[Line]:
        return await self.store.read(lambda db: read_timeline(db, read_run(db, id).id))

    async def savepoints(self, id: str) -> dict[int, dict[str, Any]]:
        return await self.store.read(lambda db: read_savepoints(db, read_run(db, id).id))

    async def effects(self, id: str) -> list[Recorded]:
        return await self.store.read(lambda db: read_ledger(db, read_run(db, id).id))

    async def outbox(self, *, whole: bool = False) -> list[Delivery]:
        """What committed runs want sent and is not; or everything that was ever asked for."""
        return await self.store.read(lambda db: read_outbox(db, whole=whole))

    async def delivery(self, key: str) -> Delivery:
        return await self.store.read(lambda db: read_delivery(db, key))

    async def window(self, thread: str, turns: int = 20, letters: int = WINDOW) -> list[Message]:
        """The conversation of a thread as its next run would see it."""

        def look(db: Database) -> list[Message]:
            row = db.execute("SELECT head FROM threads WHERE id = :id", {"id": thread}).fetchone()
            return read_window(db, row[0], turns, letters) if row and row[0] else []

        return await self.store.read(look)

    async def head(self, thread: str) -> str:
        """The last committed run of a thread; empty when there is none."""
        return (await self._of_thread(thread))[0]

    async def holder(self, thread: str) -> str:
        """The run that has not ended on a thread; empty when it is free."""
        return (await self._of_thread(thread))[1]

    async def _of_thread(self, thread: str) -> tuple[str, str]:
        def look(db: Database) -> tuple[str, str]:
            sql = "SELECT head, holder FROM threads WHERE id = :id"
            row = db.execute(sql, {"id": thread}).fetchone() or (None, None)
            return str(row[0] or ""), str(row[1] or "")

        return await self.store.read(look)

    async def window_of(self, run: str, turns: int = 20) -> list[Message]:
        """The conversation up to a committed run."""
        return await self.store.read(lambda db: read_window(db, run, turns)) if run else []

    async def last_thread(self) -> str:
        """The thread that was used last: what `--continue` means."""
        own = f"EXISTS (SELECT 1 FROM runs WHERE runs.thread = threads.id AND {ASKED})"
        newest = f"SELECT id FROM threads WHERE {own} ORDER BY updated DESC LIMIT 1"
        row = await self.store.read(lambda db: db.execute(newest).fetchone())
        if row is None:
            raise UsageError("there is no conversation to continue", hint="ask something first")
        return str(row[0])

    async def graph(self, fingerprint: str) -> str:
        """The graph that a run began with; a call of a tool by itself has none."""
        if not fingerprint:
            raise UsageError(
                "this run is one call of a tool by another program, and has no graph",
                hint="`tinyllm runs show` says what it did, `runs rollback` takes it back",
                code="RUN_WITHOUT_GRAPH",
            )
        row = await self.store.read(
            lambda db: db.execute(
                "SELECT body, crc FROM graphs WHERE fingerprint = :f", {"f": fingerprint}
            ).fetchone()
        )
        if row is None:
            raise Permanent("the graph of this run is not in the database", code="GRAPH_UNKNOWN")
        if checksum(row[0]) != row[1]:
            raise damaged("a pinned graph", "graphs")
        return str(row[0])

    async def replay(self, id: str) -> Ledger:
        """A ledger that gives what was recorded and lets nothing happen."""
        row = await self.run(id)
        if row.status not in ENDED:
            raise UsageError(
                f"the run {row.id} is {row.shown(self.clock)}; only one that ended can be replayed",
                hint=row.way_on(self.clock),
                code="RUN_NOT_COMMITTED",
            )
        ledger = Ledger(
            self.store, row.id, self.contents, check=lambda _: None, clock=self.clock, offline=True
        )
        ledger.know(await self.effects(row.id))
        return ledger

    async def problems(self) -> list[str]:
        """What breaks a promise, as sentences; `doctor` prints them."""
        saver = self.saver
        return await self.store.read(lambda db: doctor.problems(db, saver)) + self.store.problems()
