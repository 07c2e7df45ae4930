"""A tree and the names around it → an exact value: a number, a polynomial, or a SymPy expression when it must be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import comb, factorial, gcd, isqrt, lcm
from typing import Any

from tinyllm.solvers.mathematics.expressions import (
    Binary,
    Call,
    Minus,
    Name,
    Node,
    NotUnderstood,
    Number,
    unclear,
)
from tinyllm.solvers.mathematics.polynomials import Polynomial, raised, small

Value = Any
"""Polynomial, or a SymPy expression: SymPy has no types to check against, and is not imported here."""


class NeedsSymbols(NotUnderstood):
    """No polynomial: SymPy is to look at it. Where nobody asks SymPy, it is not understood."""


@dataclass(frozen=True)
class Function:
    """`f(x) = …`: its parameters and its body, and of which function it is the derivative: it exists where that does."""

    parameters: tuple[str, ...]
    body: Value
    ground: Value = None

    def grounds(self, *, primed: bool) -> list[Value]:
        """What must be smooth where it is applied."""
        return [each for each in (self.ground, self.body if primed else None) if each is not None]

    def derived(self, times: int) -> "Function":
        """`f'` and `f''`."""
        if times == 0:
            return self
        if len(self.parameters) != 1:
            unclear("the derivative in which direction")
        if isinstance(self.body, Polynomial):
            body = self.body.derivative(self.parameters[0], times)
            return Function(self.parameters, body, self.ground)
        from tinyllm.solvers.mathematics.symbolic import derivative

        return Function(self.parameters, derivative(self.body, self.parameters[0], times), self.ground)


@dataclass
class Names:
    """The symbol table: what names and functions stand for so far."""

    values: dict[str, Value] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)

    def without(self, shadowed: tuple[str, ...]) -> "Names":
        """The table inside a definition whose parameters hide names of the same spelling."""
        return Names({n: v for n, v in self.values.items() if n not in shadowed}, self.functions)


def evaluated(node: Node, names: Names) -> Value:
    """The value of a tree: a Polynomial when it is one."""
    try:
        return polynomial(node, names)
    except NeedsSymbols:
        from tinyllm.solvers.mathematics.symbolic import expression

        return expression(node, names)


def polynomial(node: Node, names: Names) -> Polynomial:
    match node:
        case Number(value=value):
            return Polynomial.number(value)
        case Name(name=name):
            found = names.values.get(name)
            return Polynomial.name(name) if found is None else exactly(found)
        case Minus(operand=operand):
            return -polynomial(operand, names)
        case Call(name=name, arguments=arguments):
            return _called(name, [polynomial(argument, names) for argument in arguments], names)
        case Binary():
            return _spine(node, names)


def exactly(value: Value) -> Polynomial:
    if isinstance(value, Polynomial):
        return value
    raise NeedsSymbols


def _spine(node: Node, names: Names) -> Polynomial:
    """A long sum leans to the left: walk it in a loop, recursion would run out."""
    waiting: list[Binary] = []
    while isinstance(node, Binary):
        waiting.append(node)
        node = node.left
    value = polynomial(node, names)
    for step in reversed(waiting):
        value = combined(step.operator, value, polynomial(step.right, names))
    return value


def combined(operator: str, left: Polynomial, right: Polynomial) -> Polynomial:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return _quotient(left, right)
        case "mod":
            return Polynomial.number(remainder(integer(left), integer(right)))
    return _power(left, right)


def _quotient(left: Polynomial, right: Polynomial) -> Polynomial:
    if not right.terms:
        unclear("division by zero")
    if right.names:
        raise NeedsSymbols
    return left.scaled(1 / right.constant)


def _power(base: Polynomial, exponent: Polynomial) -> Polynomial:
    if exponent.names:
        raise NeedsSymbols
    power = exponent.constant
    if power.denominator != 1:
        if number(base) < 0:
            unclear("a power of a negative number that is real to some and complex to others")
        return Polynomial.number(root(raised(number(base), power.numerator), power.denominator))
    if base.names and power < 0:
        raise NeedsSymbols
    if base.names and power == 0:
        return Polynomial.number(1)
    if abs(power) > 10**6:
        unclear("too high a power") if base.names or abs(base.constant) not in (0, 1) else None
    return base.raised(int(power))


def root(value: Fraction, degree: int) -> Fraction:
    """An exact root; what has none is for SymPy."""
    if value < 0 and degree % 2 == 0:
        unclear("the root of a negative number is not real")
    top, bottom = whole_root(abs(value.numerator), degree), whole_root(value.denominator, degree)
    if top is None or bottom is None:
        raise NeedsSymbols
    return Fraction(top, bottom) * (-1 if value < 0 else 1)


def whole_root(value: int, degree: int) -> int | None:
    """The exact root of a natural number, or None."""
    low = floor_root(value, degree)
    return low if low**degree == value else None


def floor_root(value: int, degree: int) -> int:
    """The greatest integer whose power is not above the value."""
    if degree == 2:
        return isqrt(value)
    if degree > value.bit_length():
        return 1 if value else 0
    high = 1 << (value.bit_length() // degree + 1)
    while True:
        lower = ((degree - 1) * high + value // high ** (degree - 1)) // degree
        if lower >= high:
            return high
        high = lower


def number(value: Value) -> Fraction:
    if not isinstance(value, Polynomial):
        raise NeedsSymbols
    if value.names:
        raise NeedsSymbols
    return value.constant


def integer(value: Value) -> int:
    found = number(value)
    return int(found) if found.denominator == 1 else unclear("not an integer")


def remainder(value: int, divisor: int) -> int:
    if divisor <= 0 or value < 0:
        unclear("the remainder of negative numbers is a convention")
    return value % divisor


def _factorial(value: int) -> int:
    return factorial(value) if 0 <= value <= 1_200 else unclear("too great a factorial")


_EXACT: Mapping[str, Callable[..., Fraction | int]] = {
    "abs": abs,
    "sqrt": lambda x: root(x, 2),
    "cbrt": lambda x: root(x, 3),
    "max": max,
    "min": min,
    "floor": lambda x: x.__floor__(),
    "ceil": lambda x: x.__ceil__(),
    "exp": lambda x: 1 if x == 0 else _symbols(),
    "ln": lambda x: 0 if x == 1 else _symbols(),
}
_WHOLE: Mapping[str, Callable[..., int]] = {
    "gcd": gcd,
    "lcm": lcm,
    "factorial": _factorial,
    "mod": remainder,
    "choose": comb,
}


def _symbols() -> int:
    raise NeedsSymbols


def _called(name: str, arguments: list[Polynomial], names: Names) -> Polynomial:
    plain = name.rstrip("'")
    if plain in names.functions:
        function = names.functions[plain].derived(len(name) - len(plain))
        if function.ground is not None:
            raise NeedsSymbols
        if len(arguments) != len(function.parameters):
            unclear(f"{name} takes {len(function.parameters)} arguments")
        return exactly(function.body).replacing(dict(zip(function.parameters, arguments, strict=True)))
    try:
        if name in _WHOLE:
            return Polynomial.number(small(Fraction(_WHOLE[name](*map(integer, arguments)))))
        if name in _EXACT:
            return Polynomial.number(small(Fraction(_EXACT[name](*map(number, arguments)))))
    except TypeError:
        raise NotUnderstood(f"{name} takes another number of arguments") from None
    raise NeedsSymbols
