"""What an answer states as its result."""

import re

from tinyllm.checks.blocks import ends_of
from tinyllm.checks.figures import numbers

MARKS = (
    re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}"),
    re.compile(r"####\s*([^\n]+)"),
    re.compile(
        r"(?im)^[^\w\n]*_*(?:the\s+)?(?:final\s+)?(?:answer|result)\W*?\s*(?:[:=]|\bis\b)[ \t*_:]*([^\n]*\S)"
    ),
    re.compile(r"(?i)\b(?:final\s+)?(?:answer|result)\s*(?:is|[:=])[ \t*_:]*([^\n]*?\S)(?=\.?\s*$|\.\s|\n)"),
)
CONCLUDES = re.compile(
    r"(?i)\b(?:so|therefore|thus|hence|makes?|equals|gives?|is|are|be|totals?|leaves?|gets?|has|have)\b"
)
PARTING = re.compile(r"(?i)\W*(?:hope|let me|feel free|if you|please|do you|would you|note|thank)\b")
LISTED = re.compile(r"\d\s*(?:\bor\b|\band\b|[,;])\s*[-−]?\d")
TAIL = 4_000  # characters that are looked at


def stated(answer: str) -> str:
    """The part of an answer that states its result; empty when it marks none."""
    answer = answer[-TAIL:]
    for mark in MARKS:
        if found := list(mark.finditer(answer)):
            return found[-1].group(1).strip().strip("*_` ")
    return ""


def result(answer: str) -> str:
    """What it states, or else its last line that has a number, from the last equals sign on."""
    if marked := stated(answer):
        return marked
    answer = answer[-TAIL:]
    lines = [line for line in answer.splitlines() if not PARTING.match(line) and numbers(line)][-1:]
    if not lines:
        return " ".join(answer.split())[-200:]
    sentences = [each for each in re.split(r"(?<=[.!?])\s+(?=[A-Z])", lines[-1]) if numbers(each)]
    last = last_side(sentences[-1] if sentences else lines[-1])
    said = [part for part in CONCLUDES.split(last) if numbers(part)] if len(numbers(last)) > 1 else []
    return said[-1].strip() if said and not LISTED.search(last) else last


def last_side(text: str) -> str:
    """Behind the last equals sign, where there is a number behind it and it is not one of several solutions."""
    if re.search(r"=[^=]*(?:\bor\b|\band\b|,|;)[^=]*=", text):
        return text.strip()
    tail = re.split(r"(?<![<>!])[=≈]", text)[-1]
    return tail.strip() if numbers(tail) else text.strip()


QUANTITY = re.compile(
    r"(?i)\bhow (?:many|much|far|long|old|tall|fast|big|heavy|often)\b|\bcalculate\b|\bcompute\b|\bevaluate\b|\bsimplify\b"
    r"|\bsolve\b|\bpercent(?:age)?\b|\bprobability\b|\bremainder\b|\baverage\b|\bperimeter\b|\bfind the (?:value|sum|number|area|product)\b"
    r"|\b(?:what|find)\b.*\b(?:sum|difference|product|quotient|total|value|area|volume|number|cost|price|distance|speed|mean|median|ratio|age)\b"
    r"|\d\s*[-+*/^×÷]\s*\d"
)


def asks_for_a_quantity(question: str) -> bool:
    return QUANTITY.search(ends_of(question)) is not None
