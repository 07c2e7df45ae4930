"""A run while it is executed: its lease, its fence, its events, and the one write that ends it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from tinyllm import failpoints
from tinyllm.checkpoints import Beside, Checkpoints, Saved
from tinyllm.clock import Clock
from tinyllm.effects import InDoubt, Ledger, recording
from tinyllm.errors import Permanent, Stopped, TinyError, classify
from tinyllm.memory.rows import settle
from tinyllm.plain import plain, preview
from tinyllm.running import Event
from tinyllm.state import Message
from tinyllm.store import Database, Store, checksum, packed
from tinyllm.transactions.owner import LEASE, RENEWAL, Fenced, fenced, too_late
from tinyllm.transactions.rows import RunRow, Status
from tinyllm.transactions.staged import KINDS, Staged
from tinyllm.transactions.undo import file_notes, undo

if TYPE_CHECKING:
    from types import TracebackType

PREVIEW = 200  # characters of a value in an event: the whole of it is in the checkpoint
STOPS = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit, Stopped)
UNKEPT = ("token", "waits", "stopped")  # events that only somebody who watches wants

MINE = " WHERE id = :run AND fence = :fence AND status = 'executing'"


@dataclass
class Run:
    """One transaction. Leave it by `commit`, `wait`, or an exception, which rolls it back."""

    row: RunRow
    store: Store
    saver: Checkpoints
    ledger: Ledger
    clock: Clock
    window: list[Message]  # the conversation that it goes on with
    planned: Callable[[Database], object] | None = None  # writes it down, when it was not at its begin
    resumed: bool = False  # it has checkpoints, and goes on from there instead of from the inputs
    question_asked: Any = None  # what a person was asked, when it waited
    status: Status = "executing"
    seq: int = 0
    staged: Staged = field(init=False)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _filed: int = 0  # the number of the last event that was written
    _beside: Beside = field(init=False)
    _entered: ExitStack = field(default_factory=ExitStack)
    _timer: asyncio.TimerHandle | None = None
    _renewed: float = 0.0  # by the clock that never steps back

    def __post_init__(self) -> None:
        self._beside = Beside(self._check, self._saved, self._written, self.row.durability == "exit")
        self.ledger.check, self.ledger.first, self.ledger.beside = self.fence, self._stirs, self._tell
        self.staged = Staged(self.row.id, self.row.question)
        self._renewed = self.clock.monotonic()

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def thread(self) -> str:
        return self.row.thread

    @property
    def durability(self) -> Literal["sync", "exit"]:
        return "exit" if self.row.durability == "exit" else "sync"

    @property
    def config(self) -> dict[str, Any]:
        """For LangGraph: every run has its own chain of checkpoints, so no run can fork another's."""
        return {"configurable": {"thread_id": self.id}}

    def alone(self) -> None:
        """One task at a time: its result is written with the checkpoint that contains it."""
        self._beside.grouped = self.ledger.defers = True

    async def __aenter__(self) -> "Run":
        self.saver.runs[self.id] = self._beside
        self._beside.idle = self._beside.empty = not self.resumed
        self._entered.enter_context(recording(self.ledger))
        self._renew_later()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._entered.close()
        try:
            if self.status == "executing":
                await asyncio.shield(asyncio.ensure_future(self._left(failure)))
        finally:
            self.saver.runs.pop(self.id, None)
            self._let_go()

    def _let_go(self) -> None:
        """Nothing refers back to a run that is over, so that it does not wait for the garbage collector."""
        self.ledger.check = self.ledger.beside = partial(too_late, self.id)
        self.ledger.first = None
        self._beside = Beside(self.ledger.check)
        self._timer = None

    async def _left(self, failure: BaseException | None) -> None:
        """Nobody ended it: by what was raised, it waits, can be resumed, or never happened."""
        if isinstance(failure, InDoubt):
            await self._pause("in_doubt", {"question": failure.message, "hint": failure.hint})
        elif failure is None or isinstance(failure, STOPS):
            await self.release()
        elif isinstance(failure, Fenced):
            self.status = "rolled_back"  # for us; whoever took it over decides
        else:
            error = classify(failure) if isinstance(failure, Exception) else Permanent(repr(failure))
            await undo(self, {**error.as_dict(), "exit_code": str(error.exit_code)})

    def note(self, event: Event) -> None:
        """File an event with the next write."""
        if event.kind in UNKEPT:
            return
        if event.kind in KINDS:
            self.staged.add(event, self.ledger.savepoint)
            return
        self.seq += 1
        data = {name: preview(value, PREVIEW) for name, value in plain(event.data).items()}
        self._events.append(
            {"run": self.id, "seq": self.seq, "at": event.at or self.clock.now(), "kind": event.kind,
             "node": event.node, "data": packed(data)}
        )  # fmt: skip

    def fence(self, db: Database) -> None:
        """Refuse to write when somebody else has taken this run over; renew the lease when it is due."""
        me = {"run": self.id, "fence": self.row.fence}
        if self.planned and not db.execute("SELECT 1 FROM runs WHERE id = :run", {"run": self.id}).fetchone():
            self.planned(db)
        due = self.clock.monotonic() - self._renewed
        # SQLite has one writer: what is read inside a write cannot change before its end.
        if self.store.dialect == "sqlite" and 0 <= due < RENEWAL / 2:
            if db.execute("SELECT 1 FROM runs" + MINE, me).fetchone() is None:
                raise fenced(self.id)
            return
        lease = {**me, "lease": self.clock.now() + LEASE}
        if not db.execute("UPDATE runs SET lease = :lease" + MINE, lease).rowcount:
            raise fenced(self.id)
        self._renewed = self.clock.monotonic()

    async def _stirs(self) -> None:
        """Something is about to happen that takes long, or cannot be repeated: from here on the run can be seen."""
        if self._beside.idle:
            self._beside.idle = False
            if (self.planned or self._beside.waiting) and not self._beside.held:
                await self.store.write_unsynced(self._seen)
                self._beside.forget()

    def _seen(self, db: Database) -> None:
        self.fence(db)
        self.flush(db)

    def _check(self, db: Database) -> None:
        self.fence(db)
        self._file(db)

    def _saved(self, saved: Saved) -> None:
        """Every so many steps a checkpoint is one that the run can be taken back to."""
        passed = saved.step + 1  # LangGraph counts from -1: what the run begins with
        if saved.namespace or passed % self.row.every:
            return
        number = passed // self.row.every
        self.ledger.savepoint = number + 1
        data = {"number": number, "step": saved.step, "checkpoint": saved.checkpoint}
        self.note(Event("savepoint", data=data, at=self.clock.now()))

    def _file(self, db: Database) -> None:
        """The replies, the events and what is left for others since the last write."""
        self.ledger.flush(db)
        self.staged.write(db)
        self._tell(db)

    def _tell(self, db: Database) -> None:
        events = list(self._events)
        self._filed = events[-1]["seq"] if events else self._filed
        for event in events:
            db.execute(
                "INSERT INTO events (run, seq, at, kind, node, data)"
                " VALUES (:run, :seq, :at, :kind, :node, :data) ON CONFLICT (run, seq) DO NOTHING",
                event,
            )

    def flush(self, db: Database) -> None:
        """Write what waited for the end."""
        self._beside.flushed(db)
        self._file(db)

    def over(self, status: Status) -> None:
        """It stands in the database that this run is not executed here any more."""
        self.status = status
        self._beside.forget()

    def _written(self) -> None:
        self.planned = None
        self._events = [event for event in self._events if event["seq"] > self._filed]
        self.staged.written()
        self.ledger.written()

    def _renew_later(self) -> None:
        loop = asyncio.get_running_loop()
        # Its own context: a timer that was cancelled stays where it is until its time, and would hold the run so long.
        self._timer = loop.call_later(RENEWAL, lambda: loop.create_task(self._renew()), context=Context())

    async def _renew(self) -> None:
        """A long call writes nothing; the lease must not end meanwhile."""
        if self.status == "executing":
            self._renew_later()
            try:
                await self.store.write(self.fence)
            except TinyError:
                # Fenced or out of disk: the next real write says so, to whoever can handle it.
                return

    # Ending it.

    async def commit(self, answer: Mapping[str, Any], messages: Sequence[Message] = ()) -> list[str]:
        """All that the run did becomes visible, at once, if the thread is still what it began with.

        What it wrote to memory and another run was first with, is not: that is told, as sentences.
        """
        kept = packed(plain(dict(answer)))
        crc = checksum(self.row.question, packed(self.row.inputs), kept)

        def commit(db: Database) -> list[str]:
            failpoints.hit("commit.before")
            self.fence(db)
            lost = settle(db, self.id)
            self.flush(db)
            file_notes(db, self.id, lost, self.clock.now())
            self._file_messages(db, messages)
            db.execute(
                "UPDATE runs SET status = 'committed', answer = :answer, crc = :crc, lease = 0, waits = NULL,"
                " updated = :now" + MINE,
                {"answer": kept, "crc": crc, **self._me()},
            )
            moved = db.execute(
                "UPDATE threads SET head = :run, holder = NULL, seq = seq + 1, updated = :now"
                " WHERE id = :thread AND holder = :run AND coalesce(head, '') = :parent",
                {**self._me(), "parent": self.row.parent},
            )
            if not moved.rowcount:
                raise fenced(self.id)
            return lost

        lost = await self.store.write(commit)
        self.over("committed")
        failpoints.hit("commit.after")
        return lost

    def _file_messages(self, db: Database, messages: Sequence[Message]) -> None:
        for seq, message in enumerate(messages):
            body = packed(plain(message))
            db.execute(
                "INSERT INTO messages (run, seq, body, crc) VALUES (:run, :seq, :body, :crc)"
                " ON CONFLICT (run, seq) DO UPDATE SET body = excluded.body, crc = excluded.crc",
                {"run": self.id, "seq": seq, "body": body, "crc": checksum(body)},
            )

    async def wait(self, question: Mapping[str, Any]) -> None:
        """Stop until a person answers; the thread stays taken."""
        await self._pause("waiting", question)

    async def _pause(self, status: Status, question: Mapping[str, Any]) -> None:
        await self._leave(status, packed(plain(dict(question))))

    async def release(self) -> None:
        """Stop without an end: the run can be resumed, or rolled back, by anybody."""
        await self._leave("executing", None)

    async def _leave(self, status: Status, waits: str | None) -> None:
        def leave(db: Database) -> None:
            failpoints.hit(f"{status}.before")
            self.fence(db)
            self.flush(db)
            db.execute(
                "UPDATE runs SET status = :status, waits = :waits, lease = 0, updated = :now" + MINE,
                {"status": status, "waits": waits, **self._me()},
            )

        await self.store.write(leave)
        self.over(status)
        failpoints.hit(f"{status}.after")

    def _me(self) -> dict[str, Any]:
        return {"run": self.id, "fence": self.row.fence, "thread": self.thread, "now": self.clock.now()}
