"""What the database says of runs and threads, as values."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from tinyllm.clock import Clock
from tinyllm.errors import UsageError
from tinyllm.memory.digest import extracted
from tinyllm.memory.said import CHAIN
from tinyllm.notebook import table
from tinyllm.problems import did_you_mean
from tinyllm.state import Message
from tinyllm.store import Database, checksum, damaged, unpacked
from tinyllm.transactions.owner import Owner

Status = Literal["created", "executing", "committed", "rolling_back", "rolled_back", "waiting", "in_doubt"]
ENDED: tuple[Status, ...] = ("committed", "rolled_back")
ASKING: tuple[Status, ...] = ("waiting", "in_doubt")

COLUMNS = (
    "id, thread, parent, seq, status, fingerprint, graph, durability, every, attempt, question,"
    " inputs, answer, waits, error, crc, fence, host, pid, started, lease, created, updated"
)

# Half of the context that is asked for by default, at four letters to a token: the rest is prompt, material and answer.
# What does not fit is cut by the server without a word.
WINDOW = 16_000
EARLIER = 40  # turns before those whose questions are still named


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run, as it was when it was read."""

    id: str
    thread: str
    parent: str
    seq: int
    status: Status
    fingerprint: str
    graph: str
    durability: str
    every: int
    attempt: int
    question: str
    inputs: dict[str, Any]
    answer: dict[str, Any] | None
    waits: Any
    error: dict[str, str] | None
    fence: int
    owner: Owner
    lease: float
    created: float
    updated: float

    def _repr_html_(self) -> str:
        answer = (self.answer or {}).get("answer")
        error = (self.error or {}).get("message")
        asks = (self.waits or {}).get("question")
        facts = {"run": self.id, "thread": self.thread, "status": self.status, "graph": self.graph,
                 "question": self.question, "answer": answer, "error": error, "asks": asks}  # fmt: skip
        return table((name, value) for name, value in facts.items() if value)

    def held(self, clock: Clock) -> bool:
        """Somebody works on it: the lease runs, and its owner is not known to be gone."""
        return self.lease > clock.now() and not self.owner.gone()

    def shown(self, clock: Clock) -> str:
        """Its status for people: a run whose worker is gone can be resumed; one may be committed that refused."""
        working = self.status in ("created", "executing", "rolling_back")
        if working and not self.held(clock):
            return "recoverable"
        refused = self.status == "committed" and (self.answer or {}).get("status") == "refused"
        return "refused" if refused else self.status

    def way_on(self, clock: Clock) -> str:
        """What a person does to come to an end of it that stands."""
        commands = {
            "waiting": f"answer it: tinyllm runs resume {self.id} --answer TEXT",
            "in_doubt": f"find out, then: tinyllm runs resolve {self.id} --did-happen (or --did-not)",
            "recoverable": f"go on with it: tinyllm runs resume {self.id}",
            "rolled_back": f"go back inside it: tinyllm runs rollback {self.id} --to N, then runs resume",
        }
        return commands.get(self.shown(clock), f"wait for its end: tinyllm runs watch {self.id}")


def run_from(row: Sequence[Any]) -> RunRow:
    (id, thread, parent, seq, status, fingerprint, graph, durability, every, attempt, question,
     inputs, answer, waits, error, crc, fence, host, pid, started, lease, created, updated) = row  # fmt: skip
    if status not in get_args(Status) or checksum(question, inputs, answer) != crc:
        raise damaged(f"the run {id}", "runs")
    return RunRow(
        id, thread, parent or "", seq, cast("Status", status), fingerprint, graph, durability, every, attempt,
        question, json.loads(inputs), _json(answer), _json(waits), _json(error), fence,
        Owner(host, pid, started), lease, created, updated,
    )  # fmt: skip


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)


WARM = "warm-"  # what the ids of runs begin with that are asked for the sake of the replies that are kept
# A round of growing, a tool that another program calls, the rows of a batch (whose ids begin with the batch's, of ten
# letters) and what warms the cache are runs, but no part of a conversation.
ASKED = (
    "NOT (runs.question = '' AND runs.graph IN ('growth', 'mcp'))"
    f" AND substr(runs.id, 1, {len(WARM)}) <> '{WARM}'"
    " AND NOT (substr(runs.id, 11, 1) = '-'"
    " AND EXISTS (SELECT 1 FROM batches WHERE batches.id = substr(runs.id, 1, 10)))"
)


def find_run(db: Database, id: str) -> RunRow | None:
    """The run of exactly that id."""
    row = db.execute(f"SELECT {COLUMNS} FROM runs WHERE id = :id", {"id": id}).fetchone()
    return None if row is None else run_from(row)


def read_run(db: Database, id: str) -> RunRow:
    """The run of that id, or of the only id that begins so; `last` is the newest that somebody asked for."""
    row = db.execute(f"SELECT {COLUMNS} FROM runs WHERE id = :id", {"id": id}).fetchone()
    if row is None and id == "last":
        newest = f"SELECT {COLUMNS} FROM runs WHERE {ASKED} ORDER BY created DESC, seq DESC LIMIT 1"
        row = db.execute(newest, {}).fetchone()
    if row is None and len(id) >= 4:
        sql = f"SELECT {COLUMNS} FROM runs WHERE substr(id, 1, :n) = :id ORDER BY created DESC, seq DESC LIMIT 100"
        rows = db.execute(sql, {"id": id, "n": len(id)}).fetchall()
        if len(rows) > 1:
            raise _several(id, [str(each[0]) for each in rows])
        row = rows[0] if rows else None
    if row is None:
        known = [
            each[0] for each in db.execute("SELECT id FROM runs ORDER BY created DESC LIMIT 200").fetchall()
        ]
        raise UsageError(
            f"there is no run {id!r}",
            hint=did_you_mean(id, known) or "`tinyllm runs list` lists them",
            code="RUN_UNKNOWN",
        )
    return run_from(row)


def _several(begins: str, ids: list[str]) -> UsageError:
    shown = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
    many = f"{len(ids)}" if len(ids) < 100 else "100 or more"
    return UsageError(
        f"{many} runs begin so: {begins}", hint=f"write more of the id: {shown}", code="RUN_UNKNOWN"
    )


def known_thread(db: Database, name: str) -> str:
    """This name, if it is a conversation's."""
    if not db.execute("SELECT 1 FROM threads WHERE id = :id", {"id": name}).fetchone():
        known = [row[0] for row in db.execute("SELECT id FROM threads ORDER BY id LIMIT 10000").fetchall()]
        raise UsageError(
            f"there is no thread {name!r}",
            hint=did_you_mean(name, known) or "`tinyllm runs list` without --thread lists all runs",
            code="THREAD_UNKNOWN",
        )
    return name


def read_runs(db: Database, *, thread: str = "", begins: str = "", limit: int = 50) -> list[RunRow]:
    """The newest runs first: all, those of a thread, those whose ids begin so."""
    values: dict[str, Any] = {"limit": limit}
    conditions = []
    if thread:
        conditions.append("thread = :thread")
        values["thread"] = thread
    if begins:
        conditions.append("substr(id, 1, :letters) = :begins")
        values.update(letters=len(begins), begins=begins)
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM runs {where}ORDER BY created DESC, seq DESC LIMIT :limit", values
    )
    return [run_from(row) for row in rows.fetchall()]


def read_window(db: Database, head: str, turns: int, letters: int = WINDOW) -> list[Message]:
    """The last turns of a thread, oldest first, as many as fit; before them, in a few lines, what was asked earlier."""
    rows = db.execute(
        CHAIN + "SELECT chain.depth, messages.body, messages.crc FROM chain"
        " JOIN messages ON messages.run = chain.id ORDER BY chain.depth, messages.seq DESC",
        {"head": head, "turns": turns},
    )
    kept: list[tuple[int, Message]] = []
    cut = False
    for depth, body, crc in rows.fetchall():
        letters -= len(body)
        if letters < 0 and kept and depth > kept[0][0]:
            kept = [each for each in kept if each[0] != depth]  # a turn is there whole, or not at all
            cut = True
            break
        kept.append((depth, unpacked(body, crc, "messages")))
    last = kept[-1][0] if kept else 0
    earlier = _read_earlier(db, head, last) if cut or last == turns else []
    return [*earlier, *(message for _, message in reversed(kept))]


def _read_earlier(db: Database, head: str, depth: int) -> list[Message]:
    rows = db.execute(
        CHAIN + "SELECT substr(runs.question, 1, 400) FROM chain JOIN runs ON runs.id = chain.id"
        " WHERE chain.depth > :depth AND runs.question <> '' ORDER BY chain.depth DESC",
        {"head": head, "turns": depth + EARLIER, "depth": depth},
    )
    text = extracted("", [{"role": "user", "content": row[0]} for row in rows.fetchall()])
    return [{"role": "user", "content": text}] if text else []


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a run's timeline."""

    at: float
    kind: str
    node: str
    data: dict[str, Any]


def read_timeline(db: Database, run: str) -> list[Line]:
    rows = db.execute("SELECT at, kind, node, data FROM events WHERE run = :run ORDER BY seq", {"run": run})
    return [Line(at, kind, node, json.loads(data)) for at, kind, node, data in rows.fetchall()]


def standing(lines: Sequence[Line]) -> list[Line]:
    """Without what was done after a savepoint that the run was taken back to."""
    stands: list[Line] = []
    for line in lines:
        if line.kind == "note" and (back := line.data.get("back")) is not None:
            places = [
                at
                for at, each in enumerate(stands)
                if each.kind == "savepoint" and each.data["number"] == back
            ]
            del stands[places[-1] + 1 if places else 0 :]
        stands.append(line)
    return stands


def read_savepoints(db: Database, run: str) -> dict[int, dict[str, Any]]:
    """Number → checkpoint, step and node, of those that stand after a return to an earlier one."""
    lines = standing(read_timeline(db, run))
    return {line.data["number"]: line.data for line in lines if line.kind == "savepoint"}
