"""The words that the grammar knows. A question with any other word is declined before anything is parsed."""

import re
from functools import cache
from importlib import import_module

from tinyllm.solvers.mathematics.expressions import FUNCTIONS
from tinyllm.solvers.mathematics.numerals import PLACES, SCALES, WORDS
from tinyllm.solvers.mathematics.rules import RULES

FIELDS = (
    *(
        "probability",
        "clock",
        "units",
        "bases",
        "roman",
        "comparison",
        "sequences",
        "rounding",
        "calculus",
        "integers",
        "combinatorics",
    ),
    *("algebra", "arithmetic"),
)
"""The files that hold the rules, in the order in which their rules are tried."""

_WORD = re.compile(r"(?<!\b0)[a-z]{2,}")
_ROMAN = re.compile(r"[ivxlcdm]+")
_DIGITS = re.compile(r"[a-f]+")
_PRODUCTS = re.compile(r"[xyz]{2,3}|[abc]{2,3}|d[xyztu]|[mnpq]{2}|st|nd|rd|th")
_PLAIN = (
    "what is are whats how much many calculate compute find out evaluate determine give me work figure tell state get obtain "
    "derive provide express let suppose assume define given consider set if say where with when for at that us the equation "
    "be equals equal denote denotes then and also next finally now please kindly can could would will you want to know need "
    "hi hello hey ok okay so well quick question quickly just show help do thanks thank exactly value values solution "
    "solutions result answer number exact expression an of plus minus times multiplied by divided over modulo mod power "
    "raised squared cubed factorial percent per cent pi take away or does list write down return infinity oo inf once twice noon midnight midday am pm half base true false case correct ll ve re"
)


@cache
def known() -> frozenset[str]:
    """Every word of every rule, and the words that need no rule."""
    for name in FIELDS:
        import_module(f"tinyllm.solvers.mathematics.{name}")
    # Whoever imported one of them before must not change which rule is tried first.
    # A slice, because another question may be going through the list in another thread.
    RULES[:] = sorted(RULES, key=lambda rule: FIELDS.index(rule.field))
    words = {word for rule in RULES for word in rule.words}
    from tinyllm.solvers.mathematics.bases import NAMED
    from tinyllm.solvers.mathematics.units import WORDS as UNITS

    return frozenset(
        words
        | NAMED.keys()
        | UNITS
        | set(_PLAIN.split())
        | FUNCTIONS
        | WORDS
        | set(SCALES)
        | {part for place in PLACES for part in place.split()}
    )


def speaks(text: str) -> bool:
    """Whether every word of the text is one that the grammar knows."""
    lowered = text.lower()
    words = known()
    letters = "replacement" in lowered or "sequence of letters" in lowered
    based = "base" in lowered or "hex" in lowered or "0x" in lowered
    roman = "roman" in lowered or "arabic" in lowered
    for match in _WORD.finditer(lowered):
        word = match[0]
        if (
            word not in words
            and not _PRODUCTS.fullmatch(word)
            and not letters
            and not (based and _DIGITS.fullmatch(word))
            and not (roman and _ROMAN.fullmatch(word))
        ):
            return False
    return True
