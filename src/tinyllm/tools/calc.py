"""Exact arithmetic for models that cannot do it in their heads."""

from tinyllm.errors import BadReply
from tinyllm.toolkit import tool


@tool(effect="pure")
async def evaluate(expression: str) -> str:
    """Work out an arithmetic expression exactly, such as (3/7)^12 or 15% of 240 plus 50."""
    from tinyllm.solvers import solve

    found = solve(expression)
    if found is None:
        raise BadReply(
            f"this is not arithmetic: {expression[:80]!r}",
            hint="write numbers, + - * / ^, brackets, % and nothing else",
        )
    return found.answer
