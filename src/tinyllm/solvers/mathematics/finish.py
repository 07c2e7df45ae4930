"""A result → a solution: what people read, what machines read, and how it was found."""

from fractions import Fraction
from typing import Any

from tinyllm.solvers.mathematics import shown
from tinyllm.solvers.mathematics.answers import Answer
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.solution import Solution

APPROXIMATE = 10
"""Significant digits that people are shown of a number without end."""


def solution(result: Any, reading: Reading) -> Solution:
    answer, machine = worded(result, reading)
    steps = tuple(dict.fromkeys(reading.steps))
    if not any(step.endswith(answer) or f"{answer} " in step for step in steps[-2:]):
        steps = (*steps, answer)
    return Solution(answer, machine, steps, reading.subject)


def worded(result: Any, reading: Reading) -> tuple[str, object]:
    """For people, and for machines."""
    if isinstance(result, Answer):
        return result.said, result.machine
    if isinstance(result, list):
        parts = [worded(part, reading) for part in result]
        return shown.listed([said for said, _ in parts]), [machine for _, machine in parts]
    if isinstance(result, Fraction | int):
        return _number(Fraction(result), reading)
    if isinstance(result, Polynomial) and not result.names:
        return _number(result.constant, reading)
    return _expression(result, reading)


def _number(value: Fraction, reading: Reading) -> tuple[str, object]:
    if reading.currency:
        text = shown.fraction(value, True)
        return f"{'-' if value < 0 else ''}{reading.currency}{shown.cents(abs(value))}", text
    text = shown.fraction(value, reading.decimals)
    if "/" in text:
        near = shown.trimmed(shown.significant(value, APPROXIMATE))
        reading.note(f"{text} {'=' if Fraction(near) == value else '≈'} {near}")
    return text, text


def _expression(result: Any, reading: Reading) -> tuple[str, object]:
    names = result.names if isinstance(result, Polynomial) else {s.name for s in result.free_symbols}
    if names and names <= {"pi", "e"} and not reading.lettered:
        from tinyllm.solvers.mathematics.symbolic import constants

        return _expression(constants(result), reading)
    if names == {"i"} and reading.imaginary:
        unclear("i may be the imaginary unit")
    if names and (reading.pending or not reading.defined):
        unclear(f"nobody said what {', '.join(sorted(names))} is")
    if not names:
        return _irrational(result, reading)
    text = shown.text(result, reading.decimals)
    return shown.spoken(text), text


def _irrational(result: Any, reading: Reading) -> tuple[str, object]:
    from tinyllm.solvers.mathematics.symbolic import digits, simplified

    exact = simplified(result)
    if exact.is_Rational:
        return _number(Fraction(int(exact.p), int(exact.q)), reading)
    text = str(exact)
    near = shown.trimmed(shown.significant(digits(exact, APPROXIMATE), APPROXIMATE))
    return f"{shown.spoken(text)} ≈ {near}", text
