"""The suite of exact mathematics, made from a seed: `python -m tinyllm.evals.exact` writes it anew.

The answers are computed here, by other means than the solvers': integers, fractions and the calendar of Python.
"""

import json
import math
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any

SEED = 2024
EACH = 8
FILE = Path(__file__).parent / "suites" / "exact-math.jsonl"
HEAD = {
    "name": "exact-math",
    "description": "Mathematics that can be proved, and questions that cannot be: needs no model",
    "only": "exact",
}
Made = tuple[str, dict[str, Any]]
FAMILIES: dict[str, Callable[[Random], Made]] = {}


def family(make: Callable[[Random], Made]) -> Callable[[Random], Made]:
    FAMILIES[make.__name__.replace("_", "-")] = make
    return make


def number(value: Fraction | int) -> dict[str, Any]:
    """The demand for a number, exactly."""
    return {"numeric": {"value": str(Fraction(value)), "share": 0.0}}


@family
def arithmetic(chance: Random) -> Made:
    a, b, c = (chance.randint(2, 99) for _ in range(3))
    sign = chance.choice("+-")
    text = chance.choice(("What is {}?", "Calculate {}.", "Evaluate {}", "{} = ?"))
    return text.format(f"{a} * {b} {sign} {c}"), number(a * b + (c if sign == "+" else -c))


@family
def in_words(chance: Random) -> Made:
    a, b = chance.randint(20, 400), chance.randint(2, 19)
    word, value = chance.choice(
        [
            ("plus", Fraction(a + b)),
            ("minus", Fraction(a - b)),
            ("times", Fraction(a * b)),
            ("divided by", Fraction(a, b)),
        ]
    )
    return f"What is {a} {word} {b}?", number(value)


@family
def fractions(chance: Random) -> Made:
    a, b = (Fraction(chance.randint(1, 12), chance.randint(2, 12)) for _ in range(2))
    sign = chance.choice("+-*")
    value = {"+": a + b, "-": a - b, "*": a * b}[sign]
    return f"Calculate {a} {sign} {b}.", number(value)


@family
def decimals(chance: Random) -> Made:
    a, b = (Fraction(chance.randint(1, 9999), 100) for _ in range(2))
    return f"What is {float(a)} + {float(b)}?", number(a + b)


@family
def percentages(chance: Random) -> Made:
    share, whole = chance.randint(1, 95), chance.randint(2, 60) * 10
    return f"What is {share}% of {whole}?", number(Fraction(share * whole, 100))


@family
def discounts(chance: Random) -> Made:
    share, price = chance.randrange(5, 75, 5), chance.randint(2, 40) * 20
    return f"What is {share}% off ${price}?", number(Fraction(price * (100 - share), 100))


@family
def divisors(chance: Random) -> Made:
    a, b = (chance.randint(2, 30) * chance.choice((4, 6, 9)) for _ in range(2))
    if chance.random() < 0.5:
        return f"What is the greatest common divisor of {a} and {b}?", number(math.gcd(a, b))
    return f"What is the least common multiple of {a} and {b}?", number(math.lcm(a, b))


@family
def primes(chance: Random) -> Made:
    n = chance.randint(50, 2000) | 1
    prime = all(n % d for d in range(2, math.isqrt(n) + 1))
    return f"Is {n} a prime number?", {"equals": "yes" if prime else "no"}


@family
def remainders(chance: Random) -> Made:
    a, b = chance.randint(100, 9999), chance.randint(3, 97)
    return f"What is the remainder when {a} is divided by {b}?", number(a % b)


@family
def powers(chance: Random) -> Made:
    a, b = chance.randint(2, 12), chance.randint(2, 9)
    return f"What is {a} to the power of {b}?", number(a**b)


@family
def roots(chance: Random) -> Made:
    n = chance.randint(5, 90)
    return f"What is the square root of {n * n}?", number(n)


@family
def factorials(chance: Random) -> Made:
    n = chance.randint(3, 15)
    return f"What is {n} factorial?", number(math.factorial(n))


@family
def linear_equations(chance: Random) -> Made:
    a, x, b = chance.randint(2, 12), chance.randint(-20, 20), chance.randint(1, 40)
    return f"Solve {a}*x + {b} = {a * x + b} for x.", number(x)


@family
def quadratic_equations(chance: Random) -> Made:
    r, s = sorted(chance.sample([n for n in range(-9, 10) if n], 2))
    middle, last = -(r + s), r * s
    text = f"x^2 {'+' if middle >= 0 else '-'} {abs(middle)}*x {'+' if last >= 0 else '-'} {abs(last)} = 0"
    return f"Solve {text} for x.", {"numeric": {"value": [str(r), str(s)], "share": 0.0}}


@family
def two_equations(chance: Random) -> Made:
    x, y, a, b = (chance.randint(1, 9) for _ in range(4))
    return f"Solve {a}*x + y = {a * x + y}, x + {b + a}*y = {x + (b + a) * y} for x.", number(x)


@family
def functions(chance: Random) -> Made:
    a, b, x = chance.randint(2, 9), chance.randint(2, 9), chance.randint(-9, 9)
    return f"Let f(x) = {a}*x^2 - {b}*x. What is f({x})?", number(a * x * x - b * x)


@family
def slopes(chance: Random) -> Made:
    a, n, x = chance.randint(2, 9), chance.randint(2, 4), chance.randint(1, 4)
    return f"What is the derivative of {a}*x^{n} + x at x = {x}?", number(a * n * x ** (n - 1) + 1)


@family
def areas(chance: Random) -> Made:
    a, to = chance.randint(2, 9), chance.randint(1, 6)
    return f"What is the integral of {2 * a}*x from 0 to {to}?", number(a * to * to)


@family
def units(chance: Random) -> Made:
    n = chance.randint(2, 90)
    name, other, factor = chance.choice(
        [
            ("km", "metres", 1000),
            ("kg", "grams", 1000),
            ("hours", "minutes", 60),
            ("days", "hours", 24),
            ("metres", "cm", 100),
        ]
    )
    return f"Convert {n} {name} to {other}.", number(n * factor)


@family
def days_between(chance: Random) -> Made:
    first = date(2019, 1, 1) + timedelta(days=chance.randint(0, 2500))
    span = chance.randint(10, 500)
    return f"How many days are there between {first} and {first + timedelta(days=span)}?", number(span)


@family
def weekdays(chance: Random) -> Made:
    day = date(1990, 1, 1) + timedelta(days=chance.randint(0, 15000))
    return f"What day of the week was {day.day} {day:%B} {day.year}?", {"equals": f"{day:%A}"}


@family
def clocks(chance: Random) -> Made:
    hour, minute, later = chance.randint(0, 20), chance.randint(0, 59), chance.randint(15, 170)
    hours, minutes = divmod(hour * 60 + minute + later, 60)
    right = [f"{hours}:{minutes:02}", f"{hours:02}:{minutes:02}"]
    return f"What time is {later} minutes after {hour}:{minute:02}?", {"contains": [right]}


@family
def averages(chance: Random) -> Made:
    values = [chance.randint(1, 60) for _ in range(chance.randint(3, 7))]
    listed = ", ".join(map(str, values[:-1])) + f" and {values[-1]}"
    if chance.random() < 0.5:
        return f"What is the mean of {listed}?", number(mean(map(Fraction, values)))
    return f"What is the median of {listed}?", number(Fraction(median(map(Fraction, values))))


@family
def choices(chance: Random) -> Made:
    n, k = chance.randint(5, 14), chance.randint(2, 4)
    return f"In how many ways can {k} items be chosen from {n}?", number(math.comb(n, k))


@family
def bases(chance: Random) -> Made:
    n = chance.randint(20, 3000)
    if chance.random() < 0.5:
        return f"What is {n} in hexadecimal?", {"equals": [f"{n:x}", f"0x{n:x}"]}
    return f"Convert {n} from base 10 to base 2.", {"equals": [f"{n:b}", f"0b{n:b}"]}


@family
def rounding(chance: Random) -> Made:
    n, places = chance.randint(10000, 99999) * 10 + chance.choice((1, 2, 3, 6, 7, 8, 9)), chance.randint(1, 3)
    value = Fraction(n, 10**5)
    return f"Round {n / 10**5:.5f} to {places} decimal places.", number(
        Fraction(round(value * 10**places), 10**places)
    )


@family
def comparisons(chance: Random) -> Made:
    a, b = Fraction(chance.randint(1, 30), chance.randint(2, 31)), Fraction(chance.randint(1, 99), 100)
    if a == b or a.denominator == 1:
        return comparisons(chance)
    shown = f"{float(b):g}"
    return f"Which is bigger, {a} or {shown}?", {"equals": str(a) if a > b else shown}


@family
def sequences(chance: Random) -> Made:
    first, step, n = chance.randint(1, 20), chance.randint(2, 12), chance.randint(8, 40)
    terms = ", ".join(str(first + step * k) for k in range(3))
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"What is the {n}{ending} term of the arithmetic sequence {terms}?", number(first + step * (n - 1))


# Not mathematics alone: who answers these without knowing the world, or without guessing, is not exact.
BEYOND = (
    "What is 5 plus the number of planets?",
    "How much is 100 USD in EUR today?",
    "What is 1/0?",
    "Tom has some apples and eats 2. How many are left?",
    "How many people live in Lisbon, divided by 2?",
    "What is the largest prime number?",
    "A train leaves at noon. When does it arrive?",
    "How old is Maria if she is older than Tom?",
    "What is twice my age?",
    "How many grains of sand are there on a beach of 2 km?",
    "What is the next number after 2, 4, ...?",
    "What is 12 plus the price of a cup of coffee?",
    "If some birds sing and some singers dance, do some birds dance?",
    "What is the square root of the national debt?",
    "How many days are there until the next eclipse?",
    "What is x if x + y = 10?",
    "Which is heavier, 3 bags or 4 boxes?",
    "What is 15% of the rent?",
    "How many ways are there to leave a city?",
    "What is the average height of these people: tall, short, tall?",
)


def cases(seed: int = SEED, each: int = EACH) -> Iterator[dict[str, Any]]:
    """Every family, each with its own chance: a family more changes no other."""
    for name, make in FAMILIES.items():
        chance, seen = Random(f"{seed} {name}"), set[str]()  # noqa: S311 - not for secrets
        while len(seen) < each:
            question, wanted = make(chance)
            if question not in seen:
                seen.add(question)
                yield {"id": f"{name}-{len(seen)}", "question": question, "tags": [name], **wanted}
    for index, question in enumerate(BEYOND, 1):
        yield {"id": f"beyond-{index}", "question": question, "tags": ["beyond"], "declined": True}


def text(seed: int = SEED) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (HEAD, *cases(seed)))


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
