"""What is converted there comes back; what is asked of any number agrees with Python."""

from fractions import Fraction
from math import gcd

from hypothesis import given, settings
from hypothesis import strategies as st

from tinyllm.solvers import solve
from tinyllm.solvers.mathematics import bases, roman, shown
from tinyllm.solvers.mathematics.primes import factors, is_prime

numbers = st.integers(2, 10**6)


def value(question: str) -> object:
    found = solve(question)
    assert found is not None, question
    return found.value


@given(numbers)
@settings(max_examples=60, deadline=None)
def test_bases_in_words_agree_with_python(n: int) -> None:
    assert value(f"Convert {n} to binary") == f"{n:b}"
    assert value(f"What is {n:x} (base 16) in base 8?") == f"{n:o}"
    assert value(f"what is {n} in hex") == f"{n:x}"


@given(st.integers(-(10**9), 10**9), st.integers(2, 36))
def test_any_base_comes_back(n: int, base: int) -> None:
    assert bases.read(bases.written(n, base), base) == n


@given(st.integers(1, 3_999))
def test_roman_numerals_come_back(n: int) -> None:
    assert roman.read(roman.written(n)) == n


@given(numbers, numbers)
@settings(max_examples=60, deadline=None)
def test_divisors_agree_with_python(a: int, b: int) -> None:
    assert value(f"What is the greatest common factor of {a} and {b}?") == str(gcd(a, b))
    assert value(f"Calculate the remainder when {a} is divided by {b}.") == str(a % b)
    assert value(f"Is {a} a multiple of {b}?") is (a % b == 0)


@given(numbers)
def test_factors_are_prime_and_multiply_back(n: int) -> None:
    product = 1
    for prime, power in factors(n).items():
        assert is_prime(prime)
        product *= prime**power
    assert product == n


@given(st.fractions(-1000, 1000), st.integers(0, 12))
def test_rounding_is_never_further_than_half_a_place(n: Fraction, places: int) -> None:
    assert abs(shown.rounded(n, places) - n) <= Fraction(1, 2 * 10**places)
    assert Fraction(shown.fixed(n, places)) == shown.rounded(n, places)


@given(st.lists(st.integers(-999, 999), min_size=2, max_size=8, unique=True))
@settings(max_examples=60, deadline=None)
def test_sorting_agrees_with_python(members: list[int]) -> None:
    text = ", ".join(map(str, members))
    assert value(f"Sort {text} in descending order.") == [str(n) for n in sorted(members)[::-1]]
    assert value(f"What is the second smallest value in {text}?") == str(sorted(members)[1])
