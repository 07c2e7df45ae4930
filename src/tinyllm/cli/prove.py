"""`tinyllm prove`: try what is promised until it breaks or does not; each proof is one command."""

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

import typer

from tinyllm.cli import proofs, say
from tinyllm.errors import UsageError

if TYPE_CHECKING:
    from tinyllm.prove.faults import Outcome

app = typer.Typer(
    help="Try what is promised until it breaks or does not.", rich_markup_mode=None, add_completion=False
)
AS_JSON = typer.Option(False, "--json", help="Print one line of JSON per cell.")
POINTS = ("first", "mid", "whole", "tool", "schema", "route", "show")
proofs.add(app)


@app.callback()
def prove() -> None:
    """Each proof is a command, and ends with 1 when something did not hold."""


@app.command()
def faults(
    only: str = typer.Option(
        "", "--only", help="Cells whose name contains this, such as `reset` or `/ tool`."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Break every call at every point, against simulated models behind a bad network."""
    outcomes = asyncio.run(_outcomes(only, as_json))
    if not outcomes:
        raise UsageError(f"no cell's name contains {only!r}", hint="`tinyllm prove faults` shows them all")
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if not as_json:
        _table(outcomes)
    for outcome in failed:
        say.line(f"{say.coloured('failed', say.RED)}  {outcome.name}: {'; '.join(outcome.wrong)}")
    say.note(f"{len(outcomes) - len(failed)} of {len(outcomes)} cells hold")
    if failed:
        raise typer.Exit(1)


async def _outcomes(only: str, as_json: bool) -> "list[Outcome]":
    from tinyllm.prove.faults import prove as tried

    found = []
    async for outcome in tried(only):
        found.append(outcome)
        if as_json:
            say.row(outcome.as_dict())
    return found


def _table(outcomes: "list[Outcome]") -> None:
    """A line per fault, a column per point of a call."""
    lines: dict[str, dict[str, str]] = defaultdict(dict)
    for outcome in outcomes:
        fault, _, rest = outcome.name.partition(" / ")
        point, _, before = rest.partition(" ")
        lines[f"{fault} {before}".strip()][point] = "ok" if outcome.passed else "FAILED"
    shown = ([fault, *(cells.get(point, "") for point in POINTS)] for fault, cells in lines.items())
    say.table(shown, ("FAULT", *(point.upper() for point in POINTS)))
