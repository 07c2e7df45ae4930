"""Drawing without replacement: the probability of a sequence or of a collection."""

import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from math import comb, prod

from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.numerals import SMALL
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import query

MOST = 10_000
Bag = Mapping[str, int]
_PAIR = re.compile(r"\s*([A-Za-z])\s*:\s*(\d{1,5})\s*(?:,|$)")
_PART = re.compile(r"(\d+|an?|one|two|three|four|five)\s+([A-Za-z])(?:'?s)?")


def bag(text: str) -> Bag:
    """`{a: 2, b: 1}` or `aab`."""
    text = text.strip()
    if text.startswith("{"):
        inside = text.strip("{}")
        pairs = _PAIR.findall(inside)
        if _PAIR.sub("", inside).strip() or len({k for k, _ in pairs}) != len(pairs):
            unclear("the letters")
        counts = Counter({letter: int(n) for letter, n in pairs})
    else:
        counts = Counter(text) if text.isalpha() else unclear("the letters")
    return counts if 0 < sum(counts.values()) <= MOST else unclear("too many letters")


_LETTERS = "letters [are] [(picked|drawn|chosen|taken|selected|removed)] [(at random|randomly)] without replacement from {s:text}"
_PROB = "<ask> (prob|probability)"
_SEQUENCE = "(of [the] sequence|of getting the sequence|of [the] (picking|drawing) the sequence)"


@query(
    f"{{n:count}} {_LETTERS}; {_PROB} {_SEQUENCE} {{q:word}}",
    f"{_PROB} {_SEQUENCE} {{q:word}} (when|if) {{n:count}} {_LETTERS}",
)
def sequence(say: Reading, n: int, s: str, q: str) -> Polynomial:
    counts = bag(s)
    if len(q) != n or len(q) > sum(counts.values()):
        unclear("another number of letters")
    left, total = Counter(counts), sum(counts.values())
    chances: list[Fraction] = []
    for place, letter in enumerate(q):
        chances.append(Fraction(left[letter], total - place))
        left[letter] -= 1
        if left[letter] < 0:
            chances[-1] = Fraction(0)
    say.note(f"{' * '.join(f'({c})' for c in chances)} = {prod(chances)}")
    return Polynomial.number(prod(chances, start=Fraction(1)))


@query(
    f"{{n:count}} {_LETTERS}; {_PROB} of (picking|drawing|getting|choosing) [exactly] {{c:text}}",
    f"{_PROB} of (picking|drawing|getting|choosing) [exactly] {{c:text}} (when|if) {{n:count}} {_LETTERS}",
)
def collection(say: Reading, n: int, s: str, c: str) -> Polynomial:
    counts, wanted = bag(s), _wanted(c)
    total, drawn = sum(counts.values()), n
    if sum(wanted.values()) != drawn or drawn > total:
        unclear("another number of letters")
    ways = prod(comb(counts.get(letter, 0), k) for letter, k in wanted.items())
    result = Fraction(ways, comb(total, drawn))
    say.note(
        f"{' * '.join(f'C({counts.get(x, 0)}, {k})' for x, k in wanted.items())} / C({total}, {drawn}) = {result}"
    )
    return Polynomial.number(result)


def _wanted(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for piece in re.split(r",\s*(?:and\s+)?|\s+and\s+", text.strip()):
        match = _PART.fullmatch(piece.strip())
        if match is None:
            unclear("which letters")
        found[match[2]] += (
            int(match[1])
            if match[1].isdigit()
            else {"a": 1, "an": 1}.get(match[1].lower()) or SMALL[match[1].lower()]
        )
    return found
