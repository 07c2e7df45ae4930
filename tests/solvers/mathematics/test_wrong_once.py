"""Questions that were once answered wrongly: each is now right or declined, by a rule for all of its kind."""

import subprocess
import sys

import pytest

from tinyllm.solvers import solve
from tinyllm.solvers.mathematics.expressions import Refused
from tinyllm.solvers.mathematics.worker import bounded
from tinyllm.solvers.solution import Declined

DECLINED = """
Let g(x) be the derivative of ln x. What is g(-1)?
Let g(x) be the second derivative of ln x. What is g(-1)?
Let f(x) be ln x. Let g(x) be f'(x). What is g(-1)?
Let f be the second derivative of ln x. What is f(-1)?
Solve 1/x > 1
Solve |x| < 3
Solve (x-1)/(x-2) > 0
Solve sqrt(x) > 2
Solve 2^x > 8
derivative of e^2
derivative of pi^2
derivative of e
derivative of 2e
integrate e^2
integrate pi
integral of e
derivative of |x| at x = 0
derivative of |x - 1| at x = 1
derivative of |x|
slope of |x| at x = 0
second derivative of |x| at x=0
maclaurin series of |x| up to order 3
1/2 1/2
What is 1/2 3/4?
3 / 4 1/2
6 / 1 1/2
0.333...
0.999...
3.14159...
1/3 + 0.666...
5!!
3!!
derivative of ln x at x = -1
Let f(x) = ln(x). What is f'(-1)?
Maclaurin series of ln(x) up to order 3
Maclaurin series of sqrt(x) up to order 3
taylor series of 1/x at x = 0 up to order 3
taylor series of 1/x^2 at x = 0 up to order 3
Maclaurin series of cot x up to order 3
area under x^2 - 1 from -1 to 1
area under x^2 from 1 to 0
area under x from -1 to 1
integer part of -2.5
2 1/2^2
(-8)^(1/3)
(-1)^0.2
What is negative five squared?
What is -5 squared?
1010 in binary
What is 1010 in base 2?
How many ounces in a pound?
3, 5, 7, what is next
limit of sqrt(x) as x → 0
limit of ln(x) as x → 0
What is $0.1 + $0.2?
What is the square root of 1500 rounded to the nearest apple?
integrate 1/x^2 from -1 to 1
integrate ln(x) from -1 to 1
derivative of |x|^2
What is 1/2 million + 1?
""".strip().splitlines()


@pytest.mark.parametrize("question", DECLINED)
def test_what_is_not_certain_is_declined(question: str) -> None:
    assert solve(question) is None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (r"What is $2\frac{1}{2}$?", "5/2"),
        (r"$3\frac{1}{4}$", "13/4"),
        (r"What is $1\frac{3}{4} + 2$?", "15/4"),
        (r"1\frac12 \times 2", "3"),
        ("What is 2 1/2 + 1?", "7/2"),
        ("Solve 2x + 1 > 5", "x > 2"),
        ("integrate pi dx", "pi*x + C"),
        ("derivative of ln x at x = 2", "1/2"),
        ("Let f(x) = ln(x). What is f'(2)?", "1/2"),
        ("Let g(x) be the derivative of ln x. What is g(2)?", "1/2"),
        ("Let g(x) be the derivative of x^3. What is g(-1)?", "3"),
        ("Let h(x) be the derivative of 1/x. What is h(-2)?", "-1/4"),
        ("Let a be 3. What is a(4 + 1)?", "15"),
        ("derivative of e^x at x = 0", "1"),
        ("taylor series of ln(x) around 1 up to order 1", "x - 1"),
        ("maclaurin series of sin x up to order 3", "-x^3/6 + x"),
        ("area under x^2 from 0 to 3", "9"),
        ("area under sin x from 0 to pi", "2"),
        ("limit of sin(x)/x as x -> 0", "1"),
        ("integer part of 2.5", "2"),
        ("-5^2", "-25"),
        ("cube root of -8", "-2"),
        ("What is 12 in binary?", "1100"),
        ("Convert 10 to binary", "1010"),
        ("2, 4, 6, what is next?", "8"),
        ("How many litres are in a gallon?", "3.785411784 litres (US gallon)"),
        ("How many pints are in a gallon?", "8 US pints"),
        ("What is the square root of 1500 to the nearest integer?", "39"),
    ],
)
def test_what_stands_beside_it_is_still_answered(question: str, answer: str) -> None:
    found = solve(question)
    assert found is not None
    assert found.answer == answer


def test_the_order_of_imports_does_not_choose_the_rule() -> None:
    asked = (
        "import tinyllm.solvers.mathematics.arithmetic; from tinyllm.solvers import solve; "
        "print(solve('What is the square root of 1500 to the nearest integer?').answer)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "39"


def test_a_task_that_takes_too_long_is_asked_of_no_other_field() -> None:
    with pytest.raises(Refused) as refused:
        bounded("integral", "never read", "x", seconds=0.01)
    assert isinstance(refused.value, Declined)
