"""Where an expression is real and smooth: the ground that calculus stands on. What is not surely so is declined."""

from typing import Any

import sympy
from sympy import Expr, Symbol

from tinyllm.solvers.mathematics.expressions import unclear

_CORNERS = (sympy.Abs, sympy.sign, sympy.floor, sympy.ceiling, sympy.Max, sympy.Min)
_POLES = {sympy.tan: sympy.cos, sympy.sec: sympy.cos, sympy.cot: sympy.sin, sympy.csc: sympy.sin}
_EVERYWHERE = (sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.tanh, sympy.atan)
_NEAR = (3, 6, 9)
"""Powers of ten: how near to a point a function is looked at."""


def require_smooth(value: Expr) -> None:
    """No corner and no jump: `|x|` has no derivative everywhere."""
    if value.has(*_CORNERS):
        unclear("not smooth")


def require_analytic(value: Expr, name: str, at: Expr) -> None:
    """Every part of the expression is real and smooth around the point: `ln x` is so where x is positive."""
    require_smooth(value)
    x = Symbol(name)
    for part in sympy.preorder_traversal(value):
        if part.has(x) and not part.is_Symbol and not _analytic(part, x, at):
            unclear("outside of where it is defined, or not smooth there")


def require_there(grounds: list[Expr], name: str, arguments: list[Expr]) -> None:
    """A derivative exists where what was differentiated is smooth."""
    if len(arguments) == 1 and arguments[0].is_number:
        for ground in grounds:
            require_analytic(ground, name, arguments[0])


def _analytic(part: Expr, x: Symbol, at: Expr) -> bool:
    def there(expr: Any) -> Expr:
        return sympy.sympify(expr).subs(x, at)

    if part.is_Add or part.is_Mul or isinstance(part, _EVERYWHERE):
        return True
    if part.is_Pow:
        if part.exp.is_Integer:
            return bool(part.exp.is_positive or there(part.base).is_nonzero)
        return bool(there(part.base).is_positive)
    argument = part.args[0]
    if isinstance(part, sympy.log):
        return bool(there(argument).is_positive)
    if part.func in _POLES:
        return bool(there(_POLES[part.func](argument)).is_nonzero)
    if isinstance(part, sympy.asin | sympy.acos):
        return bool((1 - there(argument) ** 2).is_positive)
    return False


def require_two_sides(value: Expr, name: str, to: Expr) -> None:
    """A limit from both sides needs a real function on both sides."""
    require_smooth(value)
    if to.is_infinite:
        return
    for power in _NEAR:
        for side in (1, -1):
            near = to + side * sympy.Rational(1, 10**power)
            if not _real(sympy.N(value.subs(Symbol(name), near), 30)):
                unclear("defined on one side only")


def _real(found: Expr) -> bool:
    return bool(found.free_symbols) or found.is_real is True
