"""Do an answer's figures come from the tools that it used?"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from tinyllm.checks.figures import numbers
from tinyllm.checks.registry import check
from tinyllm.checks.results import result
from tinyllm.checks.verdict import NOTHING, Judged, Verdict
from tinyllm.errors import TinyError
from tinyllm.services import Services

SMALL = 10  # counts up to this are words rather than figures
MOST = 60  # figures of a result that are combined with each other
READ = 0.8
SCALES = (1, 100, 1000, 10**6, 10**9)


@check()
async def cites_tool(judged: Judged, services: Services) -> Verdict:
    """Each figure of the answer occurs in a tool's result or in the question, rounded or put together of two."""
    results = [message for message in judged.chatter if message["role"] == "tool"]
    useful = [each for each in results if not str(each["content"]).startswith("error:")]
    if not useful:
        return NOTHING
    found = [each for message in useful for each in numbers(str(message["content"]))]
    asked = numbers(judged.question)
    stated = [each for each in numbers(_prose(judged.answer)) if abs(each) > SMALL or each.denominator > 1]
    for figure in stated:
        if not _known(figure, found, asked):
            shown = f"{float(figure):g}"
            return Verdict.bad(f"{shown} is in no tool's result; use the figures that the tools gave")
    final = numbers(result(judged.answer))[-1:]
    # What a tool has looked up is evidence; what it merely calculated may be the wrong calculation.
    looked_up = any(_looks_up(str(each.get("name", "")), services) for each in useful)
    cited = bool(final) and _known(final[0], found, ())
    return Verdict.good("executed", READ) if looked_up and cited else NOTHING


def _prose(answer: str) -> str:
    """Without the numbers that count its lines."""
    lines = [line.lstrip() for line in answer.splitlines()]
    return "\n".join(
        line.split(" ", 1)[-1] if line[:1].isdigit() and line.split(" ", 1)[0][-1:] in ".)" else line
        for line in lines
    )


def _looks_up(name: str, services: Services) -> bool:
    try:
        return services.tools.get(name).effect != "pure"
    except TinyError:
        return False


def _known(figure: Fraction, found: Sequence[Fraction], asked: Sequence[Fraction]) -> bool:
    known = [*found, *asked]
    if any(_near(figure, each) for each in known):
        return True
    return any(
        _near(figure, value)
        for one, other in combinations(found[:MOST], 2)
        for value in _combined(one, other)
    )


def _combined(one: Fraction, other: Fraction) -> list[Fraction]:
    made = [one + other, one - other, other - one, one * other]
    if other:
        made += [one / other, (one - other) / other]
    if one:
        made += [other / one, (other - one) / one]
    return made


def _near(shown: Fraction, exact: Fraction) -> bool:
    """The same, rounded to the decimals that are shown; in thousands, in millions, or in percent."""
    if shown == exact:
        return True
    unit = _unit(shown)
    for scale in SCALES:
        scaled = exact * 100 if scale == 100 else exact / scale
        if abs(scaled - shown) <= unit / 2 and abs(scaled) >= 10 * unit:
            return True
    return False


def _unit(shown: Fraction) -> Fraction:
    """What it is rounded to: its last decimal, or the zeros at its end."""
    unit = Fraction(1)
    while shown.denominator > 1 and unit > Fraction(1, 10**12):
        shown, unit = shown * 10, unit / 10
    while unit >= 1 and shown and shown % 10 == 0:
        shown, unit = shown / 10, unit * 10
    return unit
