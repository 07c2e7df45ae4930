"""All runs of one database: the front of everything that begins, ends, or looks at them."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from tinyllm import failpoints
from tinyllm.effects import Ledger, read_ledger
from tinyllm.effects.lines import Recorded
from tinyllm.errors import TinyError, UsageError
from tinyllm.plain import plain, plain_text
from tinyllm.state import Message
from tinyllm.store import Database, checksum, packed
from tinyllm.transactions import outbox, retention, returning
from tinyllm.transactions.archive import Archive
from tinyllm.transactions.compensation import Compensated, Compensation, Hands, able
from tinyllm.transactions.lease import Abandoned, Order, Taken, begin, busy, planned, take_run
from tinyllm.transactions.owner import Owner
from tinyllm.transactions.rows import RunRow, read_run, read_runs, read_savepoints, read_window
from tinyllm.transactions.run import Run
from tinyllm.transactions.undo import Ending, finish

POLL = 0.2  # seconds between two looks at a busy thread


class Transactions(Archive):
    """One per process and database."""

    # Beginning.

    async def begin(
        self,
        *,
        thread: str = "",
        question: str = "",
        inputs: Mapping[str, Any] | None = None,
        graph: str = "",
        fingerprint: str = "",
        body: str = "",
        durability: str = "sync",
        every: int = 1,
        turns: int = 20,
        wait: float = 0.0,
        id: str = "",
    ) -> Run:
        """A new run on that thread, or on one of its own; a busy thread is refused, or waited for."""
        id = id or secrets.token_hex(6)
        order = Order(
            id, plain_text(thread) or id, plain_text(question), plain(dict(inputs or {})), graph, fingerprint,
            body, durability, every, turns,
        )  # fmt: skip
        if not thread:
            run = self._run(*planned(order, self.clock).both)
            run.planned = lambda db: begin(db, order, self.clock)
            return run
        until = self.clock.monotonic() + wait
        while True:
            try:
                taken: Taken = await self.store.write(lambda db: begin(db, order, self.clock))
                return self._run(*taken.both)
            except Abandoned as other:
                await self._end_abandoned(other.row)
            except TinyError as failure:
                if failure.code != "THREAD_BUSY" or self.clock.monotonic() >= until:
                    raise
                await self.clock.sleep(POLL * (0.5 + self.clock.chance.random()))

    async def resume(self, id: str) -> Run:
        """Go on with a run that waits, or whose worker is gone, where its last checkpoint was."""
        saver = self.saver
        try:
            was, row = await self.store.write(lambda db: take_run(db, id, self.clock))
        except Abandoned as other:
            await self._roll_back(other.row, None)
            return await self.resume(id)  # which says that it was rolled back

        def look(db: Database) -> tuple[list[Recorded], list[Message], int, int, bool]:
            seq = db.execute("SELECT max(seq) FROM events WHERE run = :run", {"run": row.id}).fetchone()[0]
            window = read_window(db, row.parent, 20) if row.parent else []
            savepoint = max(read_savepoints(db, row.id), default=-1) + 1
            return read_ledger(db, row.id), window, seq or 0, savepoint, bool(saver.heads(db, row.id))

        recorded, window, seq, savepoint, resumed = await self.store.read(look)
        run = self._run(row, window)
        run.ledger.know(recorded)
        run.ledger.savepoint = savepoint
        run.seq, run.resumed, run.question_asked = seq, resumed, was.waits
        return run

    def _run(self, row: RunRow, window: list[Message]) -> Run:
        ledger = Ledger(self.store, row.id, self.contents, check=lambda _: None, clock=self.clock)
        return Run(row, self.store, self.saver, ledger, self.clock, window)

    async def _end_abandoned(self, row: RunRow) -> None:
        """Somebody begins anew on a thread whose worker is gone: what it left is rolled back, unless in doubt."""
        lines = await self.store.read(lambda db: read_ledger(db, row.id))
        doubtful = in_doubt(lines)
        if doubtful:
            waits = packed({"question": f"{doubtful[0].name} may or may not have happened"})
            await self.store.write(
                lambda db: db.execute(
                    "UPDATE runs SET status = 'in_doubt', waits = :waits, lease = 0"
                    " WHERE id = :run AND fence = :fence AND status = 'executing'",
                    {"waits": waits, "run": row.id, "fence": row.fence},
                )
            )
            return
        error = {"code": "ABANDONED", "message": "its process ended, and the thread went on without it"}
        await self._roll_back(row, error)

    # Ending, from outside.

    async def rollback(self, id: str, *, to: int | None = None) -> RunRow:
        """Undo a run; or make it stand at one of its savepoints, ready to be resumed."""
        if to is not None:
            return await returning.to_savepoint(self.store, self.saver, self.contents, self.clock, id, to)
        row = await self.run(id)
        if row.status == "rolled_back":
            raise UsageError(
                f"the run {row.id} is rolled back already",
                hint=f"`tinyllm runs show {row.id}` still shows what it did",
                code="RUN_ROLLED_BACK",
            )
        if row.status == "committed":
            await self._take_back(row)
        elif row.status not in ("waiting", "in_doubt") and row.held(self.clock):
            raise busy(row)
        else:
            await self._roll_back(row, {"code": "ROLLED_BACK", "message": "rolled back by hand"})
        return await self.run(row.id)

    async def _take_back(self, row: RunRow) -> None:
        try:
            await returning.before(self.store, self.contents, self.clock, row)
        except Abandoned as other:
            await self._end_abandoned(other.row)
            await returning.before(self.store, self.contents, self.clock, row)

    async def give_up(self, id: str) -> RunRow:
        """End a run that nobody goes on with: rolled back, or in doubt, as if its process had died."""
        row = await self.run(id)
        if row.status == "waiting":
            await self._roll_back(row, {"code": "GIVEN_UP", "message": "it waited, and was given up"})
        elif row.status in ("executing", "rolling_back") and not self._at_work(row):
            await self._end_abandoned(row)
        return await self.run(row.id)

    def _at_work(self, row: RunRow) -> bool:
        """Another process holds it; or this one does, and is inside it."""
        return row.id in self.saver.runs if row.owner == Owner.me() else row.held(self.clock)

    async def _roll_back(self, row: RunRow, error: Mapping[str, str] | None) -> None:
        ending = Ending(row.id, row.thread, row.fence, self.clock.now(), error)
        try:
            await finish(self.store, self.contents, ending)
        except TinyError as failure:
            # Two processes met over the same dead run; the other one did it.
            if failure.code != "FENCED" or (await self.run(row.id)).status != "rolled_back":
                raise

    async def recover(self) -> list[RunRow]:
        """The runs whose worker is gone, with unfinished rollbacks finished."""
        left = []
        for row in await self.store.read(lambda db: read_runs(db, limit=10_000)):
            if row.status == "rolling_back" and not row.held(self.clock):
                await self._roll_back(row, None)
            elif row.status in ("created", "executing") and not row.held(self.clock):
                left.append(row)
        return left

    async def fork(self, id: str, *, thread: str = "") -> str:
        """A new thread that goes on where a committed run ended; its name."""

        def fork(db: Database) -> str:
            row = read_run(db, id)
            if row.status != "committed":
                raise UsageError(
                    f"the run {row.id} is {row.shown(self.clock)}; only a committed one can be forked",
                    hint=row.way_on(self.clock),
                    code="RUN_NOT_COMMITTED",
                )
            name = plain_text(thread) or secrets.token_hex(6)
            now = {"thread": name, "head": row.id, "seq": row.seq, "now": self.clock.now()}
            made = db.execute(
                "INSERT INTO threads (id, head, seq, forked_from, created, updated)"
                " VALUES (:thread, :head, :seq, :head, :now, :now) ON CONFLICT (id) DO NOTHING",
                now,
            )
            if not made.rowcount:
                raise UsageError(
                    f"there is a thread {name!r} already", hint="choose another name", code="THREAD_EXISTS"
                )
            return name

        return await self.store.write(fork)

    async def resolve(self, id: str, *, happened: bool, result: Any = None, key: str = "") -> RunRow:
        """A person says what became of an effect in doubt; the run can then be resumed."""
        row = await self.run(id)
        text = packed(plain(result))
        values = {"state": "done" if happened else "failed", "result": text, "crc": checksum(text),
                  "now": self.clock.now(), "run": row.id}  # fmt: skip

        def settle(db: Database) -> None:
            failpoints.hit("resolve.before")
            open_ = [each for each in in_doubt(read_ledger(db, row.id)) if key in ("", each.key)]
            if len(open_) != 1:
                raise _unclear(row, open_)
            db.execute(
                "UPDATE effects SET state = :state, result = :result, crc = :crc, ended = :now"
                " WHERE run = :run AND key = :key AND attempt = 0",
                {**values, "key": open_[0].key},
            )

        await self.store.write(settle)
        failpoints.hit("resolve.after")
        return row

    async def compensate(self, id: str, hands: Hands) -> list[Compensated]:
        """Do what can be done about what a rolled-back run left outside; it is offered, and is no undo."""
        row = await self.run(id)
        if row.status != "rolled_back":
            raise UsageError(
                f"the run {row.id} is {row.shown(self.clock)}, not rolled back",
                hint=f"`tinyllm runs rollback {row.id} --compensate`",
                code="RUN_NOT_ROLLED_BACK",
            )
        return await Compensation(self.store, self.clock, row.id, hands.compensate).all(able(hands))

    async def drop(self, key: str) -> outbox.Delivery:
        """A person decides that this delivery is not to be made."""
        return await self.store.write(lambda db: outbox.drop(db, key, self.clock))

    async def thin(self, run: Run) -> int:
        """Slim what became old with this commit; called after it, not inside it."""
        if run.status != "committed" or not retention.due(run.row.seq, self.kept):
            return 0
        saver = self.saver
        return await self.store.write(
            lambda db: retention.thin(db, saver, run.thread, run.row.seq, self.kept)
        )

    async def prune(
        self, *, kept: int | None = None, before: float = float("inf"), threads: Sequence[str] = ()
    ) -> int:
        """Delete ended runs that no thread needs; how many."""
        kept = self.kept if kept is None else kept
        limit = min(before, self.clock.now() + 1e9)
        gone = await retention.prune(self.store, self.saver, kept=kept, before=limit, threads=threads)
        wanted = await self.store.read(retention.wanted)
        await asyncio.to_thread(self.contents.sweep, wanted, self.clock.now() - retention.YOUNG)
        return gone


def in_doubt(lines: Sequence[Recorded]) -> list[Recorded]:
    """What was begun before a crash and only a person can settle."""
    open_ = ("intent", "unknown")
    return [line for line in lines if line.state in open_ and line.effect in ("unsafe", "checkable")]


def _unclear(row: RunRow, open_: Sequence[Recorded]) -> TinyError:
    if not open_:
        return UsageError(
            f"nothing in the run {row.id} is in doubt", hint=f"`tinyllm runs show {row.id}`", code="NO_DOUBT"
        )
    keys = ", ".join(line.key for line in open_)
    return UsageError(
        f"several effects are in doubt: {keys}", hint="name one with --key", code="SEVERAL_DOUBTS"
    )
