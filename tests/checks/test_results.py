"""What an answer states, and whether two say the same."""

from fractions import Fraction

import pytest

from tinyllm.checks.results import asks_for_a_quantity, numbers, result, same


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("3 + 20 = 23.\nAnswer: 23", "23"),
        ("**Final Answer:** \\boxed{\\frac{3}{4}}", "3/4"),
        ("He has 3 apples and 4 pears. So 3 + 4 = 7 fruits.", "7"),
        ("The answer is $1,234.50.", "2469/2"),
        ("#### 18", "18"),
        ("That makes twenty-four apples.", "24"),
        ("It is 3 × 10^5 m.", "300000"),
        ("You need 1 1/2 cups", "3/2"),
        ("so x = −5.", "-5"),
        ("about 2 million people", "2000000"),
        ("So she has 5 left.\n\nHope it helps! Let me know if you have 2 more questions.", "5"),
        ("First 12, then 15.\n\nThe result is: **15 km**", "15"),
    ],
)
def test_the_result_is_found_in_whatever_form_it_is_written(answer: str, found: str) -> None:
    assert numbers(result(answer))[-1:] == (Fraction(found),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$1,200.00", "1200 dollars"),
        ("1/3", "0.333"),
        ("25%", "0.25"),
        ("0.5", "50 percent"),
        ("x = 2 or x = -3", "-3, 2"),
        ("Yes.", "yes"),
        ("3 + 4 = 7", "7"),
        ("twelve", "12"),
        ("72 km/h", "72"),
        ("1e3", "1000"),
        ("\\frac{5}{3}", "1 2/3"),
        ("x^2+1", "x^2 + 1"),
    ],
)
def test_the_same_in_another_form_is_the_same(one: str, other: str) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12", "13"),
        ("-5", "5"),
        ("3.3", "10/3"),
        ("100", "1"),
        ("3x+2", "2x+3"),
        ("yes", "no"),
        ("1200", "120"),
    ],
)
def test_what_only_looks_alike_is_not_the_same(one: str, other: str) -> None:
    assert not same(one, other)
    assert not same(other, one)


def test_a_question_for_a_quantity_is_known_by_its_words() -> None:
    assert asks_for_a_quantity("How many apples does Tom have?")
    assert asks_for_a_quantity("What is the total cost of 3 books?")
    assert not asks_for_a_quantity("Who painted the Mona Lisa?")
