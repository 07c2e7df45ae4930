"""What a template or an expression may be made of. What is not named here is refused when the file is read."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tinyllm.problems import did_you_mean
from tinyllm.templates.faults import fault
from tinyllm.templates.filters import FILTERS
from tinyllm.templates.plain import WHOLE
from tinyllm.templates.tests import TESTS

if TYPE_CHECKING:
    from jinja2 import nodes

DEPTH = 60
NODES = 20_000

EXPRESSION = frozenset(
    [
        "Name",
        "Getattr",
        "Getitem",
        "Slice",
        "Const",
        "TemplateData",
        "List",
        "Tuple",
        "Dict",
        "Pair",
        "Keyword",
        "Filter",
        "Test",
        "Call",
        "And",
        "Or",
        "Not",
        "Compare",
        "Operand",
        "Add",
        "Sub",
        "Mul",
        "Div",
        "FloorDiv",
        "Mod",
        "Neg",
        "Pos",
        "Concat",
        "CondExpr",
    ]
)
TEMPLATE = EXPRESSION | frozenset({"Template", "Output", "If", "For", "Assign"})
_RESERVED = frozenset({"and", "or", "not", "in", "is", "if", "else", "elif"})
_CALLS = "only range(…) is called; use a filter, such as `x | upper` or `x | items`"
_INSTEAD = {
    "Pow": ("powers (**)", "use a `solve` node or a tool"),
    "Include": ("include", "put the text into the prompt"),
    "Extends": ("extends", "put the text into the prompt"),
    "Block": ("block", "put the text into the prompt"),
    "Import": ("import", "use the filters"),
    "FromImport": ("import", "use the filters"),
    "Macro": ("macros", "write the text out"),
    "NSRef": ("namespaces", "use `join` or `sum` in place of counting in a loop"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What a text asks for: every path of constant parts, such as `("outputs", "draft")`, and its beginnings."""

    paths: frozenset[tuple[str, ...]] = frozenset()

    @property
    def top(self) -> frozenset[str]:
        return frozenset(path[0] for path in self.paths)


def checked(tree: "nodes.Node", where: str, allowed: frozenset[str]) -> Names:
    """Refuse what is not on the list, and tell what is asked for."""
    paths: set[tuple[str, ...]] = set()
    stored: set[str] = {"loop"} if "Template" in allowed else set()
    waiting, seen = [(tree, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        kind, seen = type(node).__name__, seen + 1
        if depth > DEPTH or seen > NODES:
            raise fault(
                "nested too deep or too long", where, node.lineno, "split it into steps", "INPUT_TOO_DEEP"
            )
        if kind not in allowed:
            what, fix = _INSTEAD.get(kind, (f"`{kind.lower()}`", "see docs/expressions.md for what is"))
            raise fault(f"{what} not allowed here", where, node.lineno, fix)
        if kind in _CHECKS:
            _CHECKS[kind](node, where)
        if kind == "Name" and getattr(node, "ctx", "") == "store":
            stored.add(_word(node, "name"))
        elif path := _path(node):
            paths.add(path)
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes() if not _called(node, child))
    return Names(frozenset(path for path in paths if path[0] not in stored))


def _called(node: "nodes.Node", child: "nodes.Node") -> bool:
    return type(node).__name__ == "Call" and child is getattr(node, "node", None)


def _word(node: object, field: str) -> str:
    return str(getattr(node, field))


def _path(node: object) -> tuple[str, ...]:
    """The constant parts of a chain of names; nothing for one that is not constant."""
    parts: list[str] = []
    while (kind := type(node).__name__) in ("Getattr", "Getitem"):
        part = node.attr if kind == "Getattr" else getattr(node.arg, "value", None)  # type: ignore[attr-defined]
        parts.append(part if isinstance(part, str) else "")
        node = node.node  # type: ignore[attr-defined]
    if kind != "Name" or "" in parts:
        return ()
    return (_word(node, "name"), *reversed(parts))


def _public(word: object, where: str, line: int) -> None:
    if isinstance(word, str) and word.startswith("__"):
        told = f"{word!r} is refused: names that begin with __ belong to Python"
        raise fault(told, where, line, "name a part of the data", "TEMPLATE_SANDBOX")


def _name(node: "nodes.Name", where: str) -> None:
    _public(node.name, where, node.lineno)
    # Jinja's parser takes these for names where it expects a value.
    if node.name in _RESERVED:
        raise fault(
            f"{node.name!r} cannot stand here",
            where,
            node.lineno,
            "put brackets around what belongs together",
        )
    if node.ctx == "store" and node.name in ("loop", "range"):
        raise fault(f"{node.name!r} cannot be set", where, node.lineno, "choose another name")


def _getattr(node: "nodes.Getattr", where: str) -> None:
    _public(node.attr, where, node.lineno)


def _getitem(node: "nodes.Getitem", where: str) -> None:
    _public(getattr(node.arg, "value", None), where, node.lineno)
    if type(node.arg).__name__ == "Tuple":
        raise fault("one part at a time", where, node.lineno, "write x[1][2] for x[1, 2]")


def _const(node: "nodes.Const", where: str) -> None:
    value = node.value
    whole = isinstance(value, int) and not -WHOLE <= value < WHOLE
    if whole or (isinstance(value, float) and value - value != 0):
        raise fault("a number of more than 64 bits", where, node.lineno, "put it in quotes")


def _filter(node: "nodes.Filter", where: str) -> None:
    if node.node is None:
        raise fault("filter blocks are not allowed here", where, node.lineno, "use `x | filter`")
    if node.name not in FILTERS:
        fix = did_you_mean(node.name, FILTERS) or f"there are {', '.join(sorted(FILTERS))}"
        raise fault(f"there is no filter {node.name!r}", where, node.lineno, fix)
    _arguments(node, where)
    given = {_word(each, "key"): None for each in node.kwargs}
    try:
        inspect.signature(FILTERS[node.name]).bind(None, *node.args, **given)
    except TypeError as error:
        raise fault(
            f"the filter {node.name!r}: {error}", where, node.lineno, "see docs/expressions.md"
        ) from error


def _test(node: "nodes.Test", where: str) -> None:
    known = {*TESTS, "defined", "undefined"}
    if node.name not in known:
        fix = did_you_mean(node.name, known) or f"there are {', '.join(sorted(known))}"
        raise fault(f"there is no test {node.name!r}", where, node.lineno, fix)
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise fault(f"the test {node.name!r} takes nothing", where, node.lineno, "leave the brackets out")


def _call(node: "nodes.Call", where: str) -> None:
    if getattr(node.node, "name", "") != "range" or type(node.node).__name__ != "Name":
        raise fault("calls are not allowed here", where, node.lineno, _CALLS, "TEMPLATE_SANDBOX")
    _arguments(node, where)
    if not 1 <= len(node.args) <= 3 or node.kwargs:
        raise fault("range(…) takes one to three numbers", where, node.lineno, _CALLS)


def _arguments(node: "nodes.Call | nodes.Filter", where: str) -> None:
    if node.dyn_args or node.dyn_kwargs:
        raise fault("* and ** are not allowed in arguments", where, node.lineno, "write the arguments out")


def _condexpr(node: "nodes.CondExpr", where: str) -> None:
    if node.expr2 is None:
        raise fault("an `if` inside an expression needs an `else`", where, node.lineno, "add `else ''`")


def _for(node: "nodes.For", where: str) -> None:
    if node.recursive:
        raise fault("loops do not recurse here", where, node.lineno, "leave `recursive` out")
    _target(node, where)


def _target(node: "nodes.For | nodes.Assign", where: str) -> None:
    parts = getattr(node.target, "items", [node.target])
    if any(type(part).__name__ != "Name" for part in parts):
        raise fault("only plain names are set", where, node.lineno, "use one name, or names with commas")


_Check: TypeAlias = Callable[..., None]
_CHECKS: dict[str, _Check] = {
    "Name": _name,
    "Getattr": _getattr,
    "Getitem": _getitem,
    "Const": _const,
    "Filter": _filter,
    "Test": _test,
    "Call": _call,
    "CondExpr": _condexpr,
    "For": _for,
    "Assign": _target,
}
