"""Integrals, limits, series and sums: polynomials at once, the rest in a worker that can be killed."""

from fractions import Fraction
from typing import Any

from tinyllm.solvers.mathematics.evaluation import Value
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.worker import bounded

LONGEST = 40
"""Operations in an expression that is handed to SymPy."""
HIGHEST_ORDER = 20
MOST_TERMS = 100_000


def integrated(value: Value, name: str) -> Value:
    if isinstance(value, Polynomial):
        return _antiderivative(value, name)
    return _sent("integral", value, name)


def _antiderivative(value: Polynomial, name: str) -> Polynomial:
    x, total = Polynomial.name(name), Polynomial({})
    for power, row in enumerate(value.coefficients(name)):
        total = total + (row * x.raised(power + 1)).scaled(Fraction(1, power + 1))
    return total


def integrated_between(value: Value, name: str, a: Any, b: Any) -> Value:
    if isinstance(value, Polynomial) and isinstance(a, Polynomial) and isinstance(b, Polynomial):
        found = _antiderivative(value, name)
        return found.replacing({name: b}) - found.replacing({name: a})
    return _sent("definite", value, name, _bound(a), _bound(b))


def require_positive(value: Value, name: str, a: Any, b: Any) -> None:
    """Decline unless the function is nowhere negative between two ends in their order."""
    _sent("positive", value, name, _bound(a), _bound(b))


def limit(value: Value, name: str, to: Any) -> Value:
    from tinyllm.solvers.mathematics.domains import require_two_sides
    from tinyllm.solvers.mathematics.symbolic import constants

    require_two_sides(constants(value), name, _bound(to))
    return _sent("limit", value, name, _bound(to))


def series(value: Value, name: str, around: Value, order: int) -> Value:
    if not 0 <= order <= HIGHEST_ORDER:
        unclear("too high an order")
    from tinyllm.solvers.mathematics.domains import require_analytic
    from tinyllm.solvers.mathematics.symbolic import constants

    require_analytic(constants(value), name, _bound(around))
    return _sent("series", value, name, _bound(around), order)


def summed(value: Value, name: str, a: Any, b: Any) -> Value:
    ends = [
        int(end.constant)
        for end in (a, b)
        if isinstance(end, Polynomial) and not end.names and end.constant.denominator == 1
    ]
    if isinstance(value, Polynomial) and len(ends) == 2:
        if not 0 <= ends[1] - ends[0] < MOST_TERMS // (1 + len(value.terms) * (1 + value.degree())):
            unclear("too many terms")
        terms = (value.replacing({name: Polynomial.number(k)}) for k in range(ends[0], ends[1] + 1))
        return sum(terms, start=Polynomial({}))
    return _sent("sum", value, name, _bound(a), _bound(b))


def _bound(value: Any) -> Any:
    from tinyllm.solvers.mathematics.symbolic import constants

    if isinstance(value, str):
        import sympy

        return sympy.oo if value == "oo" else -sympy.oo
    return constants(value)


def _sent(task: str, value: Value, *arguments: Any) -> Value:
    from tinyllm.solvers.mathematics.domains import require_smooth
    from tinyllm.solvers.mathematics.symbolic import back, constants

    expr = constants(value)
    if task != "sum":
        require_smooth(expr)
    if expr.count_ops() > LONGEST:
        unclear("too long")
    return back(bounded(task, expr, *arguments))
