"""A graph without one of its parts, or with one model only: what each part is worth is what is missing then."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

Graph = dict[str, Any]
Change = Callable[[Graph], Graph]

_ASKS = ("asks", "programs")
_VERIFYING = ("code_runs", "numbers_agree", "agreement", "cites_tool")


def single(model: str) -> Graph:
    """One model and nothing else."""
    return {
        "name": "single",
        "models": {"general": {"name": model}},
        "nodes": {"answer": {"model": "general"}},
    }


def without_big(graph: Mapping[str, Any], big: Sequence[str]) -> Graph:
    """The graph on a server that has none of the big models."""
    changed = deepcopy(dict(graph))
    for entry in changed["models"].values():
        if entry["name"] in big:
            entry["name"] = f"absent-{entry['name']}"
    return changed


def _gates(graph: Graph) -> list[tuple[str, dict[str, Any]]]:
    return [(name, node) for name, node in graph["nodes"].items() if node.get("kind") == "gate"]


def ungated(graph: Graph) -> Graph:
    """Every answer goes out as it is."""
    changed = deepcopy(graph)
    passes = {name: node.get("passes", "end") for name, node in _gates(changed)}
    for name in passes:
        del changed["nodes"][name]
    for node in changed["nodes"].values():
        while node.get("to") in passes:
            node["to"] = passes[node["to"]]
    left = [str(node.get(field)) for _, node in _gates(graph) for field in ("gives_up", "fails")]
    return _without(changed, left)


def _without(graph: Graph, names: Sequence[str]) -> Graph:
    """Without those of these nodes that nothing leads to any more."""
    for name in names:
        if not any(name in node.values() for node in graph["nodes"].values()):
            graph["nodes"].pop(name, None)
    return graph


def _name(check: Any) -> str:
    return check if isinstance(check, str) else next(iter(check))


def _changed(graph: Graph, keep: Callable[[str], bool], more: Mapping[str, Mapping[str, Any]]) -> Graph:
    """The gates with these of their checks only, and these parameters for them."""
    changed = deepcopy(graph)
    for _, node in _gates(changed):
        parameters = [
            (_name(each), {} if isinstance(each, str) else each[_name(each)]) for each in node["checks"]
        ]
        node["checks"] = [{name: {**given, **more.get(name, {})}} for name, given in parameters if keep(name)]
    return changed


def judged_only(graph: Graph) -> Graph:
    """Nothing is run and nothing compared: a judge looks at every answer."""
    return _changed(graph, lambda name: name not in _VERIFYING, {})


def not_run(graph: Graph) -> Graph:
    """No code is run: neither answers nor programs that compute a number."""
    return _changed(graph, lambda name: name != "code_runs", {"numbers_agree": {"programs": []}})


def unasked(graph: Graph) -> Graph:
    """Nobody else is asked for a number or a program; code still has to meet the examples."""
    return _changed(
        graph, lambda name: name not in ("numbers_agree", "agreement"), {"code_runs": {"asks": ["coder"]}}
    )


def not_afresh(graph: Graph) -> Graph:
    """The one who answered is asked no second time."""
    return _changed(graph, lambda _: True, {name: {"afresh": 0} for name in ("code_runs", "numbers_agree")})


def unjudged(graph: Graph) -> Graph:
    """What nothing verifies goes out as it is."""
    changed = deepcopy(graph)
    for _, node in _gates(changed):
        node.pop("judge", None)
    return changed


def unescalated(graph: Graph) -> Graph:
    """No model of a higher tier answers or gives its opinion."""
    tiers = {key: entry.get("tier", 1) for key, entry in graph["models"].items()}
    small = {
        name: {
            field: [key for key in given[field] if tiers.get(key, 1) < 2] for field in given if field in _ASKS
        }
        for _, node in _gates(graph)
        for each in node["checks"]
        if not isinstance(each, str)
        for name, given in each.items()
    }
    changed = _changed(graph, lambda _: True, small)
    for _, node in _gates(changed):
        node.pop("escalates", None)
    return changed


def unsolved(graph: Graph) -> Graph:
    """Nothing is proved: the models have to calculate."""
    changed = deepcopy(graph)
    declines = {
        name: node["declines"] for name, node in changed["nodes"].items() if node.get("kind") == "solve"
    }
    for name in declines:
        del changed["nodes"][name]
    start = changed.get("start") or next(iter(graph["nodes"]))
    changed["start"] = declines.get(start, start)
    return changed


VARIANTS: dict[str, Change] = {
    "graph without gates": ungated,
    "judge as only evidence": judged_only,
    "without running code": not_run,
    "without second opinions": unasked,
    "without asking afresh": not_afresh,
    "without a judge": unjudged,
    "without escalation": unescalated,
    "without the exact solver": unsolved,
}
