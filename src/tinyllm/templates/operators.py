"""Arithmetic and comparison on plain data: numbers with numbers, text with text, everything within bounds."""

import operator
from collections.abc import Callable, Mapping

from tinyllm.templates.plain import Wrong, bounded, called, number, small

_CALCULATE: dict[str, Callable[[int | float, int | float], int | float]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
}
_ORDER: dict[str, Callable[..., bool]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def calculate(kind: str, left: object, right: object) -> object:
    if kind == "Add" and isinstance(left, list) and isinstance(right, list):
        small(len(left) + len(right))
        return left + right
    if not (number(left) and number(right)):
        hint = (
            "join text with ~"
            if isinstance(left, str) or isinstance(right, str)
            else "turn both into numbers"
        )
        raise Wrong(f"cannot calculate with {called(left)} and {called(right)}", hint)
    assert isinstance(left, int | float)
    assert isinstance(right, int | float)
    try:
        return bounded(_CALCULATE[kind](left, right))
    except ZeroDivisionError as error:
        raise Wrong("division by zero", "ask for zero before") from error
    except OverflowError as error:
        raise Wrong("the number is too large to hold", code="TOO_LARGE") from error


def compare(kind: str, left: object, right: object) -> bool:
    if kind in ("eq", "ne"):
        return (left == right) is (kind == "eq")
    if kind in ("in", "notin"):
        return _within(left, right) is (kind == "in")
    if (number(left) and number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return bool(_ORDER[kind](left, right))
    raise Wrong(
        f"{called(left)} and {called(right)} have no order", "turn both into numbers or both into text"
    )


def _within(part: object, whole: object) -> bool:
    if isinstance(whole, str):
        if not isinstance(part, str):
            raise Wrong(f"{called(part)} cannot be in a text", "turn it into text with `| string`")
        return part in whole
    if isinstance(whole, Mapping):
        return isinstance(part, str) and part in whole
    if isinstance(whole, list):
        return part in whole
    raise Wrong(f"nothing is in {called(whole)}", "use a list, a mapping or a text")
