"""The parser agrees with exact arithmetic, and reads nothing that could be read in two ways."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyllm.solvers.mathematics.evaluation import Names, evaluated
from tinyllm.solvers.mathematics.expressions import NotUnderstood, Refused
from tinyllm.solvers.mathematics.parser import parse
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.written import written


def value(text: str) -> Fraction:
    found = evaluated(parse(text), Names())
    assert isinstance(found, Polynomial)
    assert not found.names
    return found.constant


@st.composite
def sums(draw: st.DrawFn, depth: int = 4) -> tuple[str, Fraction]:
    """An expression as text, and what it is worth by Python's own fractions."""
    if depth == 0 or draw(st.booleans()):
        number = draw(st.integers(-99, 99))
        return (f"({number})" if number < 0 else str(number)), Fraction(number)
    (left, a), (right, b) = draw(sums(depth=depth - 1)), draw(sums(depth=depth - 1))
    operator = draw(st.sampled_from("+-*/" if b else "+-*"))
    worth = {"+": a + b, "-": a - b, "*": a * b}.get(operator)
    return f"({left} {operator} {right})", a / b if worth is None else worth


@given(sums())
@settings(max_examples=300, deadline=None)
def test_brackets_and_signs_mean_what_python_means(made: tuple[str, Fraction]) -> None:
    text, worth = made
    assert value(text) == worth


@given(st.lists(st.tuples(st.sampled_from(["+", "-", "*", "/", "**"]), st.integers(1, 6)), max_size=6))
@settings(max_examples=300, deadline=None)
def test_precedence_is_that_of_python(steps: list[tuple[str, int]]) -> None:
    powers = 0
    text, fractions = "7", "Fraction(7)"
    for operator, number in steps:
        powers += operator == "**"
        if powers > 1 and operator == "**":
            continue
        text, fractions = f"{text} {operator} {number}", f"{fractions} {operator} Fraction({number})"
    assert value(text) == eval(fractions)


@given(sums())
@settings(max_examples=200, deadline=None)
def test_what_is_written_back_is_worth_the_same(made: tuple[str, Fraction]) -> None:
    text, worth = made
    assert value(written(parse(text))) == worth


@given(st.text(max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_declined(text: str) -> None:
    try:
        evaluated(parse(text), Names())
    except (NotUnderstood, Refused):
        pass


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("-2^2", -4),
        ("2^3^2", 512),
        ("2**-1", Fraction(1, 2)),
        ("3 - -4", 7),
        ("1,234,567 + 1", 1_234_568),
        ("2(3 + 4)", 14),
        ("(1 + 2)(3 + 4)", 21),
        ("5!/3!", 20),
        ("|3 - 10|", 7),
        ("√16 + ∛27", 7),
        ("15% of 240 plus 50", 86),
        ("3/4 of 18", Fraction(27, 2)),
        ("three hundred and five minus one hundred", 205),
        ("two thirds of 2.5 million", Fraction(5_000_000, 3)),
        ("twenty-three times 4 x 5", 460),
        ("2 to the power of 10", 1024),
        ("16 to the power of 1/4", 2),
        ("10 to the 12th power", 10**12),
        ("6 squared", 36),
        ("1 million twelve hundred divided by 400 thousand", Fraction(2503, 1000)),
        ("17 mod 5", 2),
        ("gcd(12, 18) + max(1, 2)", 8),
        ("2e3", 2000),
        ("negative 5 plus 3", -2),
        ("log base 2 of 1 + ln(1)", 0),
    ],
)
def test_notation_of_people(text: str, worth: Fraction) -> None:
    found = evaluated(parse(text), Names())
    assert found == Polynomial.number(worth) or found == worth


@pytest.mark.parametrize(
    "text",
    [
        "1/2x",
        "6/2(1+2)",
        "100 + 10%",
        "2 2",
        "(2 + 3",
        "2 + 3)",
        "2 +",
        "",
        "1.2.3",
        "x y",
        "foo(3)",
        "f(3)",
        "5 of 10",
        "10 / 50% of 4",
        "__import__('os')",
        "2 ; 3",
        "1_000",
        "lambda: 3",
        "[1]",
    ],
)
def test_what_is_unclear_is_declined(text: str) -> None:
    with pytest.raises((NotUnderstood, Refused)):
        evaluated(parse(text), Names())


@pytest.mark.parametrize(
    "text",
    ["9^9^9^9", "2^100000", "5000!", "(" * 5000 + "1", "5" + "!" * 99, "1e999999 + 1", "-" * 999 + "1"],
)
def test_what_would_cost_too_much_is_refused(text: str) -> None:
    with pytest.raises((NotUnderstood, Refused)):
        evaluated(parse(text), Names())
