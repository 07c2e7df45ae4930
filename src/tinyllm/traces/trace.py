"""The spans of one run, made from its events: the run, its nodes, and the calls of models and tools inside them."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import TinyError
from tinyllm.running import Event
from tinyllm.traces import span as spans
from tinyllm.traces.span import Kind, Span, new_id, told

T = TypeVar("T")

PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
MOST = 64  # events that one span keeps
SPANS = ("node", "call", "tool", "stopped", "content")  # events that are spans, or their contents
ASIDE = (
    "token",
    "begin",
    "grade",
    "decision",
    "savepoint",
    "unclassified",
)  # no part of the work; a grade comes after it
RUN = "tinyllm.run"
CONTENT = "content"  # what was said to a model or a tool, and what came back: for the trace alone


@dataclass(frozen=True, slots=True)
class Parent:
    """Where in which trace a run belongs."""

    trace: int
    span: int = 0
    sampled: bool = True

    @classmethod
    def read(cls, text: str) -> "Parent | None":
        """A `traceparent` of a caller; one that is none begins a trace of its own."""
        found = PARENT.fullmatch(text.strip())
        return cls(int(found[1], 16), int(found[2], 16), bool(int(found[3], 16) & 1)) if found else None

    @classmethod
    def of(cls, run: str, database: str) -> "Parent":
        """The same for every part of a run that was interrupted and goes on."""
        return cls(int(hashlib.sha256(f"{database}\0{run}".encode()).hexdigest()[:32], 16) or 1)


@dataclass
class Open:
    """A node that is being worked on."""

    id: int = field(default_factory=new_id)
    since: float = float("inf")  # when the first thing inside it began
    events: list[tuple[str, float, dict[str, Any]]] = field(default_factory=list)
    failure: Event | None = None
    call: Span | None = None  # the last one: its reply may yet be found bad
    content: dict[str, Any] = field(default_factory=dict)


@dataclass
class Trace:
    """One run as a tree of spans. Each is put out when it ends; what has not ended, ends with the run."""

    put: Callable[["Trace", Span], None]
    parent: Parent
    content: bool
    root: Span
    clock: Clock = CLOCK
    open: dict[str, Open] = field(default_factory=dict)
    at: int = 0  # the span that the last event belongs to
    over: bool = False

    def inside(self, node: str) -> Open:
        """What is known of a node that is being worked on; without one, of the run."""
        return self.open.setdefault(node, Open()) if node else Open(self.root.id, events=self.root.events)

    def place(self, node: str = "") -> dict[str, str]:
        """Where a node stands, or the last event, as logs say it."""
        span = self.inside(node).id if node and not self.over else self.at or self.root.id
        return {"trace": f"{self.parent.trace:032x}", "span": f"{span:016x}"}

    def heard(self, event: Event) -> bool:
        """Whether this event was for the trace alone."""
        if self.over or event.kind in ASIDE:
            return event.kind == CONTENT
        self.root.end = max(self.root.end, event.at)
        opened = self.inside(event.node)
        self.at = opened.id
        call, opened.call = opened.call, None
        bad = call is not None and event.data.get("kind") == "validation" and "model" in event.data
        if call is not None:
            if bad:
                call.fails(event.data, content=self.content)
            self.put(self, call)
        if event.kind in HOW and not bad:
            HOW[event.kind](self, opened, event)
        if event.kind not in SPANS and len(opened.events) < MOST:
            opened.events.append((event.kind, event.at, spans.facts(event.data)))
        return event.kind == CONTENT

    def _call(self, opened: Open, event: Event) -> None:
        found = spans.of_call(event.data) | opened.content
        opened.content = {}
        opened.call = self._inside(opened, f"chat {event.data['model']}", "LLM", event, found)

    def _failure(self, opened: Open, event: Event) -> None:
        if "model" not in event.data:
            opened.failure = event
            return
        name, found = f"chat {event.data['model']}", spans.of_failed_call(event.data)
        failed = self._inside(opened, name, "LLM", event, found)
        failed.fails(event.data, content=self.content)
        self.put(self, failed)

    def _tool(self, opened: Open, event: Event) -> None:
        found = spans.of_tool(event.data) | opened.content
        opened.content = {}
        if self.content:
            given = told(event.data.get("arguments", {}))
            found |= {"tool.parameters": given, "input.value": given, "input.mime_type": "application/json"}
        used = self._inside(opened, f"execute_tool {event.data['tool']}", "TOOL", event, found)
        if failure := event.data.get("failure"):
            used.fails(failure, content=self.content)
        self.put(self, used)

    def _stopped(self, opened: Open, event: Event) -> None:
        """A call that was under way when its run was stopped."""
        (self._failure if "model" in event.data else self._tool)(opened, event)

    def _said(self, opened: Open, event: Event) -> None:
        """It comes just before the call that it belongs to."""
        if "messages" in event.data:
            opened.content = spans.spoken(event.data["messages"], event.data["text"])
        else:
            opened.content = {"output.value": told(event.data["text"])}

    @property
    def _run(self) -> dict[str, Any]:
        """Which run a span belongs to, for whoever looks at one alone."""
        return {name: self.root.attributes[name] for name in (RUN,) if name in self.root.attributes}

    def _inside(self, opened: Open, name: str, kind: Kind, event: Event, found: dict[str, Any]) -> Span:
        began = max(self.root.start, event.at - float(event.data.get("seconds") or 0.0))
        opened.since = min(opened.since, began)
        self.at = id = new_id()
        return Span(name, kind, id, opened.id, began, max(began, event.at), {**self._run, **found})

    def _node(self, opened: Open, event: Event) -> None:
        began = event.at - float(event.data.get("seconds") or 0.0)
        self._ended(event.node, opened, min(began, opened.since), event.at, event.data)

    def _ended(self, node: str, opened: Open, began: float, at: float, data: Mapping[str, Any]) -> None:
        self.open.pop(node, None)
        began = max(began, self.root.start)
        kind: Kind = "EVALUATOR" if data.get("kind") == "gate" else "CHAIN"
        found = self._run | spans.of_node(node, data)
        if self.content and data.get("value") is not None:
            found["output.value"] = told(data["value"])
        span = Span(
            f"node {node}", kind, opened.id, self.root.id, began, max(began, at), found, opened.events
        )
        if opened.failure is not None:
            span.fails(opened.failure.data, content=self.content)
        self.put(self, span)

    def end(self, status: str, failure: BaseException | None = None, answer: str = "") -> None:
        """The run is over for now, however: so is everything in it."""
        if self.over:
            return
        self.over = True
        self.root.end = max(self.root.end, self.clock.now())
        for node, opened in list(self.open.items()):
            if opened.call is not None:
                self.put(self, opened.call)
            failed = opened.failure
            data = {"step": failed.data.get("step", ""), "visit": failed.data.get("visit")} if failed else {}
            began = failed.at - float(failed.data.get("seconds") or 0.0) if failed else opened.since
            self._ended(node, opened, min(began, opened.since, self.root.end), self.root.end, data)
        self.root.attributes["tinyllm.status"] = status
        if answer and self.content:
            self.root.attributes["output.value"] = told(answer)
        if isinstance(failure, TinyError):
            self.root.fails(failure.as_dict(), content=self.content)
        elif failure is not None and status != "cancelled":
            self.root.fails({"code": type(failure).__name__}, content=False)
        self.put(self, self.root)


HOW: dict[str, Callable[[Trace, Open, Event], None]] = {
    "call": Trace._call,
    "failure": Trace._failure,
    "tool": Trace._tool,
    "stopped": Trace._stopped,
    "node": Trace._node,
    CONTENT: Trace._said,
}


@contextmanager
def ending(trace: Trace | None) -> Iterator[Callable[[T], T]]:
    """The trace ends with what happens inside: an answer that was told, a failure, or a stop."""
    if trace is None:
        yield lambda answer: answer
        return

    def tell(answer: T) -> T:
        if waits := getattr(answer, "question", {}).get("node"):
            trace.inside(waits)
        trace.end(getattr(answer, "status", ""), answer=str(answer))
        return answer

    try:
        yield tell
    except (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit) as stop:
        trace.end("cancelled", stop)
        raise
    except BaseException as failure:
        trace.end("failed", failure)
        raise
