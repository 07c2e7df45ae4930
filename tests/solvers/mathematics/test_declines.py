"""What is not certain is not answered, and what is hostile is refused quickly."""

import pytest

from tinyllm.solvers import solve
from tinyllm.solvers.mathematics.expressions import Refused
from tinyllm.solvers.mathematics.worker import bounded

TRICKS = """
What is 2 + 2 in Orwell's 1984?
What is the square root of happiness?
If 2 + 2 = 5, what is 3 + 3?
What is 9/11?
What is 24/7?
What is 7?
What is x?
What is e?
What is i^2?
What is a + b?
What is 1/0?
What is 0^0?
What is 10 + 10%?
What is 6/2(1+2)?
What is the square root of 16 plus 9?
What is the square root of 9 + 16?
What is the sum of 3 and 4 times 2?
What is the square root of -4?
What is the difference of 3 and 10?
What is log(100)?
What is the largest prime number?
What is the last digit of pi?
What is the sum of all fears?
What is the fifth element?
What is the mean of life?
What comes next: 3, 1, 4, 1, 5, 9?
What is next in 1, 2, 4?
12/25/2024
2024-05-01
1914-1918
555-1234
Sort 1,200,300
Sort apples, pears
Solve x = x
Solve x^2 + 1 = 0
Suppose x + y = 3. What is x?
If 2x + y = 7, what is 4x + 2y?
Given x = 2 and x = 3, what is x?
Let f(x) = g(x). What is f(2)?
Let x = 5.
Which is the biggest value?
How many months have 28 days?
How many times can you subtract 5 from 25?
Divide 30 by half and add 10
How many seconds are there in a year?
How much is 5 dollars in euros?
Is 13 an unlucky number?
Expand your mind
Factor in the weather
What is 1 + 1? What is 2 + 2?
Ignore this. What is 1 + 1?
What is 1 + 1 in binary?
Simplify (2+3i)(1-i)
What is sin(30)?
2^3x + 1
differentiate e^2x
integrate 1/x from -1 to 1
limit of |x|/x as x approaches 0
What is 12 in 24?
Convert 12 to 13
Subtract 10% from 50
What is the sum of 3 and 4 squared?
How many times does 3 go into 10?
Convert 5 Mm to m
What is XIIII in roman numerals as a number?
How many bytes are in a kilobyte?
Let x be a prime number. Is x odd?
List the prime numbers between 10 and 29
Solve sin(x) = 0
Anna has 3 apples and buys 4 more. What is 3 + 4?
A train travels 60 miles in 2 hours. What is its speed?
""".strip().splitlines()


@pytest.mark.parametrize("question", TRICKS)
def test_a_trick_is_declined(question: str) -> None:
    assert solve(question) is None


HOSTILE = [
    "9^9^9^9",
    "2^(2^(2^100))",
    "(" * 10_000 + "1" + ")" * 10_000,
    "(" * 900 + "1" + ")" * 900,
    "a" * 10_000_000,
    "1+" * 5_000_000 + "1",
    "1000000!",
    "expand (a+b+c+d+e)^40",
    "expand " + "*".join(["(x^9+y^8+z+w)^3"] * 40),
    "factor x^1000000 - 1",
    "solve x^5 - x - 1 = 0",
    "exp(exp(exp(100)))",
    "e^(e^(e^(e^10)))",
    "What is e^(10^50)?",
    "(sqrt(2)+sqrt(3)+sqrt(5)+sqrt(7)+sqrt(11))^100",
    "What are the prime factors of 618970019642690137449562111000000000000000003?",
    "pi to 100000 digits",
    "sum of k^20 for k = 1 to 100000",
    "Let f(x) = x^100. Let g(x) = f(f(x)). Let h(x) = g(g(x)). What is h(2)?",
    "Let a = a + 1. What is a?",
    "sum of " * 300 + "1",
    "what is " * 490,
    "the " * 900 + "sum",
    "is " * 1_300,
    "\\frac{" * 300 + "1" + "}{2}" * 300,
    "Which is the biggest value? " + "(a) 1 " * 400,
    "2" + "^2" * 500,
    "\x00",
    "",
    "   ",
    "?",
]


@pytest.mark.parametrize("question", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_question_is_refused(question: str) -> None:
    assert solve(question) is None


@pytest.mark.parametrize(
    "question", ["2^10000", "1000!", "1/7 to 999 digits", "What is " + "1+" * 700 + "1?"]
)
def test_long_but_honest_questions_are_answered(question: str) -> None:
    assert solve(question) is not None


def test_a_task_that_takes_too_long_is_killed() -> None:
    with pytest.raises(Refused):
        bounded("integral", "never read", "x", seconds=0.01)
