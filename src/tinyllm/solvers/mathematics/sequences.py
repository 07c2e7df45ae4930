"""Sequences: the next term, the term with a given number, a formula; only what the terms given confirm."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from tinyllm.solvers.mathematics.answers import Item
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial, raised
from tinyllm.solvers.mathematics.primes import is_prime
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import noun, query
from tinyllm.solvers.mathematics.shown import fraction

MOST_TERMS = 60
FARTHEST = 10_000


def _terms(items: Sequence[Item]) -> list[Fraction]:
    if items and items[-1].text in ("...", "…"):
        items = items[:-1]
    return [item.value for item in items] if 3 <= len(items) <= MOST_TERMS else unclear("too few terms")


def formula(terms: Sequence[Fraction], name: str) -> Polynomial | None:
    """The polynomial of lowest degree through the terms, if one more term than it needs confirms it."""
    rows = [list(terms)]
    while any(rows[-1]) and len(rows[-1]) > 1:
        rows.append([b - a for a, b in pairwise(rows[-1])])
    if any(rows[-1]):
        return None
    total, falling = Polynomial({}), Polynomial.number(1)
    for k, row in enumerate(rows[:-1]):
        total = total + falling.scaled(row[0])
        step = Polynomial.name(name) - Polynomial.number(k + 1)
        falling = (falling * step).scaled(Fraction(1, k + 1))
    return total


def following(say: Reading, terms: list[Fraction]) -> Fraction:
    """The next term by the first law that the terms confirm."""
    found = formula(terms, "n")
    if found is not None:
        if len(terms) == 3 and _consecutive_primes(terms):
            unclear("equal steps, or primes")
        say.note(f"term n = {say.show(found)}")
        return found.replacing({"n": Polynomial.number(len(terms) + 1)}).constant
    ratio = terms[1] / terms[0] if terms[0] else Fraction(0)
    if len(terms) >= 4 and ratio and all(b == a * ratio for a, b in pairwise(terms)):
        say.note(f"each term is {fraction(ratio, True)} times the one before")
        return terms[-1] * ratio
    if len(terms) >= 5 and all(c == a + b for a, b, c in zip(terms, terms[1:], terms[2:], strict=False)):
        say.note("each term is the sum of the two before")
        return terms[-1] + terms[-2]
    return _next_prime(say, terms)


def _next_prime(say: Reading, terms: list[Fraction]) -> Fraction:
    if len(terms) < 5 or not _consecutive_primes(terms):
        unclear("no law that the terms confirm")
    say.note("the terms are consecutive primes")
    return Fraction(_prime_after(int(terms[-1])))


def _consecutive_primes(terms: list[Fraction]) -> bool:
    if any(t.denominator != 1 or not 1 < t < 10**9 for t in terms) or not is_prime(int(terms[0])):
        return False
    return all(b > a and b == _prime_after(int(a)) for a, b in pairwise(terms))


def _prime_after(n: int) -> int:
    n += 1
    while not is_prime(n):
        n += 1
    return n


@query(
    "<ask> [the] next [(number|term|value|element)] (in|of|after) [(the|this)] [(sequence|series|pattern)] {s:items}",
    "<ask> [the] next [(number|term|value|element)] [in the sequence|in the series|in this sequence] {s:items}",
    "(what|which) [(number|term)] (comes|is|goes) (next|after that) [(in|after)] [(the|this)] [(sequence|series|pattern)] {s:items}",
    "(continue|complete) [the] [sequence|series|pattern] {s:items}",
    "{s:items}[,] what (comes|is) next",
)
def next_term(say: Reading, s: list[Item]) -> Fraction:
    return following(say, _terms(s))


@query(
    "<ask> {v:name}('th|th|-th) term (of|in) [(the|this)] [(sequence|series)] {s:items}",
    "<ask> [(formula|expression|rule)] [for] [the] {v:name}('th|th|-th) term (of|in) [(the|this)] [(sequence|series)] {s:items}",
    "<ask> general term (of|in) [the] [sequence] {s:items}",
)
def general_term(say: Reading, s: list[Item], v: str = "n") -> Polynomial:
    say.lettered = True
    found = formula(_terms(s), v)
    return found if found is not None else unclear("no polynomial that the terms confirm")


@noun(
    "{k:ordinal} term (of|in) [(the|this)] [(sequence|series|arithmetic sequence|arithmetic progression|geometric sequence)] {s:items}"
)
def kth_term(say: Reading, k: int, s: list[Item]) -> Fraction:
    terms = _terms(s)
    if not 1 <= k <= FARTHEST:
        unclear("too far")
    found = formula(terms, "n")
    if found is not None:
        say.note(f"term n = {say.show(found)}")
        return found.replacing({"n": Polynomial.number(k)}).constant
    while len(terms) < k <= MOST_TERMS * 5:
        terms.append(following(Reading(), terms))
    return terms[k - 1] if k <= len(terms) else unclear("too far")


@noun("common difference of [the] [arithmetic] [sequence|progression|series] {s:items}")
def common_difference(_say: Reading, s: list[Item]) -> Fraction:
    terms = _terms(s)
    steps = {b - a for a, b in pairwise(terms)}
    return steps.pop() if len(steps) == 1 else unclear("no common difference")


@noun(
    "sum of [the] first {k:count} terms of [(the|this)] [(sequence|series|arithmetic sequence|arithmetic progression|geometric sequence|arithmetic series|geometric series)] {s:items}"
)
def partial_sum(say: Reading, k: int, s: list[Item]) -> Fraction:
    if not 1 <= k <= MOST_TERMS * 5:
        unclear("too many terms")
    return sum((kth_term(say, n, s) for n in range(1, k + 1)), start=Fraction(0))


_GIVEN = (
    "(with|that has|whose) [a] first term [of|is] {a:number} and [a] common {what:word} [of|is] {d:number}"
)


@noun(f"{{k:ordinal}} term (of|in) (an|the) (arithmetic|geometric) (sequence|progression|series) {_GIVEN}")
def described_term(say: Reading, k: int, a: Fraction, what: str, d: Fraction) -> Fraction:
    if not 1 <= k <= FARTHEST or what not in ("difference", "ratio"):
        unclear("which sequence")
    result = a + (k - 1) * d if what == "difference" else a * raised(d, k - 1)
    say.note(
        f"{fraction(a, True)} {'+' if what == 'difference' else '*'} {fraction(d, True)} {'*' if what == 'difference' else '^'} {k - 1} = {fraction(result, True)}"
    )
    return result
