"""Counting: choices, arrangements, well-known sums and sequences."""

from fractions import Fraction
from math import comb, perm

from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial, small
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import noun, query


def _counted(n: int, k: int) -> None:
    if not 0 <= k <= n <= 2_000:
        unclear("out of range")


@noun(
    "{n:integer} choose {k:integer}",
    "[number of] combinations of {n:integer} (things|items|objects) taken {k:integer} at a time",
    "binomial coefficient of {n:integer} (and|choose|over) {k:integer}",
)
@query(
    "how many ways (are there|can you) [to] choose {k:integer} (things|items|objects) (from|out of) {n:integer}"
)
def combinations(say: Reading, n: int, k: int) -> Polynomial:
    _counted(n, k)
    say.note(f"{n}! / ({k}! * {n - k}!) = {comb(n, k)}")
    return Polynomial.number(comb(n, k))


@noun(
    "{n:integer} permute {k:integer}",
    "[number of] permutations of {n:integer} (things|items|objects) taken {k:integer} at a time",
)
def permutations(_say: Reading, n: int, k: int) -> Polynomial:
    _counted(n, k)
    return Polynomial.number(small(Fraction(perm(n, k))))


@noun("{k:ordinal} fibonacci number")
def fibonacci(say: Reading, k: int) -> Polynomial:
    if not 1 <= k <= 10_000:
        unclear("too far")
    a, b = 0, 1
    for _ in range(k):
        a, b = b, a + b
    say.note(f"F(1) = F(2) = 1, F({k}) = {a}")
    return Polynomial.number(a)


@noun(
    "sum of [the] [first] {k:count} (natural|positive|counting|consecutive) (numbers|integers)",
    "sum of [all] [the] (numbers|integers) from 1 to {k:integer}",
    "sum of [the] first {k:count} (integers|positive integers)",
)
def gauss(say: Reading, k: int) -> Polynomial:
    say.note(f"{k} * ({k} + 1) / 2 = {k * (k + 1) // 2}")
    return Polynomial.number(k * (k + 1) // 2) if k > 0 else unclear("none")
