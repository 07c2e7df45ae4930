"""Counting: choices, arrangements, well-known sums and sequences."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import islice, takewhile
from math import comb, perm

from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial, small
from tinyllm.solvers.mathematics.primes import is_prime, primes
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import noun, query

MOST_PRIMES = 1_000
MOST_LISTED = 100
HIGHEST_LISTED = 10_000


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


_SUMS = {
    "odd": lambda k: k * k,
    "even": lambda k: k * (k + 1),
    "square": lambda k: k * (k + 1) * (2 * k + 1) // 6,
    "cube": lambda k: (k * (k + 1) // 2) ** 2,
}


@noun("sum of [the] first {k:count} [(positive|perfect)] {what:word} (numbers|integers)")
def sum_of_first(say: Reading, k: int, what: str) -> Polynomial:
    """Even numbers from 2, odd ones from 1."""
    if what == "prime" and 0 < k <= MOST_PRIMES:
        found = list(islice(primes(), k))
        say.note(f"{found[0]} + … + {found[-1]} = {sum(found)}")
        return Polynomial.number(sum(found))
    if what not in _SUMS or k < 1:
        unclear("the sum of what")
    return Polynomial.number(_SUMS[what](k))


@noun("sum of [the] first {k:count} (primes)")
def sum_of_primes(say: Reading, k: int) -> Polynomial:
    return sum_of_first(say, k, "prime")


_BELOW = "(below|under|less than|smaller than)"


@query(
    f"how many (primes|prime numbers) (are|lie) [there] {_BELOW} {{n:integer}}",
    "how many (primes|prime numbers) (are|lie) [there] up to {m:integer}",
    "how many (primes|prime numbers) (are|lie) [there] (between|from) {a:integer} (and|to) {b:integer}",
)
@noun(f"number of (primes|prime numbers) {_BELOW} {{n:integer}}")
def prime_count(say: Reading, n: int = 0, m: int = 0, a: int = 0, b: int = 0) -> Polynomial:
    return Polynomial.number(len(prime_list(say, n, m, a, b)))


@query(
    f"<ask> [all] [the] (primes|prime numbers) {_BELOW} {{n:integer}}",
    "<ask> [all] [the] (primes|prime numbers) up to {m:integer}",
    "<ask> [all] [the] (primes|prime numbers) (between|from) {a:integer} (and|to) {b:integer}",
)
def prime_list(say: Reading, n: int = 0, m: int = 0, a: int = 0, b: int = 0) -> list[int]:
    """Between two numbers: the ends belong to it only when it makes no difference."""
    top = n - 1 if n else m or b
    if not 0 < top <= HIGHEST_LISTED or (b and (is_prime(a) or is_prime(b))):
        unclear("too many, or with or without the ends")
    found = [p for p in takewhile(lambda p: p <= top, primes()) if p >= a]
    say.note(", ".join(map(str, found)))
    return found


_FIRST: Mapping[str, Callable[[int], int]] = {
    "odd": lambda n: 2 * n - 1,
    "even": lambda n: 2 * n,
    "square": lambda n: n * n,
    "cube": lambda n: n**3,
    "natural": lambda n: n,
    "triangular": lambda n: n * (n + 1) // 2,
}


@query(
    "<ask> first {k:count} [(positive|perfect)] {what:word} numbers",
    "<ask> first {k:count} (primes)",
)
def first_numbers(_say: Reading, k: int, what: str = "prime") -> list[int]:
    if not 1 <= k <= MOST_LISTED:
        unclear("too many")
    if what == "prime":
        return list(islice(primes(), k))
    return [_FIRST[what](n) for n in range(1, k + 1)] if what in _FIRST else unclear("which numbers")


@query("<ask> first {k:count} multiples of {n:integer}")
def multiples(_say: Reading, k: int, n: int) -> list[int]:
    return [n * m for m in range(1, k + 1)] if n > 0 and 1 <= k <= MOST_LISTED else unclear("too many")
