"""Equations that elimination cannot solve: polynomial roots, systems, equations with functions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Symbol

from tinyllm.solvers.mathematics.answers import Equation
from tinyllm.solvers.mathematics.equations import difference
from tinyllm.solvers.mathematics.evaluation import NeedsSymbols
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.symbolic import MOST_OPERATIONS, back, expression, of
from tinyllm.solvers.mathematics.worker import bounded

if TYPE_CHECKING:
    from tinyllm.solvers.mathematics.reading import Reading

HIGHEST_DEGREE = 12
MOST_BITS = 256
"""Of a coefficient."""
MOST_UNKNOWNS = 3


def polynomial_roots(reading: "Reading", zero: Polynomial, name: str) -> Any:
    """The real roots in order; other names may stay in a quadratic one."""
    if zero.degree() > HIGHEST_DEGREE or zero.bits > MOST_BITS:
        unclear("too high a degree")
    x, expr = Symbol(name), of(zero)
    if zero.names != {name}:
        return _literal(expr, x)
    content, factors = sympy.factor_list(expr, x)
    reading.note(f"{str(sympy.Mul(content, *(f**p for f, p in factors))).replace('**', '^')} = 0")
    found: list[Any] = []
    for factor, _ in factors:
        found += _real_roots(sympy.Poly(factor, x))
    return one_or_more(sorted(found, key=lambda r: r.evalf(30)))


def _real_roots(factor: sympy.Poly) -> list[Any]:
    if factor.degree() == 0 or factor.count_roots() == 0:
        return []
    if factor.degree() == 1:
        return [-factor.nth(0) / factor.nth(1)]
    if factor.degree() > 2 and len(factor.terms()) > 2:
        unclear("the roots have no short form")
    if factor.degree() == 2:
        return list(sympy.roots(factor))
    root = sympy.real_root(-factor.nth(0) / factor.nth(factor.degree()), factor.degree())
    return [root] if factor.degree() % 2 else [-root, root]


def _literal(expr: Any, x: Any) -> Any:
    """An equation in several letters, solved for one of them, when there is only one solution."""
    found = sympy.solve(expr, x) if sympy.degree(expr, x) <= 2 else unclear("several letters")
    return one_or_more(found)


def one_or_more(found: Sequence[Any]) -> Any:
    if not found:
        unclear("no real solution")
    values = [back(root) for root in found]
    return values[0] if len(values) == 1 else values


def general(reading: "Reading", equation: Equation, name: str) -> Any:
    """Equations with roots, powers, logarithms; solutions are checked by putting them back."""
    x = Symbol(name, real=True)
    sides = [
        expression(side, reading.names).subs(Symbol(name), x) for side in (equation.left, equation.right)
    ]
    expr = sides[0] - sides[1]
    if expr.count_ops() > MOST_OPERATIONS // 8 or expr.free_symbols != {x}:
        unclear("too long to solve")
    if expr.has(sympy.sin, sympy.cos, sympy.tan, sympy.Abs, sympy.floor):
        unclear("as many solutions as one likes")
    return one_or_more(bounded("solve", *sides, x))


def solved(reading: "Reading", pending: Sequence[Equation], name: str) -> Any:
    """What a small system of polynomial equations says about one name."""
    try:
        rows = [difference(reading, equation) for equation in pending]
    except NeedsSymbols:
        unclear("a system with functions")
    names = sorted(frozenset().union(*(row.names for row in rows)))
    if (
        len(names) > MOST_UNKNOWNS
        or max(row.degree() for row in rows) > 3
        or len(names) > len(rows)
        or name not in names
    ):
        unclear("too great a system")
    return one_or_more(bounded("system", [of(row) for row in rows], [Symbol(n) for n in names], Symbol(name)))
