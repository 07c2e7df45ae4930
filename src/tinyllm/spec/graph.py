"""The one graph value, and the rewrites that everything else is made of."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tinyllm.kinds import Node
from tinyllm.models import Entry
from tinyllm.state import END, REFUSE, RESERVED


@dataclass(frozen=True)
class GraphSpec:
    """Nodes that know where they lead; there is no second list of edges to keep in step."""

    name: str
    nodes: Mapping[str, Node]
    description: str = ""
    models: Mapping[str, Entry] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    start: str = ""
    checkpoint_every: int = 1
    where: str = ""

    @property
    def first(self) -> str:
        return self.start or next(iter(self.nodes))

    def replacing(self, id: str, nodes: Mapping[str, Node]) -> "GraphSpec":
        """The graph with one node replaced by several; the old id stays among them, as the door."""
        swapped: dict[str, Node] = {}
        for key, node in self.nodes.items():
            swapped.update(nodes if key == id else {key: node})
        return replace(self, nodes=swapped)

    def lowered(self) -> "GraphSpec":
        """Only kinds that run: macros expanded, gates told whom they judge, `refuse` made a node."""
        nodes: dict[str, Node] = {}
        waiting = list(reversed(list(self._fanned().items())))
        while waiting:
            id, node = waiting.pop()
            expanded = node.expanded()
            if expanded is None:
                nodes[id] = node
            else:
                waiting.extend(reversed(list(expanded.items())))
        spec = replace(self, nodes=nodes)
        judging = {
            id: node.model_copy(update={"judges": spec.answering_before(id)})
            for id, node in nodes.items()
            if "judges" in type(node).model_fields
        }
        nodes = {**nodes, **judging}
        if any(REFUSE in node.exits() for node in nodes.values()):
            from tinyllm.nodes.refuse import Refuse

            nodes[REFUSE] = Refuse(id=REFUSE)
        return replace(spec, nodes=nodes)

    def _fanned(self) -> dict[str, Node]:
        """Where a router fans out, the specialists stand a second time, leading to the node that merges."""
        nodes = dict(self.nodes)
        for id, node in self.nodes.items():
            merge = getattr(node, "fan_out", "")
            beside = {
                label: f"{label}.beside"
                for label in (getattr(node, "routes", ()) if merge else ())
                if self.nodes[label].to != merge
            }
            for label, twin in beside.items():
                nodes[twin] = self.nodes[label].model_copy(update={"id": twin, "to": merge})
            if beside:
                nodes[id] = node.model_copy(update={"beside": beside})
        return nodes

    @cached_property
    def before(self) -> Mapping[str, tuple[str, ...]]:
        """Node id → the nodes that lead to it."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for id, node in self.nodes.items():
            for target in node.exits():
                found[target][id] = None
        return {id: tuple(sources) for id, sources in found.items()}

    def answering_before(self, id: str) -> tuple[str, ...]:
        """The nodes whose answers arrive here, looking through forks and conditions."""
        found: dict[str, None] = {}
        seen = {id}
        waiting = list(self.before.get(id, ()))
        while waiting:
            source = waiting.pop(0)
            if source in seen:
                continue
            seen.add(source)
            if self.nodes[source].answers:
                found[source] = None
            elif "judges" not in type(self.nodes[source]).model_fields:
                waiting.extend(self.before.get(source, ()))
        return tuple(found)

    def reachable(self) -> set[str]:
        """The nodes that some run may visit."""
        seen: set[str] = set()
        waiting = [self.first]
        while waiting:
            id = waiting.pop()
            if id in seen or id not in self.nodes:
                continue
            seen.add(id)
            waiting.extend(target for target in self.nodes[id].exits() if target not in RESERVED)
            waiting.extend([getattr(self.nodes[id], "fan_out", "")] if self.nodes[id].fans_out() else [])
        return seen

    def constrained(self, schema: Mapping[str, Any]) -> "GraphSpec":
        """The graph whose answer follows a JSON schema: its last models are held to it, its solvers step aside."""
        from tinyllm.nodes.condition import Condition

        nodes = dict(self.nodes)
        for id in self.last:
            node = nodes[id]
            if "output" in type(node).model_fields:
                nodes[id] = node.model_copy(update={"output": dict(schema)})
            elif node.kind == "solve":
                declines = node.declines  # type: ignore[attr-defined]
                nodes[id] = Condition(id=id, when="false", otherwise=declines, then=declines)
        return replace(self, nodes=nodes)

    def equipped(self, tools: tuple[str, ...]) -> "GraphSpec":
        """The graph whose specialists see these tools as well, where their words may be the answer."""
        nodes = dict(self.nodes)
        for id in self.last:
            node = nodes[id]
            if node.kind == "llm":
                seen = dict.fromkeys((*node.tool_patterns(), *tools))
                nodes[id] = node.model_copy(update={"tools": tuple(seen)})
        return replace(self, nodes=nodes)

    @cached_property
    def last(self) -> tuple[str, ...]:
        """The nodes whose output may be the answer: `end` is one step on, or one gate or fork."""
        ending = [id for id, node in self.nodes.items() if END in node.exits()]
        found = {id for id in ending if self.nodes[id].answers}
        return tuple(found.union(*(self.answering_before(id) for id in ending if not self.nodes[id].answers)))

    def body(self, id: str) -> dict[str, Any]:
        """One node as a file would say it."""
        return _plain(self.nodes[id], "id")

    def mark(self, id: str) -> str:
        """The fingerprint of one node; empty when it is not in the file but made by a rewrite."""
        if id not in self.nodes:
            return ""
        if id not in self._marks:
            self._marks[id] = marked(self.nodes[id])
        return self._marks[id]

    @cached_property
    def _marks(self) -> dict[str, str]:
        return {}

    @property
    def answering(self) -> tuple[str, ...]:
        return tuple(id for id, node in self.nodes.items() if node.answers)

    @property
    def asks_models(self) -> bool:
        return any(node.models() for node in self.nodes.values())

    def as_dict(self) -> dict[str, Any]:
        """The graph as plain data."""
        return {
            "name": self.name,
            "description": self.description,
            "inputs": dict(self.inputs),
            "allow": list(self.allow),
            "start": self.start,
            "checkpoint_every": self.checkpoint_every,
            "models": {key: _plain(entry, "key") for key, entry in self.models.items()},
            "nodes": {id: _plain(node, "id") for id, node in self.nodes.items()},
        }

    @cached_property
    def text(self) -> str:
        """The graph as text: what a run is pinned to."""
        return json.dumps(self.as_dict(), ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same graph, in any process."""
        text = json.dumps(self.as_dict(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def marked(node: Node) -> str:
    """The same for the same node, wherever it stands: with its prompt, its model and its tools."""
    text = json.dumps(_plain(node, "id"), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Node | Entry, name: str) -> dict[str, Any]:
    """As a file would say it: without what is filled in, and with the kind always."""
    plain = value.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={name})
    return {"kind": value.kind, **plain} if isinstance(value, Node) else plain
