"""`tinyllm prove kill|concurrency|soak`: the promises of a transaction, tried."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer

from tinyllm.cli import say
from tinyllm.errors import UsageError

AS_JSON = typer.Option(False, "--json", help="Print JSON.")
EVIDENCE = typer.Option(None, "--evidence", help="Also write a section into this file.")
CONTROL = typer.Option("", "--control", help="Switch a promise off, to see that its absence is noticed.")


def _reported(found: dict[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    if as_json:
        say.data(found)
    else:
        for line in lines:
            say.answer(line)
    for example in found.get("examples", ()):
        say.line(f"{say.coloured('found', say.RED)}  {example}")
    if not found["passed"]:
        raise typer.Exit(1)


def kill(
    trials: int = typer.Option(300, "--trials", min=0, help="Kills at random moments."),
    seed: int = typer.Option(1, "--seed", help="Where chance starts."),
    shape: list[str] = typer.Option([], "--shape", help="Only this shape of graph; may be repeated."),
    control: str = CONTROL,
    every_write: bool = typer.Option(True, help="Kill at every durable write of each shape as well."),
    again: bool = typer.Option(False, "--again", help="Kill the recovery too, at each durable write."),
    evidence: Path | None = EVIDENCE,
    as_json: bool = AS_JSON,
) -> None:
    """Kill runs anywhere, and see that each is before or after itself, never between."""
    from tinyllm.prove import kill as proof
    from tinyllm.prove.controls import KILL_CONTROLS
    from tinyllm.prove.shapes import SHAPES

    _known(control, KILL_CONTROLS, "control")
    for name in shape:
        _known(name, [each.name for each in SHAPES], "shape")
    report = proof.prove(
        trials=trials,
        seed=seed,
        shapes=shape,
        control=control,  # type: ignore[arg-type]
        boundaries=every_write,
        again=again,
        tell=say.note,
    )
    found = report.as_dict()
    lines = proof.lines(report)
    if evidence is not None:
        _write(evidence, f"kill{' without: ' + control if control else ''}", lines)
    _reported({**found, "examples": [each.said for each in report.violations[:5]]}, lines, as_json=as_json)


def concurrency(
    processes: int = typer.Option(50, "--processes", min=1, help="Clients, each a process."),
    shared: int = typer.Option(8, "--shared", min=0, help="How many of them use one thread."),
    runs: int = typer.Option(4, "--runs", min=1, help="Turns of each client."),
    at_once: int = typer.Option(1, "--at-once", min=1, help="Turns at once in one client."),
    database: str = typer.Option("", "--database", help="A URL; a new SQLite file otherwise."),
    control: str = CONTROL,
    evidence: Path | None = EVIDENCE,
    as_json: bool = AS_JSON,
) -> None:
    """Let many processes append to threads of one database, and check the history."""
    from tinyllm.prove import concurrency as proof

    _known(control, ("", "no lease"), "control")
    load = proof.Load(database, processes, min(shared, processes), runs, at_once, control)  # type: ignore[arg-type]
    report = proof.prove(load)
    lines = proof.lines(report)
    if evidence is not None:
        name = f"concurrency {report.kind}{' without: ' + control if control else ''}"
        _write(evidence, name, lines)
    _reported(report.as_dict(), lines, as_json=as_json)


def soak(
    runs: int = typer.Option(2_000, "--runs", "--trials", min=100, help="Runs in one process."),
    evidence: Path | None = EVIDENCE,
    as_json: bool = AS_JSON,
) -> None:
    """Run thousands of times in one process, and see what grows."""
    import asyncio

    from tinyllm.prove import soak as proof

    report = asyncio.run(proof.prove(runs, say.note))
    lines = proof.lines(report)
    if evidence is not None:
        _write(evidence, "soak", lines)
    _reported({**report.as_dict(), "examples": report.failures}, lines, as_json=as_json)


def _known(given: str, names: Iterable[str], what: str) -> None:
    if given and given not in names:
        raise UsageError(
            f"there is no {what} {given!r}", hint=f"choose from: {', '.join(filter(None, names))}"
        )


def _write(path: Path, name: str, lines: list[str]) -> None:
    from tinyllm.prove.evidence import write

    try:
        write(path, name, lines)
    except OSError as failure:
        raise UsageError(
            f"{path} cannot be written: {failure.strerror}", hint="choose another file"
        ) from failure


def add(app: typer.Typer) -> None:
    for command in (kill, concurrency, soak):
        app.command()(command)
