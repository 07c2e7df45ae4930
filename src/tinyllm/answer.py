"""What a run comes to: the answer, how it got there, and what it cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tinyllm import notebook
from tinyllm.checks.verdict import Evidence
from tinyllm.notebook import short
from tinyllm.plain import as_text
from tinyllm.running import Event
from tinyllm.state import REFUSE, SCHEMA

__all__ = ["SCHEMA", "Account", "Answer", "Status", "as_text"]

STEPS = 1_000  # steps whose times an answer keeps
Status = Literal["committed", "refused", "waiting", "failed"]


def reason(failure: Mapping[str, Any]) -> str:
    """Why something failed; with what to do where that is one line."""
    fix = f": {failure['hint']}" if failure.get("code") == "MODEL_NOT_FOUND" and failure.get("hint") else ""
    return f"{failure['message']}{fix}"


@dataclass
class Account:
    """What the events of a run add up to."""

    path: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=lambda: {"in": 0, "out": 0})
    notes: list[str] = field(default_factory=list)
    route: list[str] = field(default_factory=list)
    evidence: Evidence = "unchecked"
    steps: list[dict[str, Any]] = field(default_factory=list)
    _seen: set[tuple[str, int]] = field(default_factory=set)

    def add(self, event: Event) -> None:
        if event.kind == "node" and event.node != REFUSE:
            if not self._new(event.node, event.data.get("visit", 0)):
                return  # done again after a crash, from what was recorded
            self.path.append(event.node)
            self._node(event.data["kind"], event.data.get("value"))
            if len(self.steps) < STEPS:
                kept = {name: event.data.get(name) for name in ("kind", "exits", "seconds")}
                self.steps.append({"node": event.node, **kept, "value": short(event.data.get("value"))})
        elif event.kind in ("call", "cached"):
            if event.data["model"] not in self.models:
                self.models.append(event.data["model"])
            if event.kind == "call":  # what was kept, or told to another one, costs nothing now
                self.tokens["in"] += event.data["tokens_in"]
                self.tokens["out"] += event.data["tokens_out"]
        elif event.kind == "fallback":
            self._fell_back(event.node, event.data["model"], event.data["because"])
        elif event.kind == "skipped":
            self.notes.append(f"{event.node}: {event.data['check']} was skipped: {event.data['because']}")

    def _new(self, node: str, visit: int) -> bool:
        size = len(self._seen)
        self._seen.add((node, visit))
        return len(self._seen) > size

    def _fell_back(self, node: str, model: str, because: Mapping[str, Any]) -> None:
        """A model that is missing is missed at every node, and said once."""
        said = f"asked {model} because {reason(because)}"
        once = because.get("code") == "MODEL_NOT_FOUND"
        if not (once and any(note.endswith(said) for note in self.notes)):
            self.notes.append(f"{node}: {said}")

    def _node(self, kind: str, value: Any) -> None:
        """The newest word on the answer counts: a solver's proof, a gate's verdict; a model's own word is none."""
        if kind == "router" and isinstance(value, Mapping):
            self.route = list(value.get("labels", ()))
        elif kind == "solve":
            self.evidence = "unchecked" if value is None else "proved"
        elif kind == "gate" and isinstance(value, Mapping):
            self.evidence = value.get("evidence", "unchecked") if value.get("passed") else "unchecked"
        elif kind == "llm" and value is not None:
            self.evidence = "unchecked"


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one run; `str(answer)` is what the user asked for."""

    run: str
    status: Status
    answer: str
    evidence: Evidence = "unchecked"  # what it rests on
    value: Any = None
    route: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    tokens: Mapping[str, int] = field(default_factory=dict)
    elapsed_ms: float = 0.0
    notes: tuple[str, ...] = ()
    failures: Sequence[Mapping[str, str]] = ()
    tried: Sequence[Mapping[str, Any]] = ()
    question: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        tokens = f"{self.tokens.get('in', 0)} + {self.tokens.get('out', 0)}" if self.models else ""
        facts = {
            "run": self.run, "status": self.status, "path": " → ".join(self.path), "models": ", ".join(self.models),
            "tokens": tokens, "time": f"{self.elapsed_ms:.0f} ms", "notes": "\n".join(self.notes),
            "asks": self.question.get("question", ""),
        }  # fmt: skip
        return notebook.answer(self.answer, facts, self.steps)

    def __str__(self) -> str:
        return self.answer

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "schema": SCHEMA,
            "run": self.run,
            "status": self.status,
            "answer": self.answer,
            "evidence": self.evidence,
            "route": list(self.route),
            "path": list(self.path),
            "models": list(self.models),
            "tokens": dict(self.tokens),
            "elapsed_ms": self.elapsed_ms,
        }
        if not isinstance(self.value, str) and self.value is not None:
            found["value"] = self.value
        more = {"notes": self.notes, "failures": self.failures, "tried": self.tried}
        found.update({name: list(values) for name, values in more.items() if values})
        return {**found, "question": dict(self.question)} if self.question else found
