"""What gates, judges, tools and people said of the work of nodes: rows of runs that were committed, and of no others."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tinyllm.errors import UsageError
from tinyllm.problems import did_you_mean
from tinyllm.redaction import safe
from tinyllm.spec import GraphSpec
from tinyllm.store import Database, Store, counts
from tinyllm.transactions import RunRow
from tinyllm.transactions.rows import read_run, read_timeline
from tinyllm.transactions.staged import write_grade

NAMES = (
    "run", "key", "at", "kind", "node", "fingerprint", "model", "question", "answer", "passed", "because",
    "evidence", "consent",
)  # fmt: skip
READ = (
    f"SELECT runs.graph, {', '.join(f'grades.{name}' for name in NAMES)} FROM grades"  # noqa: S608 - our own
    f" JOIN runs ON runs.id = grades.run WHERE {counts('grades')}"
)
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Grade:
    """One verdict on one answer of one node."""

    graph: str
    run: str
    key: str
    at: float
    kind: str  # gate, judge, tool, complaint, person
    node: str
    fingerprint: str
    model: str
    question: str
    answer: str
    passed: bool
    because: str
    evidence: str
    consent: bool

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_grades(
    db: Database, *, graph: str = "", node: str = "", run: str = "", most: int = 100_000
) -> list[Grade]:
    """The newest last; all that count, or those of one graph, node or run."""
    wanted = {"runs.graph": graph, "grades.node": node, "grades.run": run}
    wanted = {column: value for column, value in wanted.items() if value}
    names = {column: column.replace(".", "_") for column in wanted}
    where = "".join(f" AND {column} = :{name}" for column, name in names.items())
    values = {names[column]: value for column, value in wanted.items()}
    rows = db.execute(
        f"{READ}{where} ORDER BY grades.at DESC, grades.run, grades.key DESC LIMIT :most",
        {**values, "most": most},
    )
    return [_grade(row) for row in reversed(rows.fetchall())]


def check_known(db: Database, graph: str, node: str) -> None:
    """Whoever asks for the grades of a name that no graph ever had has mistyped it."""
    graphs = {row[0] for row in db.execute("SELECT DISTINCT graph FROM runs").fetchall()}
    if graph and graph not in graphs:
        raise _unknown("graph has run that is called", graph, graphs)
    if not node or db.execute("SELECT 1 FROM grades WHERE node = :node LIMIT 1", {"node": node}).fetchone():
        return
    bodies = db.execute("SELECT body FROM graphs WHERE name = :graph OR :graph = ''", {"graph": graph})
    nodes = {id for row in bodies.fetchall() for id in json.loads(row[0]).get("nodes", ())}
    if node not in nodes:
        raise _unknown("node of a graph that has run is called", node, nodes)


def _unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    names = sorted(known)
    among = f"choose from: {', '.join(names[:20])}" if names else "`tinyllm runs list` shows what has run"
    return UsageError(f"no {what} {name!r}", hint=did_you_mean(name, names) or among, code="GRADES_UNKNOWN")


def _grade(row: Sequence[Any]) -> Grade:
    found = Grade(*row)
    return replace(found, passed=bool(found.passed), consent=bool(found.consent))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one node did in one run: a person's word counts most, then the last verdict on its own model's answer."""

    run: str
    graph: str
    node: str
    fingerprint: str
    at: float
    question: str
    answer: str
    passed: bool
    because: str
    by: str
    model: str


def outcomes(grades: Iterable[Grade]) -> list[Outcome]:
    """One per run and node, in the order of time. What another model answered after an escalation is not the node's."""
    found: dict[tuple[str, str], Grade] = {}
    for grade in sorted(grades, key=lambda each: (each.at, each.key)):
        before = found.get((grade.run, grade.node))
        if grade.kind == "tool" or (before and not _weighs(grade, before)):
            continue
        found[grade.run, grade.node] = grade
    return [
        Outcome(
            g.run, g.graph, g.node, g.fingerprint, g.at, g.question, g.answer, g.passed, g.because, g.kind, g.model
        )
        for g in sorted(found.values(), key=lambda each: each.at)
    ]  # fmt: skip


def _weighs(grade: Grade, before: Grade) -> bool:
    if PERSON in (grade.kind, before.kind):
        return grade.kind == PERSON
    return grade.kind != "complaint" and (not before.model or grade.model == before.model)


async def rate(store: Store, id: str, *, up: bool, why: str, spec: GraphSpec, consent: bool) -> Grade:
    """What a person says of a run's answer, filed with the node that gave it."""
    row = await store.read(lambda db: read_run(db, id))
    if row.status != "committed" or row.answer is None:
        raise UsageError(
            f"the run {row.id} is {row.shown(store.clock)}; only an answer that stands can be rated",
            hint=row.way_on(store.clock),
            code="RUN_NOT_COMMITTED",
        )
    now = store.clock.now()

    def write(db: Database) -> list[Grade]:
        write_grade(db, _rating(db, row, spec, up=up, why=why, consent=consent, now=now))
        return read_grades(db, run=row.id)

    return next(grade for grade in await store.write(write) if grade.kind == PERSON)


def _rating(
    db: Database, row: RunRow, spec: GraphSpec, *, up: bool, why: str, consent: bool, now: float
) -> dict[str, Any]:
    said: Mapping[str, Any] = row.answer or {}
    path = [node.removesuffix(".beside") for node in said.get("path", ())]
    node = next((node for node in reversed(path) if node in spec.answering), path[-1] if path else "")
    called = [
        line.data
        for line in read_timeline(db, row.id)
        if line.kind in ("call", "cached") and line.node == node
    ]
    return {
        "run": row.id,
        "key": PERSON,
        "savepoint": 0,
        "at": now,
        "kind": PERSON,
        "node": node,
        "fingerprint": spec.mark(node),
        "model": str(called[-1].get("model", "")) if called else "",
        "question": row.question,
        "answer": str(said.get("answer", "")),
        "passed": up,
        "because": why,
        "evidence": PERSON,
        "consent": int(consent),
    }


def training_pairs(grades: Iterable[Grade], *, consent: bool = False) -> list[dict[str, Any]]:
    """Question, accepted answer, rejected answers: what a model can be tuned with, of those who agreed to it."""
    grouped: dict[tuple[str, str], list[Grade]] = {}
    for grade in _corrected(list(grades)):
        if grade.question and grade.answer and grade.kind != "tool" and (consent or grade.consent):
            grouped.setdefault((grade.graph, " ".join(grade.question.split())), []).append(grade)
    pairs = []
    for said in grouped.values():
        accepted = max(
            (grade for grade in said if grade.passed),
            key=lambda each: (each.kind == PERSON, each.at),
            default=None,
        )
        if accepted is not None:
            pairs.append(_pair(accepted, said))
    return pairs


def _corrected(grades: list[Grade]) -> list[Grade]:
    """What a person said of an answer replaces what a gate had said of it."""
    people = {(grade.run, grade.answer): grade for grade in grades if grade.kind == PERSON}
    return [
        replace(grade, passed=people[grade.run, grade.answer].passed)
        if (grade.run, grade.answer) in people
        else grade
        for grade in grades
    ]


def _pair(accepted: Grade, said: list[Grade]) -> dict[str, Any]:
    rejected = dict.fromkeys(g.answer for g in said if not g.passed and g.answer != accepted.answer)
    return {
        "question": safe(accepted.question),
        "accepted": safe(accepted.answer),
        "rejected": [safe(answer) for answer in rejected],
        "graph": accepted.graph,
        "node": accepted.node,
        "model": accepted.model,
        "evidence": accepted.evidence,
        "run": accepted.run,
        "consent": all(grade.consent for grade in said),
    }
