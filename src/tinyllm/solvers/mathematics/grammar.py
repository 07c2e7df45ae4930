"""Sentences → statements and one query. What is not consumed to the last word is declined."""

import re
from typing import Any

from tinyllm.solvers.mathematics import equations
from tinyllm.solvers.mathematics.expressions import (
    Binary,
    Minus,
    Name,
    Node,
    NotUnderstood,
    Number,
    unclear,
)
from tinyllm.solvers.mathematics.notation import without_politeness
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import ASK, ASKING
from tinyllm.solvers.mathematics.statements import stated

_SENTENCE = re.compile(r"(?<=[.?;!])\s+(?=[A-Za-z(0-9])")
_CHOICE = re.compile(r"\(([a-j])\)\s*(.+?)\s*(?=\([a-j]\)|$)")
_FIRST = re.compile(
    rf"^(?P<statement>(?:let|suppose|assume|given|if|when|where|for|with)\b.*?=.*?)(?:,\s*(?:then\s+)?|\s+then\s+)(?P<query>(?:{ASK}|is|are|does|do|how|which|solve|factor|expand|simplify|differentiate|integrate)\b.*)$",
    re.IGNORECASE,
)
_LAST = re.compile(
    r"^(?P<query>.+?),?\s+(?P<statement>(?:if|when|where|given|for|at|with|assuming)\b(?: that\b)?\s+[^=]+=.+)$",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"^(?P<statement>[^=a-z]*[a-z]?[^=]*=.*?)(?:,\s*|\s+)(?P<query>(?:solve for|find|what is|calculate|determine)\s+[a-z])$"
)
_COLON = re.compile(r"(?<=[A-Za-z]):(?=\s)(?![^{]*\})")
_EQUALS = re.compile(r"\s+(?:is|are|equals?|makes?)(?: what)?$", re.IGNORECASE)
_WHAT = re.compile(
    r"^(?:what\s+(?:is\s+)?)?(?:the )?(?:(?:value|values|solution|solutions|result|answer)\s+(?:of|to|for)\s+)?",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^the\s+", re.IGNORECASE)
_LOOKALIKE = re.compile(
    r"\d{1,4}([-/])\d{1,2}\1\d{1,4}|(?:1[5-9]|20)\d\d-(?:(?:1[5-9]|20)\d\d|\d\d)|\d{3}-\d{4}|\d+(?:-\d+){2,}"
)
"""Dates, years, telephone numbers: written like a sum, meant as none."""
_AMOUNT = re.compile(r"[$€£](?=\d)")
_SHARE = re.compile(r"(?:%|percent|half|third|quarter)s? (?:of|off|off of) [$€£]\d[\d,.]*\W*$", re.IGNORECASE)
_IMAGINARY = re.compile(r"\di\b(?!\*)")
_CLAIM = re.compile(
    r"^(?:is it (?:true|correct|the case) that|true or false)[,:]?\s+(?P<claim>.+)$", re.IGNORECASE
)
_DECIMAL = re.compile(r"\d\.\d|\s\.\d|%|\bper ?cent\b", re.IGNORECASE)
_ENDING = re.compile(r"\s*(?:=\s*)?[?.\s]*$")


def read(text: str) -> tuple[Any, Reading]:
    """The result of the question, and the reading that found it."""
    text, currency = _without_currency(text)
    reading = Reading(
        decimals=bool(_DECIMAL.search(text)),
        currency=currency,
        imaginary=bool(_IMAGINARY.search(text)) and "*i" not in text,
    )
    text = _COLON.sub("", _choices(reading, text))
    begun = ""
    parts = _SENTENCE.split(text)
    for part in parts[:-1]:
        sentence = _ENDING.sub("", f"{begun}{part}")
        begun = "" if stated(reading, sentence) else f"{sentence}; "
    return asked(reading, _ENDING.sub("", begun + parts[-1])), reading


def _without_currency(text: str) -> tuple[str, str]:
    """A share of an amount of money is money: `85% of $1500`."""
    amounts = _AMOUNT.findall(text)
    if len(amounts) != 1 or not _SHARE.search(text):
        return text, ""
    return _AMOUNT.sub("", text), amounts[0]


def _choices(reading: Reading, text: str) -> str:
    """Take the lettered choices off the end of a question."""
    start = re.search(r"[?:.]\s+(?=\(a\)\s)", text)
    if start is None:
        return text
    found = _CHOICE.findall(text[start.end() :].rstrip(" ?."))
    if len(found) < 2 or [label for label, _ in found] != list("abcdefghij")[: len(found)]:
        unclear("the choices")
    reading.choices = tuple(found)
    return text[: start.end()]


def asked(reading: Reading, text: str) -> Any:
    """The answer to the last sentence: a rule for the whole of it, or the value of what it names."""
    text = _claimed(without_politeness(text))
    for pattern in (_FIRST, _BARE, _LAST):
        match = pattern.match(text)
        if match is not None:
            tried = reading.copy()
            try:
                if stated(tried, match["statement"]):
                    result = asked(tried, match["query"])
                    reading.become(tried)
                    return result
            except NotUnderstood:
                continue
    try:
        return reading.apply("query", text)
    except NotUnderstood:
        return _named(reading, text)


def _claimed(text: str) -> str:
    """`Is it true that 12 is even` as `is 12 even`."""
    match = _CLAIM.match(text)
    if match is None:
        return text
    subject, verb, rest = match["claim"].partition(" is ")
    return f"is {subject} {rest}" if verb else f"is {subject}"


def _named(reading: Reading, text: str) -> Any:
    match = ASKING.match(text)
    rest = match["rest"] if match else text
    rest = _WHAT.sub("", _EQUALS.sub("", rest))
    if len(rest) == 1 and rest.isalpha() and rest not in reading.names.values:
        return equations.solution(reading, rest)
    node = reading.loose(rest)
    if node is not None and not reading.defined and (_bare(node) or _LOOKALIKE.fullmatch(rest)):
        unclear("nothing to compute")
    return reading.worth(node) if node is not None else reading.apply("noun", _ARTICLE.sub("", rest))


def _bare(node: Node) -> bool:
    """A number is no question, and 9/11 or 24/7 may be none about numbers."""
    match node:
        case Number() | Name():
            return True
        case Minus(operand=operand):
            return _bare(operand)
        case Binary(operator="/", left=Number(value=top), right=Number(value=bottom), spoken=False):
            return bottom != 0 and ((top / bottom).denominator == bottom or top == bottom)
    return False
