"""Polynomials obey the laws of algebra."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.sequences import formula

monomials = st.dictionaries(st.sampled_from("xyz"), st.integers(1, 3), max_size=2).map(
    lambda d: tuple(sorted(d.items()))
)
polynomials = st.dictionaries(monomials, st.fractions(-9, 9, max_denominator=9), max_size=4).map(
    lambda terms: Polynomial.of(terms.items())
)


@given(polynomials, polynomials, polynomials)
@settings(max_examples=100, deadline=None)
def test_products_distribute_over_sums(a: Polynomial, b: Polynomial, c: Polynomial) -> None:
    assert a * (b + c) == a * b + a * c


@given(polynomials, polynomials)
@settings(max_examples=100, deadline=None)
def test_the_product_rule_holds(a: Polynomial, b: Polynomial) -> None:
    assert (a * b).derivative("x") == a.derivative("x") * b + a * b.derivative("x")


@given(polynomials, st.integers(-5, 5))
@settings(max_examples=100, deadline=None)
def test_a_number_put_in_agrees_with_horner(a: Polynomial, x: int) -> None:
    worth = Polynomial({})
    for factor in reversed(a.coefficients("x")):
        worth = worth.scaled(Fraction(x)) + factor
    assert a.replacing({"x": Polynomial.number(x)}) == worth


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_sequence_gives_its_formula_back(factors: list[int]) -> None:
    terms = [Fraction(sum(a * n**k for k, a in enumerate(factors))) for n in range(1, len(factors) + 3)]
    found = formula(terms, "n")
    assert found is not None
    assert [found.replacing({"n": Polynomial.number(n)}).constant for n in range(1, len(terms) + 1)] == terms
