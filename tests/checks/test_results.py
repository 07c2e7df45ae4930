"""What an answer states, and whether two say the same."""

from fractions import Fraction

import pytest

from tinyllm.checks.figures import numbers
from tinyllm.checks.results import asks_for_a_quantity, result
from tinyllm.checks.sameness import compared, same


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
        ("minus five", "-5"),
        ("½", "0.5"),
        ("1½ cups", "3/2"),
        ("2^10", "1024"),
        ("1 000", "1000"),
        ("1'000", "1,000"),
        ("6 hours 30 minutes", "6.5 hours"),
        ("6 h and 30 min", "390 minutes"),
        ("twelve thousand three hundred", "12300"),
        ("one million two hundred thousand and five", "1200005"),
        ("x = 2, y = 1", "y = 1, x = 2"),
        ("x = 2, y = 1", "(2, 1)"),
        ("12, not 13", "12"),
        ("$12$", "12 €"),
        ("\\$12", "12 dollars"),
        ("23.33", "23.333333333"),
        ("0.30000000000000004", "0.3"),
        ("about 3.14", "3.1449"),
        ("12 m", "1200 cm"),
        ("60 mph", "60 miles per hour"),
        ("25π ≈ 78.54", "78.54"),
        ("1 200", "1200"),
        ("250 000", "250000"),
        ("1 000 000", "1000000"),
        ("100 200 300", "100200300"),
        ("12 or more", "12 or more"),
        ("€1.234,56", "1234.56"),
        ("1.234.567", "1,234,567"),
        ("₹12,34,567", "1234567"),
        ("12,5 %", "12.5%"),
        ("45k", "45000"),
        ("3.2M", "3.2 million"),
        ("half a million", "500000"),
        ("a hundred", "100"),
        ("1h30", "90 minutes"),
        ("three quarters", "0.75"),
        ("three and a half hours", "3.5 hours"),
        ("5 × 10³", "5000"),
        ("50¢", "$0.50"),
        ("32 degrees Fahrenheit", "32°F"),
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
        ("5000001", "5000002"),
        ("123456789", "123456788.9"),
        ("x = 2, y = 1", "x = 1, y = 2"),
        ("(2, 1)", "(1, 2)"),
        ("12 or 13", "12"),
        ("between 12 and 13", "12"),
        ("not 12", "12"),
        ("1e400", "1"),
        ("12 m", "12 km"),
        ("$12", "12 €"),
        ("$12", "€12"),
        ("12:30", "12"),
        ("3.14", "3.1449"),
        ("−5", "5"),
        ("x > 5", "x < 5"),
        ("√5", "5"),
        ("two thirds", "2"),
        ("two and a half", "2"),
        ("45k", "45"),
        ("2³", "23"),
        ("1h30", "1"),
        ("5:30 PM", "5:30 AM"),
        ("x >= 5", "x > 5"),
        ("20 degrees Celsius", "20°F"),
        (result("Answer: $50"), "€50"),
    ],
)
def test_what_only_looks_alike_is_not_the_same(one: str, other: str) -> None:
    assert not same(one, other)
    assert not same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 or 13", "12"),
        ("3.14", "3.1449"),
        ("1/3", "0.33"),
        ("√4", "2"),
        ("not 12", "12"),
        ("100 200", "100200"),
        ("12 or more", "12"),
        ("12 apples or fewer", "12"),
        ("at least 12", "12"),
        ("12+", "12"),
        ("more than $12", "$12"),
    ],
)
def test_what_cannot_be_told_is_neither_the_same_nor_another(one: str, other: str) -> None:
    assert compared(one, other) is None
    assert compared(other, one) is None


def test_a_question_for_a_quantity_is_known_by_its_words() -> None:
    assert asks_for_a_quantity("How many apples does Tom have?")
    assert asks_for_a_quantity("What is the total cost of 3 books?")
    assert not asks_for_a_quantity("Who painted the Mona Lisa?")
