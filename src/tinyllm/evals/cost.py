"""What an answer cost: calls, tokens, tiers, and the work of models of a known size."""

import re
from dataclasses import dataclass, field
from typing import Any

from tinyllm.running import Event
from tinyllm.spec import GraphSpec

SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(b|m)(?![a-z])", re.IGNORECASE)
UNWRITTEN = {"phi3:mini": 3.8, "tinyllama": 1.1}  # billions of parameters that the name does not tell


@dataclass
class Cost:
    """What the events of a run add up to."""

    spec: GraphSpec
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    tflop: float = 0.0
    tiers: set[int] = field(default_factory=set)
    tools: list[str] = field(default_factory=list)
    run: str = ""
    authors: dict[str, None] = field(default_factory=dict)  # the models of nodes that answer

    def add(self, event: Event) -> None:
        if event.kind == "tool" and "failure" not in event.data and event.data["tool"] not in self.tools:
            self.tools.append(event.data["tool"])
        if event.kind == "begin":
            self.run = self.run or str(event.data.get("run", ""))
        if event.kind not in ("call", "cached"):
            return
        data = event.data
        entry = self.spec.models.get(data.get("entry", ""))
        node = self.spec.nodes.get(event.node)
        if node is None or node.answers:
            self.authors[entry.name if entry is not None else data["model"]] = None
        self.tiers.add(entry.tier if entry is not None else 1)
        if event.kind == "cached":  # it cost what it cost before
            return
        self.calls += 1
        self.tokens_in += data["tokens_in"]
        self.tokens_out += data["tokens_out"]
        self.seconds += data["seconds"]
        # Two operations for each parameter and token, as is usual.
        self.tflop += 2e-3 * billions(data["model"]) * (data["tokens_in"] + data["tokens_out"])

    def as_dict(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "tools": tuple(self.tools),
            "calls": self.calls,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "model_ms": round(self.seconds * 1000, 1),
            "tflop": round(self.tflop, 4),
            "tier": max(self.tiers, default=None),
        }


def billions(model: str) -> float:
    """The parameters of a model, as far as its name says: 3 for `qwen2.5:3b`."""
    if found := SIZE.search(model):
        return float(found[1]) / (1 if found[2].lower() == "b" else 1000)
    return next((size for name, size in UNWRITTEN.items() if model.startswith(name)), 0.0)
