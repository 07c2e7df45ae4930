"""What is wrong with a graph although each of its parts is right."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tinyllm.checks import CHECKS
from tinyllm.documents import Document
from tinyllm.errors import TinyError
from tinyllm.kinds import Node
from tinyllm.problems import Problem, did_you_mean
from tinyllm.spec.graph import GraphSpec
from tinyllm.state import BEGIN, RESERVED
from tinyllm.texts import argument, expression, template
from tinyllm.toolkit import Toolbox

Say = Callable[..., Problem]


def check(spec: GraphSpec, document: Document, key: str, tools: Toolbox) -> list[Problem]:
    """Every problem of the graph, each at its line."""
    problems = list(_heads(spec, document))
    for index, (id, node) in enumerate(spec.nodes.items()):
        place: tuple[str | int, ...] = (key, index if key == "steps" else id)
        say = partial(_say, document, place)
        problems += _ids(id, say)
        problems += _exits(spec, node, say)
        problems += _models(spec, node, say)
        problems += _tools(node, tools, say)
        problems += _texts(spec, node, say)
        problems += _names(node, say)
    if not problems:
        problems += _unreachable(spec, document, key)
    return problems


def _say(
    document: Document, place: tuple[str | int, ...], field: str, message: str, fix: str = ""
) -> Problem:
    return document.problem((*place, field), message, fix)


def _heads(spec: GraphSpec, document: Document) -> Iterator[Problem]:
    if spec.start and spec.start not in spec.nodes:
        fix = did_you_mean(spec.start, spec.nodes)
        yield document.problem(("start",), f"start: there is no node {spec.start!r}", fix)
    for key, entry in spec.models.items():
        if entry.fallback and not _is_model(entry.fallback, spec):
            fix = (
                did_you_mean(entry.fallback, spec.models)
                or "name an entry of `models:` or a model like name:tag"
            )
            yield document.problem(("models", key, "fallback"), f"there is no model {entry.fallback!r}", fix)


def _ids(id: str, say: Say) -> Iterator[Problem]:
    if id in (*RESERVED, BEGIN):
        yield say("id", f"{id!r} is a reserved name", "call the node something else")
    elif not id.replace("_", "a").replace("-", "a").isalnum():
        yield say("id", f"{id!r} is not a node's name", "use letters, digits, _ and -")


def _exits(spec: GraphSpec, node: Node, say: Say) -> Iterator[Problem]:
    for field in (*node.exit_fields, "on_error", "routes", "together", "default", "fan_out", "choices"):
        for target in _targets(getattr(node, field, ()), field):
            if target in spec.nodes or target in RESERVED[:3]:
                continue
            fix = did_you_mean(target, (*spec.nodes, *RESERVED[:3])) or "name a node, or end, or refuse"
            yield say(field, f"{field} leads to {target!r}, which is no node", fix)
    if "retry" in node.exits() and "judges" not in type(node).model_fields:
        yield say("to", "only a gate can `retry`", "name the node to go back to")


def _targets(value: Any, field: str) -> tuple[str, ...]:
    if isinstance(value, dict):
        return tuple(value if field == "routes" else value.values())
    return ((value,) if value else ()) if isinstance(value, str) else tuple(value)


def _is_model(name: str, spec: GraphSpec) -> bool:
    return name in spec.models or ":" in name or "/" in name


def _models(spec: GraphSpec, node: Node, say: Say) -> Iterator[Problem]:
    for name in filter(None, node.models()):
        if not _is_model(name, spec):
            fix = did_you_mean(name, spec.models) or "name an entry of `models:` or a model like qwen2.5:3b"
            yield say("model" if hasattr(node, "model") else "escalates", f"there is no model {name!r}", fix)


def _tools(node: Node, tools: Toolbox, say: Say) -> Iterator[Problem]:
    for pattern in node.tool_patterns():
        try:
            tools.matching((pattern,))
        except TinyError as failure:
            yield say("tools" if hasattr(node, "tools") else "tool", failure.message, failure.hint)


PARSED = {"template": template, "expression": expression, "condition": expression, "argument": argument}


def _texts(spec: GraphSpec, node: Node, say: Say) -> Iterator[Problem]:
    """Templates and expressions are parsed now, so that a run never meets a bad one."""
    for field, what in node.texts.items():
        for text in _strings(getattr(node, field)):
            try:
                paths = PARSED[what](text, node.id).paths
            except TinyError as failure:
                yield say(field, failure.message, failure.hint)
            else:
                yield from _looked_up(spec, field, paths, say)


def _looked_up(spec: GraphSpec, field: str, paths: frozenset[tuple[str, ...]], say: Say) -> Iterator[Problem]:
    """What a text looks up must be there to be found."""
    there = {"outputs": tuple(spec.nodes), "inputs": (*spec.inputs, "question")}
    for top, name in sorted(path for path in paths if len(path) == 2):
        if top in there and name not in there[top] and (top == "outputs" or spec.inputs):
            fix = did_you_mean(name, there[top]) or f"known here: {', '.join(there[top])}"
            yield say(field, f"{field} looks up {top}.{name}, which does not exist", fix)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _strings(each)


def _names(node: Node, say: Say) -> Iterator[Problem]:
    for name in getattr(node, "checks", ()):
        if name not in CHECKS:
            fix = did_you_mean(name, CHECKS) or f"the checks are: {', '.join(CHECKS)}"
            yield say("checks", f"there is no check {name!r}", fix)
    for names in getattr(node, "together", {}):
        for label in names.split("+"):
            if label not in node.routes:  # type: ignore[attr-defined]
                fix = did_you_mean(label, node.routes) or "use labels of `routes:`, joined by +"  # type: ignore[attr-defined]
                yield say("together", f"{label!r} is no route", fix)


def _unreachable(spec: GraphSpec, document: Document, key: str) -> Iterator[Problem]:
    reachable = spec.reachable()
    for index, id in enumerate(spec.nodes):
        if id not in reachable:
            place: tuple[str | int, ...] = (key, index if key == "steps" else id)
            yield document.problem(place, f"nothing leads to the node {id!r}", "lead to it, or remove it")
