"""Roman numerals, there and back."""

from tinyllm.solvers.mathematics.answers import Answer
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import query

GREATEST = 3_999
_SIGNS = tuple(
    zip(
        ["M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"],
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        strict=True,
    )
)


def written(n: int) -> str:
    text = ""
    for sign, worth in _SIGNS:
        text += sign * (n // worth)
        n %= worth
    return text


def read(text: str) -> int:
    """The number, if this is how it is written."""
    rest, total = text.upper(), 0
    for sign, worth in _SIGNS:
        while rest.startswith(sign):
            rest, total = rest[len(sign) :], total + worth
    return total if total and written(total) == text.upper() else unclear(f"{text} is no Roman numeral")


_AS = "(in|to|into|as) [a] roman (numeral|numerals|number)"


@query(
    f"<ask> {{n:integer}} {_AS}",
    f"(convert|write|change|express|turn) {{n:integer}} {_AS}",
    "<ask> roman (numeral|numerals) (for|of) {n:integer}",
)
def to_roman(say: Reading, n: int) -> Answer:
    text = written(n) if 1 <= n <= GREATEST else unclear("no Roman numeral")
    say.note(" + ".join(f"{sign} = {worth}" for sign, worth in _SIGNS if sign in text))
    return Answer(text, text)


@query(
    "<ask> [the] roman (numeral|number) {r:word} [(in|to|as) [a] (decimal|number|arabic numerals|numbers|digits)]",
    "(convert|change|turn) [the] roman (numeral|number) {r:word} (in|to|into) [a] (decimal|number|arabic numerals|integer|numbers|digits)",
    "<ask> {r:word} in (arabic numerals|roman numerals as a number)",
)
def from_roman(say: Reading, r: str) -> Polynomial:
    value = read(r)
    say.note(f"{r.upper()} = {value}")
    return Polynomial.number(value)
