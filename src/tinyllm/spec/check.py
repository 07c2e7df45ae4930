"""What is wrong with a graph although each of its parts is right."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tinyllm.checks import CHECKS
from tinyllm.documents import Document
from tinyllm.documents import Path as Place
from tinyllm.errors import TinyError
from tinyllm.kinds import Node
from tinyllm.problems import Problem, did_you_mean
from tinyllm.spec.graph import GraphSpec
from tinyllm.state import BEGIN, RESERVED, RETRY
from tinyllm.templates import Expression, Template
from tinyllm.texts import argument, expression, template
from tinyllm.toolkit import Toolbox

Say = Callable[..., Problem]
OTHER_EXITS = ("on_error", "routes", "together", "default", "fan_out", "choices")


@dataclass(frozen=True, slots=True)
class Named:
    """What a file names, whether or not it could be read: node id → its place, and the keys of `models:`."""

    nodes: Mapping[str, Place]
    models: tuple[str, ...]
    unread: Mapping[str, frozenset[str]]  # the fields of a node that are not as they should be


def check(spec: GraphSpec, document: Document, named: Named, tools: Toolbox) -> list[Problem]:
    """Every problem of the graph, each at its line."""
    problems = list(_heads(spec, document, named))
    for id, node in spec.nodes.items():
        say = partial(_say, document, named.nodes[id])
        problems += _exits(named, node, say)
        problems += _models(named, node, say)
        problems += _tools(node, tools, say)
        if not named.unread.get(id):
            problems += _arguments(node, tools, say)
        problems += _weights(node, say)
        problems += _texts(spec, named, node, say)
        problems += _names(node, say)
        problems += _beside(spec, node, say)
    for id, place in named.nodes.items():
        problems += _ids(id, partial(_say, document, place))
    whole = len(spec.nodes) == len(named.nodes) and not any(named.unread.values())
    if spec.nodes and not problems and whole:
        problems += _unreachable(spec, document, named)
    return problems


def _say(document: Document, place: Place, field: str | Place, message: str, fix: str = "") -> Problem:
    return document.problem((*place, *((field,) if isinstance(field, str) else field)), message, fix)


def _heads(spec: GraphSpec, document: Document, named: Named) -> Iterator[Problem]:
    if spec.start and spec.start not in named.nodes:
        fix = did_you_mean(spec.start, named.nodes)
        yield document.problem(("start",), f"start: there is no node {spec.start!r}", fix)
    for key, entry in spec.models.items():
        if entry.fallback and not _is_model(entry.fallback, named):
            fix = (
                did_you_mean(entry.fallback, named.models)
                or "name an entry of `models:` or a model like name:tag"
            )
            yield document.problem(("models", key, "fallback"), f"there is no model {entry.fallback!r}", fix)


def _ids(id: str, say: Say) -> Iterator[Problem]:
    if id in (*RESERVED, BEGIN):
        yield say("id", f"{id!r} is a reserved name", "call the node something else")
    elif id.startswith("__"):
        yield say("id", f"{id!r} is a reserved name", "begin it with a letter")
    elif not id.replace("_", "a").replace("-", "a").isalnum():
        yield say("id", f"{id!r} is not a node's name", "use letters, digits, _ and -")


def _exits(named: Named, node: Node, say: Say) -> Iterator[Problem]:
    for field in dict.fromkeys((*node.exit_fields, *OTHER_EXITS)):
        value = getattr(node, field, None)
        if value == "" and field in node.exit_fields:
            yield say(field, f"{field} leads nowhere", "name a node, or end")
        for target in _targets(value, field):
            if target == RETRY and field != "fails":
                yield say(
                    field,
                    f"{field}: only the `fails` of a gate can be `retry`",
                    "name the node to go back to",
                )
            elif target not in named.nodes and target not in RESERVED[:3]:
                fix = did_you_mean(target, (*named.nodes, *RESERVED[:3])) or "name a node, or end, or refuse"
                yield say(field, f"{field} leads to {target!r}, which is no node", fix)


def _targets(value: Any, field: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, dict):
        return tuple(value if field == "routes" else value.values())
    return ((value,) if value else ()) if isinstance(value, str) else tuple(value)


def _is_model(name: str, named: Named) -> bool:
    return name in named.models or ":" in name or "/" in name


def _models(named: Named, node: Node, say: Say) -> Iterator[Problem]:
    for name in filter(None, node.models()):
        if not _is_model(name, named):
            fix = did_you_mean(name, named.models) or "name an entry of `models:` or a model like qwen2.5:3b"
            yield say(_where(name, node), f"there is no model {name!r}", fix)


def _where(name: str, node: Node) -> Place:
    """Where in the node this model is named."""
    fields = (
        (field, getattr(node, field, None)) for field in ("model", "judge", "escalates", "asks", "checks")
    )
    return next(((field, *path) for field, value in fields for path in _paths(name, value)), ())


def _paths(text: str, value: Any) -> Iterator[Place]:
    if value == text:
        yield ()
    elif isinstance(value, (dict, list, tuple)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from ((key, *path) for path in _paths(text, each))


def _tools(node: Node, tools: Toolbox, say: Say) -> Iterator[Problem]:
    for pattern in node.tool_patterns():
        try:
            tools.matching((pattern,))
        except TinyError as failure:
            yield say("tools" if hasattr(node, "tools") else "tool", failure.message, failure.hint)


PARSED: dict[str, Callable[[str, str], Template | Expression]] = {
    "template": template,
    "expression": expression,
    "condition": expression,
    "argument": argument,
}


def _texts(spec: GraphSpec, named: Named, node: Node, say: Say) -> Iterator[Problem]:
    """Templates and expressions are parsed now, so that a run never meets a bad one."""
    for field, what in node.texts.items():
        for text in strings(getattr(node, field)):
            try:
                paths = PARSED[what](text, node.id).paths
            except TinyError as failure:
                yield say(field, failure.message, failure.hint)
            else:
                yield from _looked_up(spec, named, field, paths, say)


def _looked_up(
    spec: GraphSpec, named: Named, field: str, paths: frozenset[tuple[str, ...]], say: Say
) -> Iterator[Problem]:
    """What a text looks up must be there to be found."""
    there = {"outputs": tuple(named.nodes), "inputs": (*spec.inputs, "question")}
    for top, name in sorted(path for path in paths if len(path) == 2):
        if top in there and name not in there[top] and (top == "outputs" or spec.inputs):
            fix = did_you_mean(name, there[top]) or f"known here: {', '.join(there[top])}"
            yield say(field, f"{field} looks up {top}.{name}, which does not exist", fix)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from strings(each)


def _arguments(node: Node, tools: Toolbox, say: Say) -> Iterator[Problem]:
    """What a tool node gives its tool must be what the tool takes."""
    given = getattr(node, "args", None)
    if given is None or getattr(node, "tool", "") not in tools.tools:
        return
    takes = tools.get(node.tool).schema["function"]["parameters"]  # type: ignore[attr-defined]
    for name in given:
        if name not in takes["properties"]:
            fix = (
                did_you_mean(name, takes["properties"])
                or f"it takes: {', '.join(takes['properties']) or 'nothing'}"
            )
            yield say("args", f"{node.tool} has no argument {name!r}", fix)  # type: ignore[attr-defined]
    for name in takes.get("required", ()):
        if name not in given:
            yield say("args", f"{node.tool} needs the argument {name!r}", "add it to `args`")  # type: ignore[attr-defined]


def _weights(node: Node, say: Say) -> Iterator[Problem]:
    weights = getattr(node, "weights", "")
    if weights and not Path(weights).is_file():
        fix = "`python -m tinyllm.routing train FILE -o OUT` writes one"
        yield say("weights", f"there is no file {weights!r}", fix)


def _names(node: Node, say: Say) -> Iterator[Problem]:
    for index, wanted in enumerate(getattr(node, "checks", ())):
        parameters = {wanted: {}} if isinstance(wanted, str) else wanted
        for name, given in parameters.items():
            yield from _check(name, given, partial(_beneath, say, ("checks", index, name)))
    for names in getattr(node, "together", {}):
        for label in names.split("+"):
            if label not in node.routes:  # type: ignore[attr-defined]
                fix = did_you_mean(label, node.routes) or "use labels of `routes:`, joined by +"  # type: ignore[attr-defined]
                yield say("together", f"{label!r} is no route", fix)


def _beneath(say: Say, place: Place, name: str, message: str, fix: str = "") -> Problem:
    return say((*place, name), message, fix)


def _check(name: str, given: Mapping[str, Any], say: Say) -> Iterator[Problem]:
    """A check by name, with parameters that it has, each as it should be."""
    if name not in CHECKS:
        fix = did_you_mean(name, CHECKS) or f"the checks are: {', '.join(sorted(CHECKS))}"
        yield say("", f"there is no check {name!r}", fix)
        return
    known = CHECKS[name].parameters
    for parameter in given:
        if parameter not in known:
            fix = did_you_mean(parameter, known) or f"it has: {', '.join(known) or 'none'}"
            yield say(parameter, f"the check {name!r} has no parameter {parameter!r}", fix)
    for parameter, because in CHECKS[name].faults(given):
        yield say(parameter, f"the check {name!r}: {parameter}: {because}")


def _beside(spec: GraphSpec, node: Node, say: Say) -> Iterator[Problem]:
    """What a router sends out in parallel must be able to come back together."""
    merge: str = getattr(node, "fan_out", "")
    if not merge:
        return
    if merge in RESERVED:
        yield say("fan_out", f"fan_out leads to {merge!r}, which is no node", "name the node that merges")
    for label in getattr(node, "routes", {}):
        route = spec.nodes.get(label)
        if label in RESERVED[:3] or label == merge or (route and "to" not in route.exit_fields):
            fix = "route to nodes that have a `to`, such as specialists"
            yield say("routes", f"{label!r} cannot run beside others and then lead to {merge!r}", fix)


def _unreachable(spec: GraphSpec, document: Document, named: Named) -> Iterator[Problem]:
    reachable = spec.reachable()
    for id, place in named.nodes.items():
        if id not in reachable:
            yield document.problem(place, f"nothing leads to the node {id!r}", "lead to it, or remove it")
