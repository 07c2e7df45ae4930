"""Taking a thread, or a run that was left: one writer each, told apart by a number that only grows."""

from dataclasses import dataclass, field
from typing import Any

from tinyllm.clock import Clock
from tinyllm.errors import Permanent, Retryable, TinyError, UsageError, Waiting
from tinyllm.state import Message
from tinyllm.store import Database, checksum, packed
from tinyllm.transactions.owner import LEASE, Owner
from tinyllm.transactions.rows import COLUMNS, ENDED, RunRow, read_run, read_window, run_from

TAKE = (
    "UPDATE runs SET status = 'executing', fence = :fence, host = :host, pid = :pid, started = :started,"
    " lease = :lease, updated = :now, waits = NULL WHERE id = :run AND fence = :was"
)


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to do."""

    id: str
    thread: str
    question: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    graph: str = ""
    fingerprint: str = ""
    body: str = ""  # the graph itself, pinned
    durability: str = "sync"
    every: int = 1
    turns: int = 20  # how much of the conversation it is given


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that is ours now."""

    row: RunRow
    window: list[Message]

    @property
    def both(self) -> tuple[RunRow, list[Message]]:
        return self.row, self.window


class Abandoned(Exception):
    """Internal: another run must be ended first."""

    def __init__(self, row: RunRow) -> None:
        self.row = row


def begin(db: Database, order: Order, clock: Clock) -> Taken:
    """Take the thread and write the run down; refuse while another run holds it."""
    now = clock.now()
    parent, fence, seq = take_thread(db, order.thread, now, clock)
    if order.fingerprint:
        db.execute(
            "INSERT INTO graphs (fingerprint, name, body, crc, created)"
            " VALUES (:fingerprint, :name, :body, :crc, :now) ON CONFLICT (fingerprint) DO NOTHING",
            {"fingerprint": order.fingerprint, "name": order.graph, "body": order.body, "now": now,
             "crc": checksum(order.body)},
        )  # fmt: skip
    values = _values(order, parent, fence, seq, now)
    names = ", ".join(values)
    db.execute(f"INSERT INTO runs ({names}) VALUES (:{', :'.join(values)})", values)
    row = _row(values)
    db.execute("UPDATE threads SET holder = :run WHERE id = :thread", {"run": row.id, "thread": row.thread})
    return Taken(row, read_window(db, parent, order.turns) if parent and order.turns else [])


def planned(order: Order, clock: Clock) -> Taken:
    """A run on a thread of its own, not written down yet: nobody else can want that thread."""
    return Taken(_row(_values(order, "", 0, 0, clock.now())), [])


def _values(order: Order, parent: str, fence: int, seq: int, now: float) -> dict[str, Any]:
    inputs = packed(order.inputs)
    return {
        "id": order.id, "thread": order.thread, "parent": parent or None, "seq": seq + 1,
        "status": "executing", "fingerprint": order.fingerprint, "graph": order.graph,
        "durability": order.durability, "every": order.every, "question": order.question, "inputs": inputs,
        "fence": fence, "crc": checksum(order.question, inputs, None), "lease": now + LEASE, "created": now,
        "updated": now, **Owner.me().as_values(),
    }  # fmt: skip


def _row(values: dict[str, Any]) -> RunRow:
    columns = {"attempt": 0, "answer": None, "waits": None, "error": None, **values}
    return run_from([columns[name.strip()] for name in COLUMNS.split(",")])


def take_thread(db: Database, thread: str, now: float, clock: Clock) -> tuple[str, int, int]:
    """Its head, a new fence and its length; the row is ours until the transaction ends."""
    db.execute(
        "INSERT INTO threads (id, created, updated) VALUES (:thread, :now, :now)"
        " ON CONFLICT (id) DO UPDATE SET fence = threads.fence + 1, updated = excluded.updated",
        {"thread": thread, "now": now},
    )
    head, holder, fence, seq = db.execute(
        "SELECT head, holder, fence, seq FROM threads WHERE id = :thread", {"thread": thread}
    ).fetchone()
    if holder:
        row = read_run(db, holder)
        if row.status not in ENDED:
            refuse_or_abandon(row, clock)
    return head or "", fence, seq


def refuse_or_abandon(row: RunRow, clock: Clock) -> None:
    if row.status in ("waiting", "in_doubt"):
        raise Waiting(
            f"the run {row.id} of this thread waits for a person",
            hint=f"`tinyllm runs show {row.id}`; then `runs resume`, `runs resolve` or `runs rollback`",
            where=row.thread,
            code="THREAD_WAITS",
        )
    if row.held(clock):
        raise busy(row)
    raise Abandoned(row)


def busy(row: RunRow) -> TinyError:
    return Retryable(
        f"the thread {row.thread} is busy with the run {row.id}",
        hint="wait for it with --wait, or use another thread",
        where=row.thread,
        code="THREAD_BUSY",
        breaker=False,
    )


def take_run(db: Database, id: str, clock: Clock) -> tuple[RunRow, RunRow]:
    """Make a run that was left ours: as it was, and as it is now."""
    was = read_run(db, id)
    if was.status in ENDED:
        raise ended(was)
    if was.status == "in_doubt":
        _refuse_doubt(db, was)
    if was.status != "waiting" and was.held(clock):
        raise busy(was)
    if was.status == "rolling_back":
        raise Abandoned(was)
    now = clock.now()
    # The new fence comes from the thread, so that it is greater than any that was given before.
    db.execute("UPDATE threads SET fence = fence + 1 WHERE id = :thread", {"thread": was.thread})
    fence = db.execute("SELECT fence FROM threads WHERE id = :id", {"id": was.thread}).fetchone()[0]
    taken = db.execute(
        TAKE,
        {"run": was.id, "was": was.fence, "fence": fence, "lease": now + LEASE, "now": now,
         **Owner.me().as_values()},
    )  # fmt: skip
    if not taken.rowcount:
        raise busy(was)
    return was, read_run(db, was.id)


def _refuse_doubt(db: Database, row: RunRow) -> None:
    open_ = db.execute(
        "SELECT key, name FROM effects WHERE run = :run AND attempt = 0 AND state IN ('intent', 'unknown')"
        " AND effect IN ('unsafe', 'checkable') ORDER BY number",
        {"run": row.id},
    ).fetchone()
    if open_ is not None:
        raise Waiting(
            f"{open_[1]} ({open_[0]}) may or may not have happened",
            hint=f"find out, then: tinyllm runs resolve {row.id} --did-happen (or --did-not)",
            where=row.id,
            code="IN_DOUBT",
        )


def ended(row: RunRow) -> TinyError:
    if row.status == "committed":
        return UsageError(
            f"the run {row.id} is committed; there is nothing to resume",
            hint=f"`tinyllm runs show {row.id}` prints its answer; `runs fork` goes on from it",
            code="RUN_COMMITTED",
        )
    return UsageError(
        f"the run {row.id} was rolled back",
        hint=f"`tinyllm runs rollback {row.id} --to SAVEPOINT` makes it live again; or ask anew",
        code="RUN_ROLLED_BACK",
    )


def require_graph(row: RunRow, fingerprint: str) -> None:
    """A run goes on with the graph that it began with, or not at all."""
    if fingerprint != row.fingerprint:
        raise Permanent(
            f"the run {row.id} began with another version of the graph {row.graph}",
            hint="resume it by its id, which uses the version it began with; or roll it back",
            where=row.graph,
            code="GRAPH_CHANGED",
        )
