"""A part of a graph by itself: what solves exactly, or what routes."""

from typing import Any

from tinyllm.errors import UsageError
from tinyllm.spec import GraphSpec, read
from tinyllm.state import END, REFUSE

KINDS = {"exact": "solve", "route": "router"}


def part(spec: GraphSpec, only: str) -> GraphSpec:
    """The graph cut to its first node of that kind; everything it leads to is the end."""
    if not only:
        return spec
    kind = KINDS[only]
    body = spec.as_dict()
    id = next((id for id, node in body["nodes"].items() if node["kind"] == kind), "")
    if not id:
        raise UsageError(
            f"the graph {spec.name!r} has no node of kind {kind}, and the suite is about that part only",
            hint="name another graph with --graph",
        )
    node = {key: value for key, value in body["nodes"][id].items() if key != "on_error"}
    cut = _solving(id, node) if only == "exact" else _routing(id, node)
    return read({**body, "start": id, "nodes": cut}, f"{spec.name}, only {only}")


def _solving(id: str, node: dict[str, Any]) -> dict[str, Any]:
    return {id: {**node, "to": END, "declines": REFUSE}}


def _routing(id: str, node: dict[str, Any]) -> dict[str, Any]:
    """Every place that the router may go to says its own name."""
    kept = {key: value for key, value in node.items() if key != "fan_out"}
    places = [*node["routes"], *node.get("together", {}).values(), node["default"]]
    ends = {
        place: {"kind": "transform", "value": f"'{place}'"} for place in places if place not in (END, REFUSE)
    }
    return {id: kept, **ends}
