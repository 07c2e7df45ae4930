"""What the events of runs add up to: calls, tokens, seconds, tools, waits, verdicts."""

import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyllm.metrics.exposition import BOUNDS, LONGEST, SUM, Labels
from tinyllm.plain import plain_text

PASSED = re.compile(r'"passed":(true|false)')  # in a value that was cut

Key = tuple[str, Labels]


@dataclass
class Tally:
    """Sums by the name of a metric and the values of its labels; in a histogram the last one is the bucket."""

    sums: defaultdict[Key, float] = field(default_factory=lambda: defaultdict(float))
    _called: str = ""  # the model of the event just before: its reply may yet be found bad

    def ended(self, graph: str, status: str) -> None:
        self.sums["runs_ended_total", (as_label(graph), status)] += 1

    def add(self, kind: str, node: str, data: Any, graph: str = "") -> None:
        """One event, as it stands in the database."""
        called, self._called = self._called, ""
        if kind == "node" and '"gate"' not in str(data):  # it need not be read
            return
        said = read_object(data)
        if not said:
            return
        if kind == "node":
            self._gate(said, node, graph)
        elif kind == "failure":
            self._failure(said, called)
        elif kind in HOW:
            HOW[kind](self, said)

    def _seconds(self, name: str, label: str, seconds: float) -> None:
        self.sums[name, (label, BOUNDS[bisect_left(EDGES, seconds)])] += 1
        self.sums[name, (label, SUM)] += seconds

    def _call(self, data: Mapping[str, Any]) -> None:
        model = self._called = as_label(data.get("model"))
        self.sums["model_calls_total", (model, "ok")] += 1
        self.sums["tokens_total", (model, "in")] += amount(data.get("tokens_in"))
        self.sums["tokens_total", (model, "out")] += amount(data.get("tokens_out"))
        if data.get("cache") == "missed":
            self.sums["cache_lookups_total", (model, "miss")] += 1
        self._seconds("model_call_seconds", model, amount(data.get("seconds")))

    def _failure(self, data: Mapping[str, Any], called: str) -> None:
        """Of a call. A reply that was no good came all the same, and was booked as good a moment ago."""
        model = as_label(data.get("model"))
        if model:
            kind = as_label(data.get("kind")) or "failed"
            if kind == "validation" and called:
                model = called
                self.sums["model_calls_total", (model, "ok")] -= 1
            self.sums["model_calls_total", (model, kind)] += 1

    def _gate(self, data: Mapping[str, Any], node: str, graph: str) -> None:
        if data.get("kind") == "gate" and (passed := _passed(data.get("value"))) is not None:
            self.sums[
                "gate_verdicts_total", (as_label(graph), as_label(node), "passed" if passed else "failed")
            ] += 1

    def _tool(self, data: Mapping[str, Any]) -> None:
        self.sums[
            "tool_calls_total", (as_label(data.get("tool")), "failed" if data.get("failure") else "ok")
        ] += 1

    def _retry(self, data: Mapping[str, Any]) -> None:
        self.sums["retries_total", (as_label(data.get("model")),)] += 1

    def _fallback(self, data: Mapping[str, Any]) -> None:
        self.sums["fallbacks_total", (as_label(data.get("model")),)] += 1

    def _breaker(self, data: Mapping[str, Any]) -> None:
        self.sums["breaker_changes_total", (as_label(data.get("target")), as_label(data.get("now")))] += 1

    def _queued(self, data: Mapping[str, Any]) -> None:
        self._seconds("queue_wait_seconds", as_label(data.get("model")), amount(data.get("seconds")))

    def _cached(self, data: Mapping[str, Any]) -> None:
        result = "shared" if data.get("shared") else "hit" if data.get("hit", True) else "miss"
        self.sums["cache_lookups_total", (as_label(data.get("model")), result)] += 1


EDGES = tuple(float(bound) for bound in BOUNDS)


def as_label(value: Any) -> str:
    """Whatever it is, as a database and Prometheus can hold it."""
    return plain_text(str(value or ""))[:LONGEST]


def amount(value: Any) -> float:
    """A number that a counter can grow by; nothing when it is none."""
    try:
        found = float(value or 0)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return found if 0.0 <= found < float("inf") else 0.0


def read_object(text: Any) -> Mapping[str, Any]:
    """What is damaged says nothing: `runs show` tells of it, and the others are counted all the same."""
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _passed(value: Any) -> bool | None:
    """The verdict of a gate: whole, or the beginning of its text."""
    if isinstance(value, Mapping):
        found = value.get("passed")
        return found if isinstance(found, bool) else None
    cut = PASSED.search(value) if isinstance(value, str) else None
    return cut.group(1) == "true" if cut else None


HOW: dict[str, Callable[[Tally, Mapping[str, Any]], None]] = {
    "call": Tally._call,
    "tool": Tally._tool,
    "retry": Tally._retry,
    "fallback": Tally._fallback,
    "breaker": Tally._breaker,
    "queued": Tally._queued,
    "cached": Tally._cached,
}
KINDS = ("node", "failure", *HOW)
