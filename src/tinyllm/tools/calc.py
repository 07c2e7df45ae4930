"""Exact mathematics, units, dates and money for models that cannot do it in their heads."""

import asyncio
from typing import Literal

from tinyllm.errors import BadReply
from tinyllm.toolkit import tool
from tinyllm.tools import matrices

Measure = Literal[
    "mean", "median", "mode", "sum", "range", "variance", "standard deviation", "minimum", "maximum"
]


async def _answered(question: str, hint: str) -> str:
    """What the exact solvers say to a question in their grammar."""
    from tinyllm.solvers import solve

    found = await asyncio.to_thread(solve, question)
    if found is None:
        raise BadReply(f"this cannot be worked out: {question[:120]!r}", hint=hint, code="TOOL_INPUT")
    return found.answer


def _number(value: float) -> str:
    """A number as the solvers read it."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


@tool(effect="pure")
async def evaluate(expression: str) -> str:
    """Work out an arithmetic expression exactly, such as (3/7)^12 or 15% of 240 plus 50."""
    return await _answered(expression, "write numbers, + - * / ^, brackets, % and nothing else")


@tool(effect="pure")
async def solve(equations: str, unknown: str = "") -> str:
    """Solve an equation or a system for its unknowns, such as x^2 - 5x + 6 = 0 or x + y = 3, x - y = 1."""
    asked = f"solve {equations.replace(' and ', ', ')}"
    hint = "write equations with one-letter unknowns, such as 2x + 1 = 7"
    return await _answered(f"{asked} for {unknown}" if unknown else asked, hint)


@tool(effect="pure")
async def simplify(expression: str, how: Literal["simplify", "expand", "factor"] = "simplify") -> str:
    """Simplify, expand or factor an algebraic expression, such as (x^2 - 1)/(x - 1)."""
    return await _answered(
        f"{how} {expression}", "write an expression with one-letter names, such as x^2 - 1"
    )


@tool(effect="pure")
async def differentiate(expression: str, variable: str = "x") -> str:
    """The derivative of an expression, such as x^3 + sin(x)."""
    return await _answered(
        f"differentiate {expression} with respect to {variable}",
        "write an expression with one-letter names, such as x^3 + sin(x)",
    )


@tool(effect="pure")
async def integrate(expression: str, variable: str = "x", start: str = "", end: str = "") -> str:
    """The integral of an expression, such as x^2; with start and end the definite one."""
    asked = f"integrate {expression} with respect to {variable}"
    bounds = f" from {start} to {end}" if start and end else ""
    return await _answered(
        asked + bounds, "write an expression such as x^2, and both start and end or neither"
    )


@tool(effect="pure")
async def statistics(numbers: list[float], measure: Measure = "mean") -> str:
    """The mean, median, mode, sum, range, variance, standard deviation, minimum or maximum of numbers."""
    listed = ", ".join(map(_number, numbers))
    return await _answered(f"{measure} of {listed}", "give at least two numbers, such as [3, 5, 8]")


@tool(effect="pure")
async def matrix(
    operation: Literal["determinant", "inverse", "transpose", "rank", "multiply", "add", "solve"],
    a: list[list[float]],
    b: list[list[float]] | None = None,
) -> str | list[list[str]]:
    """Work with matrices as lists of rows: determinant, inverse, transpose, rank of a; a times b, a plus b, a x = b."""
    return await asyncio.to_thread(matrices.worked, operation, a, b)


@tool(effect="pure")
async def convert(amount: float, unit: str, to: str) -> str:
    """Convert an amount to another unit, such as 10 km to miles or 100 fahrenheit to celsius."""
    hint = "name both units in full and of one kind, such as kilometres and miles"
    return await _answered(f"convert {_number(amount)} {unit} to {to}", hint)


@tool(effect="pure")
async def base(number: str, to: int, start: int = 10) -> str:
    """Write a whole number in another base from 2 to 36, such as 255 to base 16."""
    hint = "give digits of the base it starts from, and bases from 2 to 36"
    return await _answered(f"convert {number} from base {start} to base {to}", hint)


@tool(effect="pure")
async def days_between(start: str, end: str) -> str:
    """How many days lie between two dates written like 2026-03-01."""
    return await _answered(f"days between {start} and {end}", "write both dates like 2026-03-01")


@tool(effect="pure")
async def date_after(
    date: str, number: int, unit: Literal["days", "weeks", "months", "years", "business days"] = "days"
) -> str:
    """The date a number of days, weeks, months or years after a date like 2026-03-01; a negative number goes back."""
    way = "after" if number >= 0 else "before"
    name = unit.removesuffix("s") if abs(number) == 1 else unit
    hint = "write the date like 2026-03-01; a month later must have that day"
    return await _answered(f"what date is {abs(number)} {name} {way} {date}", hint)


@tool(effect="pure")
async def weekday(date: str) -> str:
    """The day of the week of a date written like 2026-03-01."""
    return await _answered(f"what day of the week is {date}", "write the date like 2026-03-01")


@tool(effect="pure")
async def duration(expression: str) -> str:
    """Add, subtract or convert lengths of time, such as 2 hours 30 minutes plus 45 minutes, or 90 minutes in hours."""
    hint = "write lengths like 2 hours 30 minutes, with plus, minus or in"
    return await _answered(expression, hint)


@tool(effect="pure")
async def interest(
    amount: float,
    percent: float,
    years: float,
    compounded: Literal["never", "yearly", "quarterly", "monthly", "daily"] = "yearly",
) -> str:
    """The interest that an amount earns at a yearly percent over some years."""
    kind = "simple" if compounded == "never" else "compound"
    often = f" compounded {compounded}" if kind == "compound" else ""
    asked = f"{kind} interest on {_number(amount)} at {_number(percent)}% for {_number(years)} years{often}"
    return await _answered(asked, "give a positive amount, a yearly percent and a number of years")


@tool(effect="pure")
async def loan_payment(amount: float, percent: float, years: float) -> str:
    """The monthly payment of a loan at a yearly percent over some years."""
    asked = (
        f"monthly payment on a loan of {_number(amount)} at {_number(percent)}% over {_number(years)} years"
    )
    return await _answered(asked, "give a positive amount, a yearly percent and a number of years")
