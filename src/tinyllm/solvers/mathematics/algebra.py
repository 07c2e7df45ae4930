"""Algebra: solve, expand, factor, collect, simplify, coefficients, values of polynomials."""

from typing import Any

from tinyllm.solvers.mathematics import equations
from tinyllm.solvers.mathematics.answers import Answer, Equation
from tinyllm.solvers.mathematics.evaluation import Value, evaluated, polynomial
from tinyllm.solvers.mathematics.expressions import Name, Node, Number, unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import noun, query

HIGHEST_FACTORED = 30
MOST_TERMS_FACTORED = 60

# equations


@query(
    "solve [the] [(following|simultaneous)] [(equation|equations|system|system of equations)] {e:equations} for {v:name}",
    "solve for {v:name} [in|given|if|when] {e:equations}",
    "solve {e:equations} [in terms of|with respect to] {v:name}",
    "<ask> [all] [(real|values of|integers)] {v:name} (in|if|when|given|given that|where|such that|so that|for which) [the] [equation] {e:equations}",
    "<ask> [all] [the] [real] (value|values|solutions|solution) [of|for] {v:name} (in|if|when|given|given that|such that|so that|for which|to) {e:equations}",
    "<ask> {v:name}, given that {e:equations}",
    "<ask> {v:name}, (where|if|when|given) {e:equations}",
    "(what|which) (value|values) of {v:name} (satisfies|satisfy|solves|solve|makes|make) {e:equations} [true]",
    "for (what|which) (value|values) of {v:name} (is|does) {e:equations}",
    "{e:equations}[,] (solve for|find|what is|determine) {v:name}",
)
def solve_for(say: Reading, e: list[Equation], v: str) -> Any:
    if v in say.names.values:
        unclear(f"{v} is known already")
    say.lettered = True
    equations.suppose(say, e)
    result = equations.solution(say, v)
    say.pending.clear()
    return result


@query(
    "solve [the] [(following|simultaneous)] [equation|equations|system of equations|system|system of linear equations] {e:equations}",
    "solve for {v:name} and {w:name} [in|if|when|given] {e:equations}",
    "solve {e:equations} for {v:name} and {w:name}",
    "<ask> {v:name} and {w:name} (in|if|when|given|given that|where|such that|so that) {e:equations}",
    "<ask> (solution|solutions|roots) (of|to|for) [the] [equation] {e:equations}",
)
def solve_all(say: Reading, e: list[Equation], v: str = "", w: str = "") -> Any:
    unknown = sorted(frozenset().union(*(equations.letters(say, equation) for equation in e)))
    if len(unknown) == 2 and "e" in unknown and len(e) == 1 and not equations.unknowns(say, e[0]):
        unknown.remove("e")  # no polynomial: then it is Euler's number
    if v and unknown != sorted({v, w}):
        unclear("other letters than those asked for")
    if len(unknown) == 1:
        return solve_for(say, e, unknown[0])
    say.lettered = True
    equations.suppose(say, e)
    if len(unknown) != len(e) or say.pending or len(unknown) > 6:
        unclear("for which letter")
    return values_of(say, unknown)


def values_of(say: Reading, names: list[str]) -> Answer:
    found = {name: say.show(say.names.values[name]) for name in names if name in say.names.values}
    if len(found) != len(names):
        unclear("not all of them are known")
    return Answer(", ".join(f"{name} = {value}" for name, value in found.items()), list(found.values()))


@query("<ask> [(values|value) of] {v:name} and {w:name}")
def both(say: Reading, v: str, w: str) -> Answer:
    return values_of(say, [v, w])


@query("{e:equations}")
def bare_equation(say: Reading, e: list[Equation]) -> Any:
    """`2x = 10` asks for x; `x = 5` asks nothing."""
    if len(e) != 1 or (isinstance(e[0].left, Name) and isinstance(e[0].right, Number | Name)):
        unclear("nothing to solve")
    return solve_all(say, e)


@query(
    "<ask> [real] [and] (roots|zeros|zeroes|solutions) of [the] [(polynomial|function|quadratic)] {p:polynomial}"
)
def roots(say: Reading, p: Polynomial) -> Any:
    if len(p.names) != 1:
        unclear("the roots in which letter")
    from tinyllm.solvers.mathematics.systems import polynomial_roots

    return polynomial_roots(say, p, next(iter(p.names)))


# polynomials


@query(
    "(expand|multiply out|expand and simplify|collect|collect [the] like terms in|combine like terms in|distribute) {p:polynomial}",
    "collect [the] [like] terms in {p:polynomial}",
    "combine [the] like terms in {p:polynomial}",
    "<ask> (expansion|expanded form) of {p:polynomial}",
)
def expand(say: Reading, p: Polynomial) -> Polynomial:
    say.lettered = True
    return p if isinstance(p, Polynomial) else unclear("no polynomial")


@query(
    "(factor|factorise|factorize) [completely] {p:polynomial} [completely]",
    "<ask> (factorization|factorisation|factored form) of {p:polynomial}",
)
def factor(say: Reading, p: Polynomial) -> Answer:
    if (
        not isinstance(p, Polynomial)
        or not p.names
        or p.degree() > HIGHEST_FACTORED
        or len(p.terms) > MOST_TERMS_FACTORED
    ):
        unclear("no polynomial to factor")
    from tinyllm.solvers.mathematics.symbolic import factored

    text = factored(p)
    say.note(f"{say.show(p)} = {text.replace('**', '^')}")
    return Answer(text.replace("**", "^"), text)


@query(
    "(rationalize|rationalise) [the denominator of] {n:tree}",
    "(simplify|reduce) [the] [expression] {n:tree} [assuming [that] {v:name} is positive]",
    "simplify {n:tree}, (where|if|for|assuming) {v:name} (is positive|> 0)",
)
def simplify(say: Reading, n: Node, v: str = "") -> Value:
    say.lettered = True
    if v:
        from tinyllm.solvers.mathematics.symbolic import powers

        return powers(n, say.names, v)
    value = evaluated(n, say.names)
    if isinstance(value, Polynomial):
        return value
    from tinyllm.solvers.mathematics.symbolic import simplified

    return simplified(value)


@query(
    "(rearrange|express|write|put) {p:polynomial} (to|as|in|into) [the] [form] {f:text} and (give|state|find|determine|what is) {v:name}",
    "(rearrange|express|write) {p:polynomial} (to|as|in|into) the form {f:text} and (give|state|find) {v:name}",
    "if {p:polynomial} = {f:text}, (find|what is) [the] [value of] {v:name}",
)
def coefficient_in_form(say: Reading, p: Polynomial, f: str, v: str) -> Polynomial:
    """The form names a coefficient for every power: compare term by term."""
    form = polynomial(say.tree(f), type(say.names)())
    letters = p.names or frozenset(_powers_of(form, v))
    total = Polynomial({})
    for monomial in form.terms:
        owner = [name for name, _ in monomial if name not in letters]
        if len(owner) != 1:
            unclear("the form")
        if owner[0] == v:
            total = _at(p, tuple(part for part in monomial if part[0] != v))
    return total


def _powers_of(form: Polynomial, v: str) -> list[str]:
    counts = [name for monomial in form.terms for name, _ in monomial if name != v]
    return [name for name in counts if counts.count(name) > 1]


def _at(p: Polynomial, monomial: tuple[tuple[str, int], ...]) -> Polynomial:
    return Polynomial.number(p.terms.get(monomial, 0))


@noun(
    "coefficient of {m:text} in [the] [expansion of] {p:polynomial}",
    "coefficient of {m:text} (when|after) expanding {p:polynomial}",
)
def coefficient(say: Reading, m: str, p: Polynomial) -> Polynomial:
    found = polynomial(say.tree(m), type(say.names)())
    if len(found.terms) != 1 or not isinstance(p, Polynomial) or next(iter(found.terms.values())) != 1:
        unclear("which coefficient")
    say.note(say.show(p))
    return _at(p, next(iter(found.terms)))


@noun("(constant term|constant) (of|in) [the] [expansion of] {p:polynomial}")
def constant_term(_say: Reading, p: Polynomial) -> Polynomial:
    return Polynomial.number(p.constant) if p.names else unclear("no polynomial")


@noun("degree of [the] [polynomial] {p:polynomial}")
def degree(_say: Reading, p: Polynomial) -> Polynomial:
    return Polynomial.number(p.degree()) if p.names else unclear("no polynomial")


@noun("discriminant of {p:polynomial}")
def discriminant(say: Reading, p: Polynomial) -> Polynomial:
    if len(p.names) != 1 or p.degree() != 2:
        unclear("no quadratic")
    c, b, a = p.coefficients(next(iter(p.names)))
    say.note(f"({say.show(b)})^2 - 4*({say.show(a)})*({say.show(c)})")
    return b * b - (a * c).scaled(c.number(4).constant)


@query(
    "evaluate {p:expression} (at|for|when|where|if) {e:equations}",
    "<ask> value of {p:expression} (at|for|when|where|if) {e:equations}",
    "<ask> {p:expression} (when|if|where|for) {e:equations}",
    "(if|when|for|given) {e:equations}, <ask> {p:expression}",
)
def value_at(say: Reading, p: Value, e: list[Equation]) -> Value:
    equations.suppose(say, e)
    known = {n: v for n, v in say.names.values.items() if isinstance(v, Polynomial)}
    if not isinstance(p, Polynomial):
        unclear("not a polynomial")
    result = p.replacing(known)
    return result if not result.names else unclear("some letters are left")


_SIGNS = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


@query(
    "solve [the] [inequality] {a:tree} {r:relation} {b:tree} [for {v:name}]",
    "solve for {v:name} {a:tree} {r:relation} {b:tree}",
)
def inequality(say: Reading, a: Node, r: str, b: Node, v: str = "") -> Answer:
    """A linear one in one letter."""
    gap = polynomial(a, say.names) - polynomial(b, say.names)
    name = v or next(iter(gap.names), "")
    if gap.names != {name} or gap.degree() != 1:
        unclear("not linear in one letter")
    constant, factor = (c.constant for c in gap.coefficients(name))
    sign = r if factor > 0 else _SIGNS[r]
    text = f"{name} {sign} {say.show(-constant / factor)}"
    say.note(f"{say.show(gap)} {r} 0")
    return Answer(text, text)
