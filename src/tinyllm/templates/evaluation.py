"""The evaluator: a walk over checked syntax that always ends soon and never runs anybody's code."""

import typing
from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, ClassVar, cast

from tinyllm.errors import GraphError
from tinyllm.problems import did_you_mean
from tinyllm.templates.faults import fault
from tinyllm.templates.filters import FILTERS
from tinyllm.templates.operators import calculate, compare
from tinyllm.templates.plain import ABSENT, Wrong, bounded, called, number, small, text, weights
from tinyllm.templates.tests import TESTS

if TYPE_CHECKING:
    from jinja2 import nodes

WORK = 500_000
_CHAIN = frozenset({"Name", "Getattr", "Getitem"})


class Evaluation:
    """One evaluation over one set of values, with a budget."""

    METHODS: ClassVar[dict[str, Callable[..., object]]] = {}

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        self.values = values
        self.where = where
        self.left = WORK

    def whole(self, tree: "nodes.Node") -> object:
        """The value of a tree; data that is nested too deep to work through is an error as well."""
        try:
            return self.of(tree)
        except RecursionError as error:
            told = "the data is nested too deep"
            raise fault(told, self.where, tree.lineno, "flatten it", "INPUT_TOO_DEEP") from error

    def of(self, node: "nodes.Node") -> object:
        """The value of a node."""
        kind = type(node).__name__
        try:
            self.spend(1)
            if kind in _CHAIN:
                return self._present(node)
            return self.METHODS[kind](self, node)
        except Wrong as error:
            raise fault(error.message, self.where, node.lineno, error.hint, error.code) from error

    def spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise Wrong("this is too much work", "work on less data, or use a tool", "TOO_LARGE")

    def weigh(self, value: object) -> None:
        """Pay for working through all of a value."""
        if isinstance(value, str | list | dict):
            for weight in weights(value):
                self.spend(weight)

    def true(self, value: object, role: str) -> bool:
        """A condition is a bool or an error: a model's reply is never simply *true*."""
        if not isinstance(value, bool):
            raise Wrong(f"{role} is {called(value)}, not true or false", "compare it, or ask `is …`")
        return value

    def _present(self, node: "nodes.Node") -> object:
        value = self._found(node)
        if value is ABSENT:
            raise self._missing(node)
        return value

    def _found(self, node: "nodes.Node") -> object:
        kind = type(node).__name__
        if kind not in _CHAIN:
            return self.of(node)
        self.spend(1)
        if kind == "Name":
            return self.values.get(node.name, ABSENT)  # type: ignore[attr-defined]
        whole = self._found(node.node)  # type: ignore[attr-defined]
        if whole is ABSENT:
            return ABSENT
        if kind == "Getitem" and type(node.arg).__name__ == "Slice":  # type: ignore[attr-defined]
            return self._slice(whole, node.arg)  # type: ignore[attr-defined]
        return _part(whole, self._key(node))

    def _key(self, node: "nodes.Node") -> object:
        return node.attr if type(node).__name__ == "Getattr" else self.of(node.arg)  # type: ignore[attr-defined]

    def _slice(self, whole: object, node: "nodes.Slice") -> object:
        if not isinstance(whole, str | list):
            raise Wrong(f"{called(whole)} has no [from:to]", "use a list or a text")
        ends = [None if end is None else self._integer(end) for end in (node.start, node.stop, node.step)]
        if ends[2] == 0:
            raise Wrong("the step cannot be 0")
        self.spend(len(whole) // (64 if isinstance(whole, str) else 1))
        return whole[slice(*ends)]

    def _integer(self, node: "nodes.Node") -> int:
        value = self.of(node)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise Wrong(f"a whole number is wanted, not {called(value)}", "use `| int`")

    def _missing(self, node: "nodes.Node") -> GraphError:
        """Why a chain leads nowhere: the first part that is not there."""
        if type(node).__name__ == "Name":
            name, options = str(node.name), [*map(str, self.values)]  # type: ignore[attr-defined]
            told, of = f"{name!r} is not defined", "there are"
        else:
            whole = self._found(node.node)  # type: ignore[attr-defined]
            if whole is ABSENT:
                return self._missing(node.node)  # type: ignore[attr-defined]
            name = str(self._key(node))[:60]
            options = [*map(str, whole)] if isinstance(whole, Mapping) else []
            told, of = f"{_shown(node.node)} has no part {name!r}", f"{called(whole)}, with"  # type: ignore[attr-defined]
        listed = f"{of} {', '.join(options[:12]) or 'no parts'}"
        hint = did_you_mean(name, options) or f"{listed}; `x is defined` asks, `x | default(…)` fills in"
        return fault(told, self.where, node.lineno, hint, "TEMPLATE_UNDEFINED")

    def _not(self, node: "nodes.Not") -> bool:
        return not self.true(self.of(node.node), "what stands after `not`")

    def _and(self, node: "nodes.And") -> object:
        left = self.of(node.left)
        return self._side(node.right) if self.true(left, "one side of `and`") else left

    def _or(self, node: "nodes.Or") -> object:
        left = self.of(node.left)
        return left if self.true(left, "one side of `or`") else self._side(node.right)

    def _side(self, node: "nodes.Node") -> object:
        value = self.of(node)
        self.true(value, "one side of `and` or `or`")
        return value

    def _compare(self, node: "nodes.Compare") -> bool:
        left = self.of(node.expr)
        for operand in node.ops:
            right = self.of(operand.expr)
            self.weigh(left)
            self.weigh(right)
            if not compare(operand.op, left, right):
                return False
            left = right
        return True

    def _calculate(self, node: "nodes.BinExpr") -> object:
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(left, list) and isinstance(right, list):
            self.spend(len(left) + len(right))
        return calculate(type(node).__name__, left, right)

    def _sign(self, node: "nodes.UnaryExpr") -> object:
        value = self.of(node.node)
        if not number(value):
            raise Wrong(f"{called(value)} has no sign")
        assert isinstance(value, int | float)
        return bounded(-value) if type(node).__name__ == "Neg" else value

    def _concat(self, node: "nodes.Concat") -> str:
        words = [self.text(self.of(each)) for each in node.nodes]
        small(sum(map(len, words)))
        return "".join(words)

    def text(self, value: object) -> str:
        self.weigh(value)
        return text(value)

    def _choice(self, node: "nodes.CondExpr") -> object:
        assert node.expr2 is not None
        return self.of(node.expr1 if self.true(self.of(node.test), "what stands after `if`") else node.expr2)

    def _constant(self, node: "nodes.Const") -> object:
        return node.value

    def _list(self, node: "nodes.List") -> list[object]:
        return [self.of(each) for each in node.items]

    def _dict(self, node: "nodes.Dict") -> dict[str, object]:
        made: dict[str, object] = {}
        for pair in node.items:
            key = self.of(pair.key)
            if not isinstance(key, str):
                raise Wrong(f"a key must be text, not {called(key)}", "put the key in quotes")
            made[key] = self.of(pair.value)
        return made

    def _range(self, node: "nodes.Call") -> list[int]:
        ends = [self._integer(each) for each in node.args]
        if ends[2:] == [0]:
            raise Wrong("the step cannot be 0")
        counted = range(*ends)
        # Its length may be more than len() can tell.
        self.spend(counted[-1] // counted.step - counted[0] // counted.step + 2 if counted else 1)
        return list(counted)

    def _test(self, node: "nodes.Test") -> bool:
        if node.name in ("defined", "undefined"):
            return (self._found(node.node) is ABSENT) is (node.name == "undefined")
        return TESTS[node.name](self.of(node.node))

    def _filter(self, node: "nodes.Filter") -> object:
        assert node.node is not None
        absence = node.name == "default" and type(node.node).__name__ in _CHAIN
        value = self._found(node.node) if absence else self.of(node.node)
        args = [self.of(each) for each in node.args]
        named = {str(each.key): self.of(each.value) for each in cast("list[nodes.Keyword]", node.kwargs)}
        for each in (value, *args, *named.values()):
            self.weigh(each)
        _accepted(node.name, [value, *args], named)
        result = FILTERS[node.name](value, *args, **named)
        self.weigh(result)
        return result


def _part(whole: object, key: object) -> object:
    if isinstance(whole, Mapping):
        return whole.get(key, ABSENT) if isinstance(key, str) else ABSENT
    if isinstance(whole, list | str) and isinstance(key, int) and not isinstance(key, bool):
        return whole[key] if -len(whole) <= key < len(whole) else ABSENT
    return ABSENT


def _shown(node: object) -> str:
    """The chain as it was written."""
    if type(node).__name__ == "Name":
        return repr(node.name)  # type: ignore[attr-defined]
    if type(node).__name__ == "Getattr":
        return f"{_shown(node.node)[:-1]}.{node.attr}'"  # type: ignore[attr-defined]
    return "this value"


@cache
def _types(name: str) -> dict[str, tuple[type, ...]]:
    """What each parameter of a filter takes."""
    hints = typing.get_type_hints(FILTERS[name])
    hints.pop("return", None)
    return {parameter: _classes(hint) for parameter, hint in hints.items()}


def _classes(hint: object) -> tuple[type, ...]:
    if isinstance(hint, UnionType):
        return tuple(each for part in typing.get_args(hint) for each in _classes(part))
    plain = typing.get_origin(hint) or hint
    assert isinstance(plain, type)
    return (int, float) if plain is float else (plain,)


def _accepted(name: str, given: list[object], named: dict[str, object]) -> None:
    types = _types(name)
    for parameter, value in (*zip(types, given, strict=False), *named.items()):
        wanted = types[parameter]
        if object in wanted or (
            isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))
        ):
            continue
        role = "" if parameter == "value" else f" as {parameter}"
        takes = " or ".join(sorted({called(each()) for each in wanted}))
        raise Wrong(f"the filter {name!r} takes {takes}{role}, not {called(value)}")


Evaluation.METHODS = {
    "Const": Evaluation._constant,
    "List": Evaluation._list,
    "Tuple": Evaluation._list,
    "Dict": Evaluation._dict,
    "Not": Evaluation._not,
    "And": Evaluation._and,
    "Or": Evaluation._or,
    "Compare": Evaluation._compare,
    "Add": Evaluation._calculate,
    "Sub": Evaluation._calculate,
    "Mul": Evaluation._calculate,
    "Div": Evaluation._calculate,
    "FloorDiv": Evaluation._calculate,
    "Mod": Evaluation._calculate,
    "Neg": Evaluation._sign,
    "Pos": Evaluation._sign,
    "Concat": Evaluation._concat,
    "CondExpr": Evaluation._choice,
    "Filter": Evaluation._filter,
    "Test": Evaluation._test,
    "Call": Evaluation._range,
}
