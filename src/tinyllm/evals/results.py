"""A results file: one line of JSON for each case, written as it ends, so that a run that stopped goes on."""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from tinyllm.errors import GraphError, TinyError, UsageError

SCHEMA = "tinyllm.eval/1"
BEGINS = b'{"schema": "tinyllm.eval/1", '  # every line of ours
Outcome = Literal["right", "wrong", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one case on one graph."""

    suite: str
    graph: str
    case: str
    fingerprint: str  # of the case, the graph, and what else the answer depends on
    about: str  # of the case alone: what may be compared
    outcome: Outcome
    scores: Mapping[str, str] = field(default_factory=dict)  # scorer → what is wrong
    question: str = ""
    answer: str = ""
    status: str = ""
    evidence: str = ""
    best: bool = False  # the best attempt of a refusal was right
    route: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()  # the models that `judge:` asked
    tools: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tier: int | None = None  # the highest that was asked
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tflop: float = 0.0
    ms: float = 0.0
    model_ms: float = 0.0
    run: str = ""
    database: str = ""  # that has the run
    failure: Mapping[str, str] = field(default_factory=dict)
    at: float = 0.0
    place: int = 0  # of its graph on the command line: the first is A
    number: int = 0  # of its case in the suite
    model: str = ""  # that was used wherever the graph asks one, if one was named

    @property
    def right(self) -> bool:
        return self.outcome == "right"

    @property
    def why(self) -> str:
        """Why it is not right, in a line."""
        if self.right:
            return ""
        said = "; ".join(f"{name}: {why}" for name, why in self.scores.items() if why)
        return said or self.failure.get("message", "") or self.outcome

    @property
    def looked_at(self) -> str:
        """The command that shows its path, votes and verdicts."""
        from tinyllm.redaction import safe

        if not self.run or not self.database:
            return ""
        return f"TINYLLM_DATABASE={shlex.quote(safe(self.database))} tinyllm runs show {self.run}"

    def as_dict(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Row":
        """The row that a line says; a value of another type is an error."""
        found: Row = _reader().validate_python(plain)
        return found


@cache
def _reader() -> TypeAdapter[Row]:
    return TypeAdapter(Row)


@dataclass
class Results:
    """The rows of a file; of several rows for one case on one graph, the last one counts."""

    path: Path
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    stopped: TinyError | None = None  # why some cases are open: what scores them is not there
    torn: int = 0  # lines that are no rows: a run was killed while it wrote one

    @classmethod
    def read(cls, path: Path) -> "Results":
        """The results in this file."""
        found = cls.begun(path)
        if not path.is_file():
            raise UsageError(f"there is no file {path}", hint="`tinyllm eval list` lists results as well")
        if not found.rows:
            raise GraphError(
                f"{path} has no results in it",
                hint="name a file that `tinyllm eval run` wrote",
                code="RESULTS_INVALID",
            )
        return found

    @classmethod
    def begun(cls, path: Path) -> "Results":
        """What is there already."""
        found = cls(path)
        for line in _lines(path):
            if not line.strip():
                continue
            try:
                row = Row.of(_row(line))
            except (ValueError, TypeError, RecursionError):
                found.torn += 1
                continue
            found.rows[row.graph, row.case] = row
        return found

    def add(self, row: Row) -> None:
        """Keep it, and write it at once."""
        self.rows[row.graph, row.case] = row
        line = json.dumps(row.as_dict(), ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"
        try:
            with self.path.open("ab+") as file:
                if file.tell() and _last(file) != b"\n":
                    line = b"\n" + line  # an editor took the end of the last line
                file.write(line)
        except OSError as failure:
            raise _unwritable(self.path, failure) from failure

    def prepare(self, suite: str) -> None:
        """Say early when it cannot be written, or holds something else; what a kill left half written is cut off."""
        other = next((name for name in self.suites if name != suite), None)
        if other is not None:
            raise UsageError(
                f"{self.path} has the results of the suite {other!r}, and this is {suite!r}",
                hint="a file holds the results of one suite: choose another one with --out",
                code="RESULTS_FOREIGN",
            )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                self.torn -= _cut(file)
        except OSError as failure:
            raise _unwritable(self.path, failure) from failure
        if self.torn and not self.rows:
            raise UsageError(f"{self.path} is no results file", hint="choose another file with --out")

    def known(self, graph: str, case: str, fingerprint: str) -> bool:
        row = self.rows.get((graph, case))
        return row is not None and row.fingerprint == fingerprint and row.outcome != "failed"

    @property
    def suites(self) -> tuple[str, ...]:
        """The suites that its rows are of: one, unless files were put together by hand."""
        return tuple(dict.fromkeys(row.suite for row in self.rows.values()))

    @property
    def graphs(self) -> tuple[str, ...]:
        """The graphs as they were named, whichever answered first."""
        rows = sorted(self.rows.values(), key=lambda row: row.place)
        return tuple(dict.fromkeys(row.graph for row in rows))

    def of(self, graph: str = "") -> "Side":
        """The rows of one graph."""
        if graph and graph not in self.graphs:
            raise UsageError(f"{self.path} has no graph {graph!r}", hint=f"it has {', '.join(self.graphs)}")
        if not graph and len(self.graphs) > 1:
            raise UsageError(
                f"{self.path} has several graphs: {', '.join(self.graphs)}",
                hint=f"name one: {self.path}#{self.graphs[0]}",
            )
        graph = graph or self.graphs[0]
        rows = (row for (of, _), row in self.rows.items() if of == graph)
        return Side(graph, tuple(sorted(rows, key=lambda row: row.number)))

    def only(self, cases: Iterable[str]) -> "Results":
        """Those of some cases, in their order."""
        keys = [(graph, case) for case in cases for graph in self.graphs]
        return Results(
            self.path, {key: self.rows[key] for key in keys if key in self.rows}, stopped=self.stopped
        )


@dataclass(frozen=True)
class Side:
    """What one graph did on a suite, in the suite's order."""

    graph: str
    rows: tuple[Row, ...]

    @property
    def model(self) -> str:
        """The model that was named for all of it."""
        return " and ".join(dict.fromkeys(row.model for row in self.rows if row.model))

    @property
    def name(self) -> str:
        """What tells it from another: the graph, and the model that was named for it."""
        return f"{self.graph} with {self.model}" if self.model else self.graph


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as failure:
        raise UsageError(
            f"{path} cannot be read: {failure.strerror}", hint="name a results file"
        ) from failure


def _row(line: bytes) -> Mapping[str, Any]:
    plain = json.loads(line)
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise ValueError(line)
    return plain


def _cut(file: Any) -> bool:
    """Whether the file ended in the beginning of a line of ours, which is gone now; a full disk adds zeros."""
    file.seek(0)
    body: bytes = file.read()
    at = body.rfind(b"\n") + 1
    begun = body[at:].rstrip(b"\0")
    if at == len(body) or not BEGINS.startswith(begun[: len(BEGINS)]) or _whole(begun):
        return False
    file.truncate(at)
    return True


def _whole(line: bytes) -> bool:
    try:
        Row.of(_row(line))
    except (ValueError, TypeError, RecursionError):
        return False
    return True


def _last(file: Any) -> bytes:
    file.seek(-1, 2)
    last: bytes = file.read(1)
    return last


def _unwritable(path: Path, failure: OSError) -> UsageError:
    return UsageError(f"{path} cannot be written: {failure.strerror}", hint="choose another file with --out")
