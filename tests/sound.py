"""Graphs that are sound, drawn at random, and the same with one thing put wrong."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

WORDS = ["nodes", "steps", "models", "name", "inputs", "start", "kind", "llm", "gate", "router", "solve", "condition", "transform", "tool", "human", "to", "end", "retry", "refuse", "a", "b", "prompt", "value", "when", "then", "1", "-1", "1e999", "null", "true", "{{ a }}", "{% x %}", "outputs.a"]  # fmt: skip
SIGNS = ["{", "}", "[", "]", ": ", ":\n  ", "- ", "\n", "\n  ", "&a ", "*a", "!!str ", "? ", "|\n", ">\n", "#", "'", '"', "\t", "---\n", "%", "@", "\0", "\u2028", "é", "\x85"]  # fmt: skip
NAMES = ["a", "b", "c", "d", "notes", "x-1", "messages"]

texts = st.lists(st.sampled_from(SIGNS + WORDS) | st.text(max_size=4), max_size=40).map("".join)
junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=6,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]


def _node(draw: Draw, kind: str, following: str, goals: st.SearchStrategy[str]) -> dict[str, Any]:
    """A node of this kind; one of its exits leads to the one that follows, so that each is reached."""
    several = st.lists(goals, max_size=2).map(lambda more: list(dict.fromkeys([following, *more])))
    exits = several | st.just(following)
    made: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "llm": {
            "to": exits,
            "prompt": st.sampled_from(["Hello", "{{ inputs.question }}", "general.md"]),
            "tools": st.sampled_from([[], ["calc_*"]]),
            "model": st.sampled_from(["m", "x:1b"]),
        },
        "solve": {"to": st.just(following), "declines": goals},
        "transform": {
            "to": exits,
            "value": st.sampled_from(["1", "inputs.question | length", "nothing.here"]),
        },
        "tool": {"to": exits, "tool": st.just("calc_evaluate"), "args": st.just({"expression": "1 + 1"})},
        "condition": {
            "when": st.sampled_from(["true", "inputs.question == 'q'", "1"]),
            "then": st.just(following),
            "otherwise": goals,
        },
        "human": {"ask": st.just("Well?"), "choices": goals.map(lambda goal: {"yes": following, "no": goal})},
        "gate": {
            "passes": st.just(following),
            "fails": goals | st.just("retry"),
            "gives_up": goals | st.just("refuse"),
            "escalates": st.sampled_from(["", "m"]),
            "tries": st.integers(1, 3),
        },
        "router": {
            "routes": goals.map(lambda goal: {following: "this", goal: "that"}),
            "default": goals,
        },
    }
    return {"kind": kind, **{name: draw(value) for name, value in made[kind].items()}}


@st.composite
def sound_graphs(draw: Draw) -> dict[str, Any]:
    """A graph with nothing wrong in it: up to six nodes of all kinds, with loops, forks and joins."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    goals = st.sampled_from([*names, "end", "end"])
    nodes = {}
    kinds = ["llm", "transform", "transform", "tool", "condition", "gate", "router", "solve", "human"]
    for name, following in zip(names, [*names[1:], "end"], strict=True):
        nodes[name] = _node(draw, draw(st.sampled_from(kinds)), following, goals)
        nodes[name]["max_visits"] = draw(st.integers(1, 4))
        if not draw(st.integers(0, 3)):
            nodes[name]["on_error"] = draw(goals)
    for name, node in nodes.items():
        if node["kind"] == "router" and draw(st.booleans()):
            node["fan_out"] = draw(st.sampled_from(names))
            node["routes"] = {
                each: "what" for each in names if "to" in nodes[each] and each != node["fan_out"]
            }
            if names[-1] != name:
                node["default"] = names[names.index(name) + 1]
            if not node["routes"]:
                del node["fan_out"]
                node["routes"] = {name: "what"}
    return {"models": {"m": "x:1b"}, "nodes": nodes}


@st.composite
def almost_graphs(draw: Draw) -> Any:
    """A sound graph in which up to three values, at random places, are something else."""
    graph = draw(sound_graphs())
    if draw(st.booleans()):
        graph["steps"] = [{"id": id, **body} for id, body in graph.pop("nodes").items()]
    for _ in range(draw(st.integers(1, 3))):
        _put(graph, draw)
    return graph


def _put(value: Any, draw: Draw) -> None:
    """Go down at random, and change a value, a key, or take it away."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        inner = value[key]
        if isinstance(inner, dict | list) and inner and draw(st.integers(0, 3)):
            value = inner
            continue
        way = draw(st.sampled_from(["value", "value", "away", "more"]))
        if way == "away":
            del value[key]
        elif way == "more" and isinstance(value, dict):
            value[draw(st.sampled_from([*WORDS, "use", "judges", "beside", "id", "key"]))] = draw(junk)
        else:
            value[key] = draw(st.sampled_from(WORDS + NAMES) | junk)
        return
