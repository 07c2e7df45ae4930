"""Equations and systems: linear ones by elimination, others by their factors."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tinyllm.solvers.mathematics.answers import Equation
from tinyllm.solvers.mathematics.evaluation import NeedsSymbols, polynomial
from tinyllm.solvers.mathematics.expressions import Binary, Call, Minus, Name, Node, unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.shown import people, text
from tinyllm.solvers.mathematics.written import written

if TYPE_CHECKING:
    from tinyllm.solvers.mathematics.reading import Reading

MOST_EQUATIONS = 20
Row = dict[str, Fraction]
"""A linear equation: the factor of each name, and under "" the constant; their sum is zero."""


def difference(reading: "Reading", equation: Equation) -> Polynomial:
    """Left minus right, known names replaced; zero where the equation holds."""
    left, right = polynomial(equation.left, reading.names), polynomial(equation.right, reading.names)
    known = {n: v for n, v in reading.names.values.items() if isinstance(v, Polynomial)}
    return (left - right).replacing(known)


def unknowns(reading: "Reading", equation: Equation) -> frozenset[str]:
    """The names in an equation of polynomials; none of another equation."""
    try:
        return difference(reading, equation).names
    except NeedsSymbols:
        return frozenset()


def letters(reading: "Reading", equation: Equation) -> frozenset[str]:
    """The names in an equation that stand for nothing yet."""
    return (_letters(equation.left) | _letters(equation.right)) - reading.names.values.keys() - {"pi"}


def _letters(node: Node) -> frozenset[str]:
    found: set[str] = set()
    waiting = [node]
    while waiting:
        match waiting.pop():
            case Name(name=name):
                found.add(name)
            case Minus(operand=operand):
                waiting.append(operand)
            case Binary(left=left, right=right):
                waiting += [left, right]
            case Call(arguments=arguments):
                waiting += arguments
    return frozenset(found)


def suppose(reading: "Reading", found: Sequence[Equation]) -> None:
    """Take equations as true: bind the names that they determine, keep the others waiting."""
    reading.pending.extend(found)
    for equation in found:
        reading.note(f"{written(equation.left)} = {written(equation.right)}")
    if len(reading.pending) > MOST_EQUATIONS:
        unclear("too many equations")
    try:
        rows = [difference(reading, equation) for equation in reading.pending]
    except NeedsSymbols:
        return
    linear = [row for row in rows if row.degree() <= 1]
    for name, value in eliminated([row_of(row) for row in linear]).items():
        reading.names.values[name] = Polynomial.number(value)
        reading.note(f"{name} = {text(value, reading.decimals)}")
    reading.pending = [equation for equation in reading.pending if unknowns_left(reading, equation)]


def unknowns_left(reading: "Reading", equation: Equation) -> bool:
    left = difference(reading, equation)
    if not left.names and left.terms:
        unclear("the equations contradict each other")
    return bool(left.names)


def row_of(value: Polynomial) -> Row:
    return {(monomial[0][0] if monomial else ""): factor for monomial, factor in value.terms.items()}


def eliminated(rows: list[Row]) -> dict[str, Fraction]:
    """The names that a linear system determines, by Gauss and Jordan."""
    solved: dict[str, Row] = {}
    for row in rows:
        row = _reduced(row, solved)
        name = next((name for name in row if name), None)
        if name is None:
            if row.get(""):
                unclear("the equations contradict each other")
            continue
        row = {n: a / row[name] for n, a in row.items()}
        solved = {other: _without(found, name, row) for other, found in solved.items()}
        solved[name] = row
    return {name: -row.get("", Fraction(0)) for name, row in solved.items() if set(row) <= {name, ""}}


def _reduced(row: Row, solved: dict[str, Row]) -> Row:
    for name, found in solved.items():
        row = _without(row, name, found)
    return row


def _without(row: Row, name: str, found: Row) -> Row:
    factor = row.get(name, Fraction(0))
    total = {
        n: row.get(n, Fraction(0)) - factor * found.get(n, Fraction(0)) for n in row.keys() | found.keys()
    }
    return {n: a for n, a in total.items() if a}


def solution(reading: "Reading", name: str) -> Any:
    """What the equations so far say about one name."""
    if name in reading.names.values:
        return reading.names.values[name]
    if not reading.pending:
        unclear(f"nothing is known about {name}")
    if len(reading.pending) == 1:
        return roots(reading, reading.pending[0], name)
    from tinyllm.solvers.mathematics.systems import solved

    return solved(reading, reading.pending, name)


def roots(reading: "Reading", equation: Equation, name: str) -> Any:
    """The real solutions of one equation."""
    from tinyllm.solvers.mathematics import systems

    try:
        zero = difference(reading, equation)
    except NeedsSymbols:
        return systems.general(reading, equation, name)
    if name not in zero.names:
        unclear(f"{name} is not in the equation")
    reading.note(f"{people(zero)} = 0")
    if zero.degree(name) == 1:
        constant, factor = zero.coefficients(name)
        return _linear(constant, factor)
    return systems.polynomial_roots(reading, zero, name)


def _linear(constant: Polynomial, factor: Polynomial) -> Any:
    if not factor.names:
        return (-constant).scaled(1 / factor.constant)
    from tinyllm.solvers.mathematics.symbolic import back, of

    return back((of(-constant) / of(factor)).cancel())
