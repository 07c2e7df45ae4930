"""The scorers: each looks at an answer, and says nothing, or what is wrong with it.

They share no code with the checks of a gate: what a gate cannot see, a score must not overlook as well.
"""

import fnmatch
import json
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tinyllm.evals import declining, numbers, programs
from tinyllm.evals.case import Case, Code, Judge, Numeric

SHOWN = 120  # characters of an answer in a reason


@dataclass(frozen=True, slots=True)
class Given:
    """What a graph gave for a case."""

    case: Case
    answer: str
    value: Any = None
    status: str = "committed"
    route: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()  # that were called and gave a result
    judging: Callable[[Judge, str], Awaitable[str]] | None = None  # asks a model


Scorer = Callable[[Any, Given], Awaitable[str]]
SCORERS: dict[str, Scorer] = {}


def scorer(function: Scorer) -> Scorer:
    """Register a scorer under its own name."""
    SCORERS[getattr(function, "__name__", "").rstrip("_")] = function
    return function


async def scored(given: Given) -> dict[str, str]:
    """Each scorer of the case, with what is wrong; nothing where all is right."""
    return {name: await SCORERS[name](wanted, given) for name, wanted in given.case.wanted.items()}


@scorer
async def contains(wanted: tuple[str | tuple[str, ...], ...], given: Given) -> str:
    """Every text is in the answer, letter case and white space apart; of a list in the list, one is enough."""
    said = folded(given.answer)
    for each in wanted:
        ways = (each,) if isinstance(each, str) else each
        if not any(_within(folded(way), said) for way in ways):
            return f"{' or '.join(map(repr, ways))} is not in {shown(given.answer)}"
    return ""


@scorer
async def lacks(wanted: tuple[str, ...], given: Given) -> str:
    """None of the texts is in the answer."""
    said = folded(given.answer)
    found = next((text for text in wanted if _within(folded(text), said)), None)
    return f"{found!r} is in {shown(given.answer)}" if found is not None else ""


@scorer
async def equals(wanted: tuple[str, ...], given: Given) -> str:
    """The answer is one of the texts: letter case, white space, quotes and the full stop apart."""
    if bare(given.answer) in map(bare, wanted):
        return ""
    return f"it is {shown(given.answer)}, not {' or '.join(map(repr, wanted))}"


@scorer
async def numeric(wanted: Numeric, given: Given) -> str:
    """The answer comes to the number, or its last line to all of them."""
    values = [value for text in wanted.value if (value := numbers.exactly(text)) is not None]
    said = [numbers.last(given.answer)] if len(values) == 1 else numbers.every(given.answer)

    def is_(value: Any, found: tuple[Any, ...]) -> bool:
        return any(numbers.near(each, value, wanted.within, wanted.share) for each in found)

    right = len(said) == len(values) and all(any(is_(value, found) for found in said) for value in values)
    if right and said != [()]:
        return ""
    figures = ", ".join(str(found[0]) if found else "no number" for found in said) or "no number"
    return f"it comes to {figures}, not {', '.join(wanted.value)}"


@scorer
async def code(wanted: Code, given: Given) -> str:
    """The program in the answer passes the tests, in the sandbox."""
    return await programs.failing(given.answer, wanted.tests, wanted.timeout)


@scorer
async def schema(wanted: Mapping[str, Any], given: Given) -> str:
    """The answer is JSON that follows the schema; nothing else may stand around it but a fence."""
    from tinyllm.guard.reading import violation

    value = given.value
    if value is None or isinstance(value, str):
        fenced = re.fullmatch(r"\s*```(?:json)?\s*\n(.*?)\n?```\s*", given.answer, re.DOTALL)
        try:
            value = json.loads(fenced[1] if fenced else given.answer)
        except (ValueError, RecursionError):
            return f"it is not JSON: {shown(given.answer)}"
    return violation(value, wanted)


@scorer
async def route(wanted: tuple[str, ...], given: Given) -> str:
    """The router named these labels, and no other."""
    if set(given.route) == set(wanted):
        return ""
    return f"it went to {' + '.join(given.route) or 'no label'}, not {' + '.join(wanted)}"


@scorer
async def tools(wanted: tuple[str | tuple[str, ...], ...], given: Given) -> str:
    """Every tool was called and gave a result; of a list in the list, one is enough. `calc_*` is any of them."""
    for each in wanted:
        ways = (each,) if isinstance(each, str) else each
        if not any(fnmatch.filter(given.tools, way) for way in ways):
            return f"{' or '.join(ways)} was not called, but {', '.join(given.tools) or 'no tool'}"
    return ""


@scorer
async def judge(wanted: Judge, given: Given) -> str:
    """A model that did not answer finds that the answer follows the rubric."""
    return await given.judging(wanted, given.answer) if given.judging is not None else "there is no judge"


@scorer
async def declined(_wanted: bool, given: Given) -> str:
    """The graph refused, or the answer says that there is none."""
    if given.status == "refused" or declining.declines(given.answer):
        return ""
    return f"there is no answer, and it says {shown(given.answer)}"


def shown(text: str) -> str:
    """The beginning of an answer, on one line."""
    line = " ".join(text.split())
    return repr(line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…")


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("−", "-")
    return " ".join(plain.casefold().split())


def bare(text: str) -> str:
    """A short answer without what does not matter."""
    return folded(text).strip(" \t\"'`*_").rstrip(".!").strip(" \"'`*_")


def _within(text: str, said: str) -> bool:
    """Anywhere, but never a part of a number: `4` is not in `14` or `4.5`."""
    begins = r"(?<!\d)(?<!\d[.,])" if text[:1].isdigit() else ""
    ends = r"(?!\d|[.,]\d)" if text[-1:].isdigit() else ""
    return re.search(begins + re.escape(text) + ends, said) is not None
