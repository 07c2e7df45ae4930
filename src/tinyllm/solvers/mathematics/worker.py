"""A second Python that may be killed: what SymPy cannot promise to finish is tried there."""

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from tinyllm.solvers.mathematics.expressions import refuse

SECONDS = 4
MEMORY = 2 * 1024**3


def bounded(task: str, *arguments: Any, seconds: float = SECONDS) -> Any:
    """The result of a task in a process of its own, or a decline when it takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - our own module, and data that only we pickled
            [sys.executable, "-m", __name__],
            input=pickle.dumps((task, arguments)),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return refuse("it takes too long")
    if done.returncode != 0:
        return refuse("SymPy could not do it")
    return pickle.loads(done.stdout)  # noqa: S301 - written by our own child


def _integral(expr: Any, name: str) -> Any:
    import sympy

    found = sympy.integrate(expr, sympy.Symbol(name))
    if (
        found.has(sympy.Integral, sympy.Piecewise)
        or sympy.simplify(sympy.diff(found, sympy.Symbol(name)) - expr) != 0
    ):
        raise ValueError("no antiderivative")
    return found


def _definite(expr: Any, name: str, a: Any, b: Any) -> Any:
    import sympy

    found = sympy.simplify(sympy.integrate(expr, (sympy.Symbol(name), a, b)))
    return _checked(found, sympy.Integral)


def _positive(expr: Any, name: str, a: Any, b: Any) -> Any:
    """The smallest number between the ends, if the function is continuous and nowhere negative there."""
    import sympy
    from sympy.calculus.util import continuous_domain

    x = sympy.Symbol(name, real=True)
    expr = expr.subs(sympy.Symbol(name), x)
    if not (a.is_real and b.is_real and (b - a).is_positive):
        raise ValueError("no interval")
    if continuous_domain(expr, x, sympy.Interval(a, b)) != sympy.Interval(a, b):
        raise ValueError("not continuous")
    zeros = sympy.solveset(expr, x, sympy.Interval.open(a, b)) if expr.has(x) else sympy.EmptySet
    if not (zeros is sympy.EmptySet or isinstance(zeros, sympy.FiniteSet)):
        raise ValueError("the zeros are not known")
    ends = sorted([a, b, *zeros], key=lambda end: end.evalf(30))
    for left, right in pairwise(ends):
        if not sympy.N(expr.subs(x, (left + right) / 2), 30) > 0:
            raise ValueError("below the axis")
    return a


def _limit(expr: Any, name: str, to: Any) -> Any:
    import sympy

    x = sympy.Symbol(name)
    if to.is_infinite:
        return _checked(sympy.limit(expr, x, to), sympy.Limit)
    left, right = sympy.limit(expr, x, to, "-"), sympy.limit(expr, x, to, "+")
    if left != right and sympy.simplify(left - right) != 0:
        raise ValueError("no limit")
    return _checked(left, sympy.Limit)


def _series(expr: Any, name: str, around: Any, order: int) -> Any:
    import sympy

    return _checked(sympy.series(expr, sympy.Symbol(name), around, order + 1).removeO(), sympy.Order)


def _sum(expr: Any, name: str, a: Any, b: Any) -> Any:
    import sympy

    return _checked(sympy.simplify(sympy.summation(expr, (sympy.Symbol(name), a, b))), sympy.Sum)


def _solve(left: Any, right: Any, x: Any) -> list[Any]:
    """The real solutions, each put back into the equation."""
    import sympy

    exponents = _exponents(left, right, x)
    if exponents is not None:
        return [exponents]
    expr = left - right
    found = sympy.solve(expr, x)
    real = [root for root in found if root.is_real and abs(sympy.N(expr.subs(x, root), 30)) < 1e-15]
    if len(real) != len(found) or any(root.has(sympy.LambertW) for root in real):
        raise ValueError("not all solutions are certain")
    return sorted(real, key=lambda root: root.evalf(30))


def _exponents(left: Any, right: Any, x: Any) -> Any:
    """Where two powers of numbers are equal, by logarithms: SymPy's own way may take forever."""
    import sympy

    powers = all(side.is_positive and (side.is_Pow or side.is_Rational) for side in (left, right))
    if not powers or any(side.is_Pow and side.base.has(x) for side in (left, right)):
        return None
    gap = sympy.expand(sympy.expand_log(sympy.log(left) - sympy.log(right), force=True, factor=True))
    if not gap.is_polynomial(x) or sympy.degree(gap, x) != 1:
        return None
    return sympy.simplify(-gap.coeff(x, 0) / gap.coeff(x, 1))


def _system(rows: list[Any], names: list[Any], wanted: Any) -> list[Any]:
    import sympy

    found = sympy.solve(rows, names, dict=True)
    values = {solution[wanted] for solution in found if all(v.is_real for v in solution.values())}
    if not values or any(v.free_symbols or v.count_ops() > 20 for v in values):
        raise ValueError("no short solution")
    return sorted(values, key=lambda root: root.evalf(30))


def _simplified(expr: Any) -> Any:
    import sympy

    return sympy.simplify(expr)


def _checked(found: Any, unfinished: Any) -> Any:
    import sympy

    if found.has(unfinished, sympy.nan, sympy.zoo, sympy.I, sympy.Piecewise, sympy.AccumBounds):
        raise ValueError("no result")
    return found


TASKS: Mapping[str, Callable[..., Any]] = {
    "integral": _integral,
    "definite": _definite,
    "positive": _positive,
    "limit": _limit,
    "series": _series,
    "sum": _sum,
    "solve": _solve,
    "system": _system,
    "simplify": _simplified,
}


def main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    task, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent
    sys.stdout.buffer.write(pickle.dumps(TASKS[task](*arguments)))


if __name__ == "__main__":
    main()
