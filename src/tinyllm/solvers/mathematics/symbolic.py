"""The part of the mathematics that needs SymPy: surds, functions, factors, calculus. Imported when first needed."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import comb, prod
from typing import Any

import sympy
from sympy import Expr, Rational, Symbol

from tinyllm.solvers.mathematics.domains import require_smooth, require_there
from tinyllm.solvers.mathematics.evaluation import Function, Names, Value
from tinyllm.solvers.mathematics.expressions import Binary, Call, Minus, Name, Node, Number, refuse, unclear
from tinyllm.solvers.mathematics.polynomials import MOST_BITS, Polynomial

MOST_OPERATIONS = 400
LARGEST_POWER = 200
LARGEST_LOGARITHM = 8_000
MOST_EXPANDED = 2_000

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": sympy.sqrt,
    "cbrt": lambda x: sympy.real_root(x, 3) if x.is_number else sympy.cbrt(x),
    "root": sympy.root,
    "abs": sympy.Abs,
    "exp": sympy.exp,
    "ln": sympy.log,
    "log2": lambda x: sympy.log(x, 2),
    "log10": lambda x: sympy.log(x, 10),
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "cot": sympy.cot,
    "sec": sympy.sec,
    "csc": sympy.csc,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "max": sympy.Max,
    "min": sympy.Min,
}
_ANGLES = ("sin", "cos", "tan", "cot", "sec", "csc")


def expression(node: Node, names: Names) -> Expr:
    """The SymPy expression of a tree, built node by node within bounds."""
    match node:
        case Number(value=value):
            return Rational(value.numerator, value.denominator)
        case Name(name=name):
            found = names.values.get(name)
            return of(found) if found is not None else _free(name)
        case Minus(operand=operand):
            return -expression(operand, names)
        case Call(name=name, arguments=arguments):
            return _called(name, [expression(argument, names) for argument in arguments], names)
        case Binary():
            return _spine(node, names)


def _free(name: str) -> Expr:
    return {"pi": sympy.pi, "e": sympy.E}.get(name) or Symbol(name)


def _spine(node: Node, names: Names) -> Expr:
    waiting: list[Binary] = []
    while isinstance(node, Binary):
        waiting.append(node)
        node = node.left
    if len(waiting) > MOST_OPERATIONS:
        refuse("too long for SymPy")
    value = expression(node, names)
    for step in reversed(waiting):
        value = _combined(step.operator, value, expression(step.right, names))
    return real(value)


def _combined(operator: str, left: Expr, right: Expr) -> Expr:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right != 0 else unclear("division by zero")
        case "^":
            return _power(left, right)
    return unclear("remainders are of integers")


def _power(base: Expr, exponent: Expr) -> Expr:
    if (
        base.is_number
        and exponent.is_number
        and base != 0
        and not (base.is_Rational and exponent.is_Rational)
    ):
        _not_huge(exponent * sympy.log(sympy.Abs(base)))
    if exponent.is_number and (not exponent.is_real or abs(exponent) > LARGEST_POWER * 20):
        refuse("too high a power")
    if exponent.is_number and not base.is_Symbol and abs(exponent) > LARGEST_POWER:
        refuse("too high a power")
    if base.is_Rational and exponent.is_Rational:
        if abs(exponent.p) * max(base.p.bit_length(), base.q.bit_length()) > MOST_BITS:
            refuse("a number of too many digits")
        if base < 0 and exponent.q > 1:
            unclear("a power of a negative number that is real to some and complex to others")
    return base**exponent


def _not_huge(logarithm: Expr) -> None:
    """Refuse a power by the size it would have, before it is computed."""
    size = sympy.N(logarithm, 5)
    if (not size.is_Float and not size.is_Integer) or abs(size) > LARGEST_LOGARITHM:
        refuse("too great a number")


def real(value: Expr) -> Expr:
    """Undefined and complex results are no answers."""
    if value.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I):
        unclear("not a real number")
    return value


def _called(name: str, arguments: list[Expr], names: Names) -> Expr:
    plain = name.rstrip("'")
    if plain in names.functions:
        function = names.functions[plain]
        grounds = [constants(each) for each in function.grounds(primed=name != plain)]
        require_there(grounds, function.parameters[0], arguments)
        return applied(function.derived(len(name) - len(plain)), arguments)
    if name == "log":
        return _logarithm(arguments)
    if name not in _FUNCTIONS or (len(arguments) != 1 and name not in ("root", "max", "min")):
        unclear(f"{name} of that")
    if name in _ANGLES and arguments[0].is_Integer and arguments[0] != 0 and arguments[0] % 15 == 0:
        unclear("degrees or radians")
    if name in ("exp", "sinh", "cosh") and arguments[0].is_number:
        _not_huge(arguments[0])
    return real(_FUNCTIONS[name](*arguments))


def _logarithm(arguments: list[Expr]) -> Expr:
    if len(arguments) != 2:
        unclear("the natural logarithm or the decimal one")
    return real(sympy.log(*arguments))


def applied(function: Function, arguments: list[Expr]) -> Expr:
    if len(arguments) != len(function.parameters):
        unclear("another number of arguments")
    return real(
        of(function.body).subs(
            dict(zip(map(Symbol, function.parameters), arguments, strict=True)), simultaneous=True
        )
    )


def of(value: Value) -> Expr:
    """A value of ours as SymPy's."""
    if isinstance(value, Fraction | int):
        return Rational(Fraction(value).numerator, Fraction(value).denominator)
    if not isinstance(value, Polynomial):
        return value
    terms = [
        Rational(factor.numerator, factor.denominator) * sympy.Mul(*(Symbol(n) ** p for n, p in monomial))
        for monomial, factor in value.terms.items()
    ]
    return sympy.Add(*terms)


def back(value: Expr) -> Value:
    """A SymPy expression as a polynomial of ours where it is one."""
    if value.is_Rational:
        return Polynomial.number(Fraction(int(value.p), int(value.q)))
    symbols = sorted(value.free_symbols, key=str)
    if not symbols or not value.is_polynomial(*symbols):
        return value
    poly = sympy.Poly(value, *symbols)
    if not all(factor.is_Rational for factor in poly.coeffs()):
        return value
    return Polynomial.of(
        (tuple((s.name, p) for s, p in zip(symbols, powers, strict=True) if p), Fraction(int(c.p), int(c.q)))
        for powers, c in poly.terms()
    )


def constants(value: Value) -> Value:
    """The value with what nobody defined as `pi` and `e` taken for the numbers."""
    return of(value).subs({Symbol("pi"): sympy.pi, Symbol("e"): sympy.E})


def digits(value: Expr, count: int) -> Fraction:
    """A real number to more digits than are shown, as a fraction to round from."""
    found = sympy.N(value, count + 15)
    if found.is_Rational:
        return Fraction(int(found.p), int(found.q))
    if not found.is_Float or abs(found._mpf_[2] + found._mpf_[3]) > 4 * MOST_BITS:
        unclear("not a number that can be written down")
    sign, mantissa, exponent, _ = found._mpf_
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent) * (-1 if sign else 1)


def _expanded_size(value: Expr) -> int:
    """How many terms a sum could have once its brackets are multiplied out."""
    if value.is_Add:
        return sum(map(_expanded_size, value.args))
    if value.is_Mul:
        return prod(map(_expanded_size, value.args))
    if value.is_Pow and value.exp.is_Integer and value.exp > 0:
        size = _expanded_size(value.base)
        return comb(size + int(value.exp) - 1, int(value.exp)) if size > 1 else 1
    return 1


def simplified(value: Expr) -> Expr:
    """Surds and functions in their shortest form."""
    if value.count_ops() > MOST_OPERATIONS:
        refuse("too long to simplify")
    if value.is_number and value.is_algebraic:
        if _expanded_size(value) > MOST_EXPANDED:
            refuse("too long to multiply out")
        return sympy.radsimp(sympy.expand(value), max_terms=3)
    if value.is_number:
        plain = sympy.radsimp(sympy.expand(sympy.expand_trig(value)))
        return plain if plain.count_ops() < value.count_ops() else value
    from tinyllm.solvers.mathematics.worker import bounded

    return (
        sympy.cancel(value) if value.is_rational_function(*value.free_symbols) else bounded("simplify", value)
    )


def operate(operator: str, left: Value, right: Value) -> Value:
    found = real(_combined(operator, of(left), of(right)))
    return back(
        sympy.cancel(found)
        if operator == "/" and found.free_symbols and found.is_rational_function()
        else found
    )


def radical(value: Value, degree: int) -> Value:
    """A root that is no fraction."""
    found = of(value)
    if found.is_negative:
        return (
            unclear("the root of a negative number is not real")
            if degree % 2 == 0
            else -sympy.root(-found, degree)
        )
    return sympy.root(found, degree)


def is_prime(n: int) -> bool:
    return bool(sympy.isprime(n))


def prime_factors(n: int) -> dict[int, int]:
    return {int(p): int(e) for p, e in sympy.factorint(n).items()}


def gap_between(a: Value, b: Value) -> Fraction:
    """A number of the sign of the difference: exact where the two are equal."""
    difference = simplified(of(constants(a)) - of(constants(b)))
    if difference.free_symbols:
        return unclear("letters have no order")
    return Fraction(0) if difference == 0 else digits(difference, 30)


def factored(value: Polynomial) -> str:
    if value.bits > 256 or (len(value.names) > 1 and (value.degree() > 10 or len(value.terms) > 30)):
        refuse("too long to factor")
    return str(sympy.factor(of(value)))


def powers(node: Node, names: Names, positive: str) -> Expr:
    """An expression of powers of one positive letter."""
    known = Names({**names.values, positive: Symbol(positive, positive=True)}, names.functions)
    return sympy.powsimp(sympy.expand(expression(node, known), force=True))


def derivative(value: Expr, name: str, times: int) -> Value:
    require_smooth(value)
    if value.count_ops() > MOST_OPERATIONS // 2 or times > 8:
        refuse("too long to differentiate")
    found = sympy.diff(value, Symbol(name), times)
    return back(sympy.simplify(found) if found.count_ops() < MOST_OPERATIONS // 4 else found)


def replaced(value: Value, name: str, by: Value) -> Value:
    return back(real(of(value).subs(Symbol(name), of(constants(by)))))
