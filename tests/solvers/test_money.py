"""Prices and interest in the form of the textbook."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyllm.solvers import Solution, solve


def answered(question: str) -> Solution:
    found = solve(question)
    assert found is not None, question
    return found


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the compound interest on $1,000 at 5% for 3 years compounded annually?", "$157.63"),
        ("What is the compound interest on $1,000 for 3 years at 5%?", "$157.63"),
        ("What is the simple interest on $1,000 at 5% for 3 years?", "$150"),
        (
            "Calculate the simple interest on a principal of $2,500 at an annual interest rate of 4% for 18 months.",
            "$150",
        ),
        (
            "What is the future value of $1,000 invested at 5% annual interest compounded monthly for 10 years?",
            "$1,647.01",
        ),
        ("How much will $5,000 be worth after 10 years at 6% compounded quarterly?", "$9,070.09"),
        ("If I invest $1,000 at 5% compounded annually, how much will I have after 3 years?", "$1,157.63"),
        ("What is the future value of 1000 euros at 4% compounded continuously for 2 years?", "€1,083.29"),
        ("What is the monthly payment on a $200,000 30-year mortgage at 6%?", "$1,199.10"),
        ("What is the monthly payment for a $20,000 loan at 6% annual interest over 5 years?", "$386.66"),
        ("What is the total interest paid on a $200,000 mortgage at 6% for 30 years?", "$231,676.38"),
        ("What is the present value of $1,000 in 5 years at 8%?", "$680.58"),
        ("What is the effective annual rate of 6% compounded monthly?", "≈ 6.1678%"),
        ("What is the sale price of a $80 item with a 25% discount?", "$60"),
        ("What is 20% off $80?", "$64"),
        ("How much is a 20% discount on $80?", "$16"),
        ("A shirt costs $40 and is on sale for 25% off. What is the sale price?", "$30"),
        ("What is $50 plus 8% sales tax?", "$54"),
        ("How much is 8% sales tax on $50?", "$4"),
        ("What is a 20% tip on a $45 bill?", "$9"),
        ("What is the total for a $50 meal with a 20% tip?", "$60"),
        ("What is the selling price of an item that costs $40 with a 25% markup?", "$50"),
        ("What is the percentage change if the price goes from $50 to $65?", "30% (an increase)"),
        ("What is the percent increase from $40 to $50?", "25%"),
        ("What is the percentage decrease from 80 to 60?", "25%"),
        (
            "How much does each person pay if a $100 bill is split among 3 people?",
            "$33.33 each (rounded to cents)",
        ),
        (
            "What is the break-even point if fixed costs are $10,000, the price is $25 and the variable cost is $15?",
            "1000 units",
        ),
    ],
)
def test_a_textbook_question_has_its_amount(question: str, answer: str) -> None:
    assert answered(question).answer == answer


def test_the_value_is_a_bare_number() -> None:
    assert answered("What is 20% off $80?").value == "64"
    assert answered("What is the compound interest on $1,000 at 5% for 3 years?").value == "157.63"


@pytest.mark.parametrize(
    "question",
    [
        "What is the balance of $1000 at 5% for 3 years?",  # simple or compound
        "How much interest on $1000?",
        "The compound interest on $30,000 at 7% per annum is $4347. The period is?",
        "What is the interest rate on student loans?",
        "How much tax do I pay on $50,000?",
        "What is the percentage decrease from 60 to 80?",
        "What is 100 divided by 3 people who like $5 tips?",
        "What is the compound interest on $1,000 at 5% at 6% for 3 years?",
        "What is the compound interest on $1,000 at 5% for 3 years if Tom withdraws $100 each year?",
        "John buys a shirt for $40 and gets a 25% discount. He pays with a $50 bill. How much change does he get?",
        "What is a 20% tip on a £45 bill in dollars?",
    ],
)
def test_a_story_is_declined(question: str) -> None:
    assert solve(question) is None


@settings(deadline=None)
@given(st.integers(1, 10**7), st.integers(0, 2000), st.integers(1, 40))
def test_compound_interest_is_exact_to_the_cent(principal: int, points: int, years: int) -> None:
    rate = Decimal(points) / 100
    grown = Decimal(principal) * (1 + rate / 100) ** years - principal
    found = answered(f"What is the compound interest on ${principal} at {rate}% for {years} years?")
    # The test's own arithmetic has 28 digits: enough unless it sits on half a cent.
    assert abs(Decimal(str(found.value)) - grown.quantize(Decimal("0.01"), ROUND_HALF_UP)) <= Decimal("0.01")
