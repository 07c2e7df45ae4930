"""Statements: definitions and equations that fill the symbol table."""

import re
from dataclasses import replace

from tinyllm.solvers.mathematics import equations
from tinyllm.solvers.mathematics.answers import Equation
from tinyllm.solvers.mathematics.evaluation import Function, Value
from tinyllm.solvers.mathematics.expressions import NotUnderstood, unclear
from tinyllm.solvers.mathematics.notation import without_politeness
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import ASKING

_STATEMENT = re.compile(
    r"^(?:(?:let us |let's )?(?:let|suppose|assume|define|given|consider|set|if|say|where|with|when|for|at)\b(?: that\b)?(?: the equation\b)?)\s+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(,\s*(?:and\s+)?(?:let\s+)?|;\s*|\s+and\s+(?:let\s+)?)")
_DEFINES = re.compile(r"=|^[A-Za-z](?:\([a-z]\))? (?:be|is)\b")
_DEFINITION = re.compile(
    r"^(?P<name>[A-Za-z])(?:\s?\((?P<parameters>[a-z](?:,\s?[a-z])*)\))?\s*(?P<verb>:?=|\b(?:be|is|equals|denotes?|to be)\b)\s*(?P<body>.+)$"
)


def stated(reading: Reading, sentence: str) -> bool:
    """Take a sentence into the symbol table, if it is a statement."""
    sentence = without_politeness(sentence)
    body = _STATEMENT.sub("", sentence)
    if body == sentence and ("=" not in sentence or ASKING.match(sentence)):
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
        closed = clauses[-1].count("(") == clauses[-1].count(")")
        if closed and _DEFINES.search(piece):
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
    names = reading.names.without(parameters)
    inner = replace(reading, failed=set(), names=names, about=parameters[0], ground=None)
    value = inner.phrase(body)
    reading.names.functions[name] = Function(parameters, value, inner.ground or _ground(reading, body))
    reading.note(f"{name}({', '.join(parameters)}) = {reading.show(value)}")


def _ground(reading: Reading, body: str) -> Value:
    """`f'(x)` exists where `f` does."""
    found = re.search(r"\b([A-Za-z])'", body)
    function = reading.names.functions.get(found[1]) if found else None
    return None if function is None or isinstance(function.body, Polynomial) else function.body


def _define_name(reading: Reading, name: str, body: str, equal: bool) -> Equation | None:
    steps = len(reading.steps)
    value = reading.phrase(body)
    free = free_names(value)
    if equal and free:
        # `y = 2*x` with x unknown relates the two: it is solved with the other equations.
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
