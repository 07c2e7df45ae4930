"""What a run leaves for those after it: grades, decisions and replies, written with its events and gone when it is rolled back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyllm.cache import rows as cache
from tinyllm.redaction import all_safe, safe
from tinyllm.running import Event
from tinyllm.store import Database, checksum, packed

KINDS = ("grade", "decision", "kept")  # events that become rows of their own instead of lines of the timeline

GRADE = (
    "INSERT INTO grades (run, key, savepoint, at, kind, node, fingerprint, model, question, answer, passed, because,"
    " evidence, consent) VALUES (:run, :key, :savepoint, :at, :kind, :node, :fingerprint, :model, :question, :answer,"
    " :passed, :because, :evidence, :consent) ON CONFLICT (run, key) DO UPDATE SET savepoint = excluded.savepoint,"
    " at = excluded.at, node = excluded.node, fingerprint = excluded.fingerprint, model = excluded.model,"
    " answer = excluded.answer, passed = excluded.passed, because = excluded.because, evidence = excluded.evidence"
)
KNOWN = "SELECT patch, seq FROM growth WHERE run = :run AND key = :key"
LAST = "SELECT coalesce(max(seq), 0) FROM growth WHERE patch = :patch"
NEXT = "SELECT coalesce(max(patch), 0) + 1 FROM growth"
DECISION = (
    "INSERT INTO growth (patch, seq, run, key, savepoint, at, graph, state, why, body, crc) VALUES (:patch, :seq, :run,"
    " :key, :savepoint, :at, :graph, :state, :why, :body, :crc) ON CONFLICT (patch, seq) DO UPDATE SET"
    " at = excluded.at, state = excluded.state, why = excluded.why, body = excluded.body, crc = excluded.crc"
)


TEXTS = ("question", "answer", "because")


def _unmarked(_node: str) -> str:
    return ""


@dataclass
class Staged:
    """The rows of one run that wait for its next write."""

    run: str
    question: str = ""
    marks: Callable[[str], str] = _unmarked  # a node's id → its fingerprint in this run's graph
    consent: bool = False
    rows: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    _last: int = 0
    _filed: int = 0  # in a thread, it may be, while the run goes on and adds more

    def add(self, event: Event, savepoint: int) -> None:
        self._last += 1
        self.rows[self._last] = (event.kind, {**event.data, "at": event.at, "savepoint": savepoint})

    def written(self) -> None:
        """That transaction is through: what came since waits for the next."""
        self.rows = {number: row for number, row in self.rows.items() if number > self._filed}

    def write(self, db: Database) -> None:
        rows = dict(self.rows)
        self._filed = max(rows, default=self._filed)
        for kind, data in rows.values():
            self.put(db, kind, data)

    def put(self, db: Database, kind: str, data: dict[str, Any]) -> None:
        if kind == "grade":
            write_grade(db, self._grade(data))
        elif kind == "kept":
            cache.put(db, {**data, "run": self.run})
        else:
            decide(db, {**data, "run": self.run})

    def _grade(self, data: Mapping[str, Any]) -> dict[str, Any]:
        node = str(data["node"])
        return {
            "model": "",
            "answer": "",
            "evidence": "",
            "question": self.question,
            **data,
            "run": self.run,
            "fingerprint": self.marks(node),
            "consent": int(self.consent),
        }


def write_grade(db: Database, values: Mapping[str, Any]) -> None:
    """One grade, without the secrets in its texts."""
    texts = all_safe(str(values[name]) for name in TEXTS)
    db.execute(
        GRADE, {**values, **dict(zip(TEXTS, texts, strict=True)), "passed": int(bool(values["passed"]))}
    )


def decide(db: Database, data: Mapping[str, Any]) -> int:
    """One decision on a patch, new or known; said again by the same run, it is the same row. Its number."""
    body = packed(data["body"])
    values = {
        "run": data.get("run", ""), "key": data["key"], "savepoint": data.get("savepoint", 0), "at": data["at"],
        "graph": data["graph"], "state": data["state"], "why": safe(data["why"]), "body": body,
        "crc": checksum(body),
    }  # fmt: skip
    known = (
        db.execute(KNOWN, {"run": values["run"], "key": values["key"]}).fetchone() if values["run"] else None
    )
    if known:
        patch, seq = known
    elif data["patch"]:
        patch = data["patch"]
        seq = db.execute(LAST, {"patch": patch}).fetchone()[0] + 1
    else:
        patch, seq = db.execute(NEXT).fetchone()[0], 1
    db.execute(DECISION, {**values, "patch": patch, "seq": seq})
    return int(patch)


def forget(db: Database, run: str, since: int = 0) -> None:
    """A run that was taken back, or went back to a savepoint, said nothing after it."""
    for table in ("grades", "growth", "cache"):
        db.execute(
            f"DELETE FROM {table} WHERE run = :run AND savepoint >= :since", {"run": run, "since": since}
        )
