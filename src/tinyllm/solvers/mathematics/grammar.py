"""Sentences → statements and one query. What is not consumed to the last word is declined."""

import re
from dataclasses import replace
from typing import Any

from tinyllm.solvers.mathematics import equations
from tinyllm.solvers.mathematics.answers import Equation
from tinyllm.solvers.mathematics.evaluation import Function, Value
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
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import ASK

_SENTENCE = re.compile(r"(?<=[.?;!])\s+(?=[A-Za-z(0-9])")
_CHOICE = re.compile(r"\(([a-j])\)\s*(.+?)\s*(?=\([a-j]\)|$)")
_STATEMENT = re.compile(
    r"^(?:(?:let us |let's )?(?:let|suppose|assume|define|given|consider|set|if|say|where|with|when|for|at)\b(?: that\b)?(?: the equation\b)?)\s+",
    re.IGNORECASE,
)
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
_CLAUSE = re.compile(r"(,\s*(?:and\s+)?(?:let\s+)?|;\s*|\s+and\s+(?:let\s+)?)")
_DEFINITION = re.compile(
    r"^(?P<name>[A-Za-z])(?:\s?\((?P<parameters>[a-z](?:,\s?[a-z])*)\))?\s*(?P<verb>:?=|\b(?:be|is|equals|denotes?|to be)\b)\s*(?P<body>.+)$"
)
_ASKING = re.compile(rf"^{ASK}\s+(?P<rest>.+)$", re.IGNORECASE)
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


# statements


def stated(reading: Reading, sentence: str) -> bool:
    """Take a sentence into the symbol table, if it is a statement."""
    sentence = without_politeness(sentence)
    body = _STATEMENT.sub("", sentence)
    if body == sentence and ("=" not in sentence or _ASKING.match(sentence)):
        return False
    clauses = _clauses(body)
    if clauses == [body] and "=" not in body and not _DEFINITION.match(body):
        return False
    found = _taken(reading, clauses)
    if found:
        equations.suppose(reading, found)
    reading.defined = True
    return True


def _taken(reading: Reading, clauses: list[str]) -> list[Equation]:
    """The equations among the clauses, after the definitions; a definition may use one that comes later."""
    found, late = [], []
    for clause in clauses:
        try:
            found.append(_clause(reading, clause))
        except NotUnderstood:
            late.append(clause)
    if late and len(late) == len(clauses):
        unclear("no definition")
    found += [_clause(reading, clause) for clause in late]
    return [equation for equation in found if equation is not None]


def _clauses(body: str) -> list[str]:
    """`x = 3 and y = 4` as two clauses; a piece that defines nothing belongs to the one before."""
    pieces = _CLAUSE.split(body)
    clauses = [pieces[0]]
    for separator, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if re.search(r"=|^[A-Za-z](?:\([a-z]\))? (?:be|is)\b", piece) and clauses[-1].count("(") == clauses[
            -1
        ].count(")"):
            clauses.append(piece)
        else:
            clauses[-1] += separator + piece
    return clauses


def _clause(reading: Reading, clause: str) -> Equation | None:
    """Define what a clause defines; what defines nothing is an equation."""
    match = _DEFINITION.match(clause)
    if match is None:
        return reading.equation(clause)
    name, body, equal = match["name"], match["body"], match["verb"] in ("=", ":=")
    if match["parameters"]:
        if name in reading.names.functions:
            return reading.equation(clause)
        _define_function(reading, name, tuple(re.split(r",\s?", match["parameters"])), body)
        return None
    if equal and (name in reading.names.values or "=" in body):
        return reading.equation(clause)
    return _define_name(reading, name, body, equal)


def _define_function(reading: Reading, name: str, parameters: tuple[str, ...], body: str) -> None:
    inner = replace(reading, failed=set(), names=reading.names.without(parameters), about=parameters[0])
    value = inner.phrase(body)
    reading.names.functions[name] = Function(parameters, value)
    reading.note(f"{name}({', '.join(parameters)}) = {reading.show(value)}")


def _define_name(reading: Reading, name: str, body: str, equal: bool) -> Equation | None:
    steps = len(reading.steps)
    value = reading.phrase(body)
    free = free_names(value)
    if equal and (
        name in free or (free and any(free & equations.unknowns(reading, e) for e in reading.pending)) or free
    ):
        del reading.steps[steps:]
        return reading.equation(f"{name} = {body}")
    reading.names.values[name] = value
    if not (reading.steps and reading.steps[-1].startswith(f"{name} = ")):
        reading.note(f"{name} = {reading.show(value)}")
    return None


def free_names(value: Value) -> frozenset[str]:
    if isinstance(value, Polynomial):
        return value.names
    return frozenset(map(str, value.free_symbols))


# the query


def asked(reading: Reading, text: str) -> Any:
    """The answer to the last sentence: a rule for the whole of it, or the value of what it names."""
    text = without_politeness(text)
    for pattern in (_FIRST, _BARE, _LAST):
        match = pattern.match(text)
        if match is not None:
            tried = replace(
                reading,
                names=replace(
                    reading.names, values=dict(reading.names.values), functions=dict(reading.names.functions)
                ),
                pending=list(reading.pending),
                failed=set(),
                steps=list(reading.steps),
            )
            try:
                if stated(tried, match["statement"]):
                    result = asked(tried, match["query"])
                    reading.__dict__.update(tried.__dict__)
                    return result
            except NotUnderstood:
                continue
    try:
        return reading.apply("query", text)
    except NotUnderstood:
        return _named(reading, text)


def _named(reading: Reading, text: str) -> Any:
    match = _ASKING.match(text)
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
