"""A graph without one of its parts, or with one model only: what each part is worth is what is missing then."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from tinyllm.checks import CHECKS

Graph = dict[str, Any]
Change = Callable[[Graph], Graph]

_RUNS_CODE = ("code_runs",)
_SECOND_OPINION = ("numbers_agree", "agreement", "code_runs")
_JUDGE = ("judge", "judged")


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
    return changed


def checked(keep: Callable[[str], bool], added: Sequence[Any] = ()) -> Change:
    """The gates with only these of their checks."""

    def change(graph: Graph) -> Graph:
        changed = deepcopy(graph)
        for _, node in _gates(changed):
            kept = [check for check in node["checks"] if keep(_name(check))]
            more = [
                check for check in added if _name(check) in CHECKS and _name(check) not in map(_name, kept)
            ]
            node["checks"] = [*kept, *more]
        return changed

    return change


def _name(check: Any) -> str:
    return check if isinstance(check, str) else next(iter(check))


def unescalated(graph: Graph) -> Graph:
    """No other model answers what was not accepted."""
    changed = deepcopy(graph)
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
    "judge as only evidence": checked(lambda name: name in ("not_empty", "not_cut", *_JUDGE), ["judge"]),
    "without running code": checked(lambda name: name not in _RUNS_CODE),
    "without second opinions": checked(lambda name: name not in _SECOND_OPINION),
    "without a judge": checked(lambda name: name not in _JUDGE),
    "without escalation": unescalated,
    "without the exact solver": unsolved,
}
