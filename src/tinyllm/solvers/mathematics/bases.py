"""Numbers written in other bases."""

import re

from tinyllm.solvers.mathematics.answers import Answer
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import query

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LONGEST = 400
NAMED = {
    "binary": 2,
    "ternary": 3,
    "octal": 8,
    "decimal": 10,
    "denary": 10,
    "duodecimal": 12,
    "hexadecimal": 16,
    "hex": 16,
}
_OPERATORS = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "+": "+", "-": "-", "*": "*"}
_PIECE = re.compile(r"\s*(plus|minus|times|multiplied by|[-+*])\s*(-?)([0-9a-z]+)", re.IGNORECASE)


def read(text: str, base: int) -> int:
    text = text.strip().lower()
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    digits = (
        re.sub(r"^0[xob](?=.)", "", digits)
        if base in (2, 8, 16) and digits[:2] == {2: "0b", 8: "0o", 16: "0x"}[base]
        else digits
    )
    if (
        not digits.isalnum()
        or not digits.isascii()
        or len(digits) > LONGEST
        or any(DIGITS.index(d) >= base for d in digits)
    ):
        unclear(f"{text} is no number in base {base}")
    return sign * int(digits, base)


def written(value: int, base: int) -> str:
    rest, digits = abs(value), ""
    while rest:
        rest, digit = divmod(rest, base)
        digits = DIGITS[digit] + digits
    return f"{'-' if value < 0 else ''}{digits or '0'}"


def base(text: str) -> int:
    """16 for `base 16` and `hexadecimal`; a number alone is no base."""
    word = text.lower().removeprefix("base ").strip()
    found = NAMED.get(word) or (int(word) if word.isdigit() and word != text else 0)
    return found if 2 <= found <= 36 else unclear(f"base {text}")


_CONVERT = "(convert|change|write|express|turn)"


@query(
    "<ask> {n:digits} \\( {a:base} \\) (to|in|into) {b:base}",
    "<ask> [value of] {n:digits} [(in|from)] {a:base} (to|in|into|as) {b:base}",
    "<ask> {a:base} [number] {n:digits} (to|in|into|as) {b:base}",
    f"{_CONVERT} {{n:digits}} \\( {{a:base}} \\) (to|in|into) {{b:base}}",
    f"{_CONVERT} {{n:digits}} [from|in] {{a:base}} (to|in|into|as) {{b:base}}",
    f"{_CONVERT} [the] {{a:base}} [number] {{n:digits}} (to|in|into|as) {{b:base}}",
)
def converted(say: Reading, n: str, b: int, a: int = 0) -> Answer:
    if not a:
        unclear("from which base")
    value = read(n, a)
    text = written(value, b)
    say.note(f"{n} in base {a} = {value} in base 10 = {text} in base {b}")
    return Answer(text, text)


@query(
    "<ask> {b:base} (of|form of|representation of|for) [the number] {n:digits}",
    "<ask> {n:digits} (to|into) {b:base}",
    f"{_CONVERT} [the] decimal [number] {{n:digits}} (in|as) [a] {{b:base}} [number]",
    f"{_CONVERT} [the] [decimal] [number] {{n:digits}} (to|into) [a] {{b:base}} [number]",
)
def from_ten(say: Reading, n: str, b: int) -> Answer:
    if n[:2].lower() in ("0x", "0b", "0o"):
        return converted(say, n, b, {"x": 16, "b": 2, "o": 8}[n[1].lower()])
    if not n.lstrip("-").isdigit() or (n.startswith("0") and len(n) > 1):
        unclear("from which base")
    return converted(say, n, b, 10)


@query(
    "<ask> {n:digits} (in|as) {b:base}",
    f"{_CONVERT} [the] [number] {{n:digits}} (in|as) [a] {{b:base}} [number]",
)
def written_in(say: Reading, n: str, b: int) -> Answer:
    """`1010 in binary` may be to be read in binary, or to be written so."""
    if b == 2 and len(n.lstrip("-")) > 1 and set(n) <= set("01-"):
        unclear("to binary, or from it")
    return from_ten(say, n, b)


@query("in {b:base}, <ask> {e:sum}")
def in_base(say: Reading, b: int, e: str) -> Answer:
    """Both the numbers and the result are written in the base."""
    match = re.match(r"\s*(-?)([0-9a-z]+)", e, re.IGNORECASE)
    if match is None:
        unclear("no sum")
    total, place = read(match[1] + match[2], b), match.end()
    said = [str(total)]
    while place < len(e):
        step = _PIECE.match(e, place)
        if step is None or (step[1] in ("*", "times") and len(said) > 1):
            unclear("no sum")
        operator, number = _OPERATORS[step[1].lower()], read(step[2] + step[3], b)
        total = total + number if operator == "+" else total - number if operator == "-" else total * number
        said += [operator, str(number)]
        place = step.end()
    if len(said) == 1:
        unclear("no sum")
    say.note(f"in base 10: {' '.join(said)} = {total}")
    text = written(total, b)
    return Answer(text, text)
