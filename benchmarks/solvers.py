"""How many exact questions are answered, how many of the answers are right, how fast, and what is declined.

    python benchmarks/solvers.py [--data FILE] [--words FILE] [--json] [--show]
    python benchmarks/solvers.py --phrases docs/solvers.md

FILE holds one JSON object a line: `query`, `answer`, and `module` for the kind. Without a file the questions are
generated here, with answers known from how they were made. `--words` holds questions that must be declined.
Answers are compared by their machine value: symbolically, lists member by member. `--phrases` rewrites the list of
phrases that docs/solvers.md ends with.
"""

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import gcd
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from tinyllm.solvers import solve
from tinyllm.solvers.catalogue import phrases

BARS = {"right": 0.90, "right_of_answered": 0.995, "words_answered": 0.01, "solve_ms": 5.0, "decline_ms": 0.2}
ROUNDS = 12
Row = dict[str, Any]

STORIES = (
    "Mia has 12 apples and gives 5 to Tom. How many apples does she have left?",
    "A train leaves at 3 PM and travels at 60 mph. When does it arrive 180 miles away?",
    "If 3 painters need 4 days, how long do 6 painters need?",
    "What is 2 + 2 in Orwell's 1984?",
    "What is the square root of happiness?",
    "How many months have 28 days?",
    "What is 9/11?",
    "Who was the second man on the moon?",
    "What is the sum of all fears?",
    "Write a function that adds two numbers.",
    "Is this a prime example of irony?",
    "Tom is twice as old as Ann, who is 7. How old is Tom?",
)


def same(expected: str, value: object) -> bool:
    """Whether a value says what was expected."""
    if isinstance(value, list):
        parts = [part.strip() for part in expected.split(",")]
        return len(parts) == len(value) and all(
            same(part, one) for part, one in zip(parts, value, strict=True)
        )
    text = str(value)
    return expected == text or (not isinstance(value, bool) and _equal(expected, text))


def _equal(left: str, right: str) -> bool:
    import sympy

    names = {letter: sympy.Symbol(letter, positive=True) for letter in "abcdefghijklmnopqrstuvwxyz"}
    try:
        a, b = (sympy.sympify(text, locals=names, rational=True) for text in (left, right))
        return bool(sympy.simplify(a - b) == 0)
    except (sympy.SympifyError, TypeError, AttributeError, SyntaxError):
        return False


def rows_of(file: Path) -> list[Row]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


# questions made here


def _number(rng: random.Random, size: int = 999) -> int:
    return rng.randint(-size, size)


def _sum(rng: random.Random) -> tuple[str, str]:
    a, b, c = _number(rng), _number(rng), rng.randint(2, 99)
    return f"What is {a} - ({b} + {c})*{c}?", str(a - (b + c) * c)


def _percent(rng: random.Random) -> tuple[str, str]:
    p, whole = rng.randint(1, 99), rng.randint(2, 900)
    return f"how much is {p}% of {whole}", str(Fraction(p * whole, 100))


def _linear(rng: random.Random) -> tuple[str, str]:
    a, x, b = rng.randint(2, 30), _number(rng, 50), _number(rng)
    return f"Solve {a}*k + {b} = {a * x + b} for k.", str(x)


def _system(rng: random.Random) -> tuple[str, str]:
    x, y = _number(rng, 20), _number(rng, 20)
    return f"Suppose u + 2*v = {x + 2 * y}, 3*u - v = {3 * x - y}. What is u*v?", str(x * y)


def _roots(rng: random.Random) -> tuple[str, str]:
    low, high = sorted(rng.sample(range(-20, 20), 2))
    return f"Find the roots of x^2 + {-low - high}*x + {low * high}", f"{low}, {high}"


def _chain(rng: random.Random) -> tuple[str, str]:
    a, b, x = _number(rng, 9), _number(rng, 9), _number(rng, 9)
    return f"Let f(t) = {a}*t**2 + {b}. Let c be f({x}). Is c even?", str((a * x * x + b) % 2 == 0)


def _derivative(rng: random.Random) -> tuple[str, str]:
    a, n = rng.randint(2, 9), rng.randint(3, 9)
    return f"What is the second derivative of {a}*z**{n} + z wrt z?", f"{a * n * (n - 1)}*z**{n - 2}"


def _common(rng: random.Random) -> tuple[str, str]:
    a, b = rng.randint(2, 900), rng.randint(2, 900)
    return f"Calculate the greatest common factor of {a} and {b}.", str(gcd(a, b))


def _next(rng: random.Random) -> tuple[str, str]:
    a, b, c = _number(rng, 9), _number(rng, 9), _number(rng, 9)
    terms = [a * n * n + b * n + c for n in range(1, 7)]
    return f"What comes next: {', '.join(map(str, terms[:5]))}?", str(terms[5])


def _sorted(rng: random.Random) -> tuple[str, str]:
    numbers = rng.sample(range(-99, 99), 4)
    return f"Put {', '.join(map(str, numbers))} in descending order.", ", ".join(
        map(str, sorted(numbers)[::-1])
    )


def _base(rng: random.Random) -> tuple[str, str]:
    n = rng.randint(2, 9_999)
    return f"Convert {n:x} (base 16) to base 2.", f"{n:b}"


def _minutes(rng: random.Random) -> tuple[str, str]:
    start, length = rng.randint(60, 719), rng.randint(1, 59)
    end = start + length
    clock = [f"{t // 60 % 12 or 12}:{t % 60:02d} {'AM' if t < 720 else 'PM'}" for t in (start, end)]
    return f"How many minutes are there between {clock[0]} and {clock[1]}?", str(length)


def _unit(rng: random.Random) -> tuple[str, str]:
    n = rng.randint(1, 999)
    return f"How many grams are there in {n}/8 of a kilogram?", str(Fraction(1000 * n, 8))


def _rounded(rng: random.Random) -> tuple[str, str]:
    n = rng.randint(1_000, 99_949)
    return f"Round {n} to the nearest hundred.", str((n + 50) // 100 * 100)


def _draw(rng: random.Random) -> tuple[str, str]:
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    chance = Fraction(a, a + b) * Fraction(b, a + b - 1)
    return (
        f"What is prob of sequence xy when two letters picked without replacement from {{x: {a}, y: {b}}}?",
        str(chance),
    )


MAKERS: tuple[Callable[[random.Random], tuple[str, str]], ...] = (
    *(
        _sum,
        _percent,
        _linear,
        _system,
        _roots,
        _chain,
        _derivative,
        _common,
        _next,
        _sorted,
        _base,
        _minutes,
        _unit,
    ),
    *(_rounded, _draw),
)


def generated() -> Iterator[Row]:
    rng = random.Random(7)
    for make in MAKERS:
        for _ in range(ROUNDS):
            query, answer = make(rng)
            yield {"query": query, "answer": answer, "module": make.__name__.lstrip("_")}


# the measure


def measured(rows: list[Row], words: list[Row], *, show: bool) -> dict[str, Any]:
    solve("What is sqrt(2) + 2?")  # imports are paid once, before the clock
    right = answered = 0
    solving, declining = [], []
    kinds: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        found, seconds = timed(row["query"])
        (solving if found else declining).append(seconds)
        good = found is not None and same(row["answer"], found.value)
        right, answered = right + good, answered + (found is not None)
        tally = kinds[row.get("module", "all")]
        tally[:] = [tally[0] + 1, tally[1] + (found is not None), tally[2] + good]
        if show and not good:
            print(
                f"{'declined' if found is None else 'WRONG'}: {row['query']} = {row['answer']}, not {found and found.value}"
            )
    stories = [timed(row["query"]) for row in words]
    declining += [seconds for found, seconds in stories if found is None]
    return {
        "questions": len(rows),
        "answered": answered,
        "right": right / len(rows),
        "right_of_answered": right / max(answered, 1),
        "words": len(words),
        "words_answered": sum(found is not None for found, _ in stories) / max(len(words), 1),
        "solve_ms": round(1000 * median(solving), 3) if solving else 0.0,
        "decline_ms": round(1000 * median(declining), 3) if declining else 0.0,
        "kinds": {kind: {"asked": n, "answered": a, "right": r} for kind, (n, a, r) in sorted(kinds.items())},
    }


def timed(query: str) -> tuple[Any, float]:
    start = perf_counter()
    return solve(query), perf_counter() - start


def missed(result: dict[str, Any]) -> list[str]:
    """The bars that were not reached."""
    low = [bar for bar in ("right", "right_of_answered") if result[bar] < BARS[bar]]
    return low + [bar for bar in ("words_answered", "solve_ms", "decline_ms") if result[bar] > BARS[bar]]


def report(result: dict[str, Any]) -> str:
    lines = [
        f"{kind:36} {n['right']:4} of {n['asked']:4} right, {n['answered']:4} answered"
        for kind, n in result["kinds"].items()
    ]
    for bar, wanted in BARS.items():
        value = result[bar]
        shown = f"{value:.3f} ms" if bar.endswith("_ms") else f"{100 * value:.2f} %"
        limit = f"{wanted} ms" if bar.endswith("_ms") else f"{100 * wanted:g} %"
        lines.append(f"{bar:20} {shown:>12}   bar {limit:>8}   {'missed' if bar in missed(result) else 'ok'}")
    return "\n".join(lines)


def documented(page: str) -> str:
    """The page with the phrases of today after the first heading of a field."""
    head, _, _ = page.partition("\n### ")
    parts = (f"### {field}\n\n```text\n" + "\n".join(texts) + "\n```\n" for field, texts in phrases().items())
    return head + "\n" + "\n".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="questions with answers, one JSON object a line")
    parser.add_argument("--words", type=Path, help="questions that must be declined")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--show", action="store_true", help="print what was declined or wrong")
    parser.add_argument("--phrases", type=Path, help="rewrite the list that this page ends with")
    asked = parser.parse_args()
    if asked.phrases:
        asked.phrases.write_text(documented(asked.phrases.read_text("utf-8")), "utf-8")
        return 0
    rows = rows_of(asked.data) if asked.data else list(generated())
    words = rows_of(asked.words) if asked.words else [{"query": story} for story in STORIES]
    result = measured(rows, words, show=asked.show)
    print(json.dumps(result) if asked.json else report(result))
    return 1 if missed(result) else 0


if __name__ == "__main__":
    sys.exit(main())
