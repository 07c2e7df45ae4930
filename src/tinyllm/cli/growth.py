"""`tinyllm growth`: what a graph proposes to change of itself, tested, accepted, and taken back."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from tinyllm.cli import say
from tinyllm.cli.files import wrote
from tinyllm.errors import UsageError

if TYPE_CHECKING:
    from tinyllm.engine import Engine
    from tinyllm.growth import Known

app = typer.Typer(
    help="Let a graph grow: changes that are tested on what failed, tried on a part of the runs, and reversible.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
T = TypeVar("T")
GRAPH = typer.Option("", "--graph", "-g", help="The graph: a name or a file; the setting `graph` otherwise.")
NUMBER = typer.Argument(help="The patch's number, as `growth list` shows it.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
WHY = typer.Option("", "--why", help="Why, for the history.")
BUDGET = typer.Option(
    None, "--budget", min=1, help="Model calls that may be made; the setting growth_budget."
)


def _with(graph: str, work: Callable[["Engine"], Awaitable[T]]) -> T:
    """Work on one graph, and close what was opened whatever happens."""
    from tinyllm import settings
    from tinyllm.engine import Engine

    async def whole() -> T:
        async with Engine(graph, settings=settings.load()) as engine:
            return await work(engine)

    return asyncio.run(whole())


def _known(graph: str) -> "Known":
    from tinyllm.growth import Steps

    return _with(graph, lambda engine: Steps(engine).known())


@app.command("list")
def list_(graph: str = GRAPH, as_json: bool = AS_JSON) -> None:
    """List the patches of a graph and what became of them."""
    from tinyllm.growth import shown

    known = _known(graph)
    if as_json:
        say.data([{**patch.as_dict(), "stands": patch.stands(known.under(patch))} for patch in known.patches])
    elif not known.patches:
        say.note(f"{known.base.name} has not grown; `tinyllm growth run` looks whether it should")
    else:
        cells = (
            [str(p.number), p.state, p.strategy, p.node, p.why, shown(p.evidence)] for p in known.patches
        )
        say.table(cells, ("PATCH", "STATE", "HOW", "NODE", "WHY", "EVIDENCE"))


@app.command()
def show(
    number: int = NUMBER,
    graph: str = GRAPH,
    svg: bool = typer.Option(False, "--svg", help="Draw the graph before and after, with failure rates."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Write to this file instead of stdout."),
    as_json: bool = AS_JSON,
) -> None:
    """Show one patch: what it replaces, why, its evidence, and the graph before and after."""
    from tinyllm.growth import before_and_after, patch_of, picture

    known = _known(graph)
    patch = patch_of(known, number)
    if svg:
        _print(picture(known, patch), output)
    elif as_json:
        say.data(
            {**patch.as_dict(), "history": [d.as_dict() for d in known.history if d.patch.number == number]}
        )
    else:
        _print(before_and_after(known, patch), output)


def _print(text: str, output: Path | None) -> None:
    if output is None:
        say.answer(text)
        return
    wrote(output, text + "\n")


@app.command()
def diff(number: int = NUMBER, graph: str = GRAPH) -> None:
    """Show what a patch changes, as lines of the graph file that go and come."""
    from tinyllm.growth import difference, patch_of

    known = _known(graph)
    say.answer(difference(known, patch_of(known, number)), end="")


@app.command()
def run(
    graph: str = GRAPH,
    budget: int | None = BUDGET,
    timeout: float | None = typer.Option(None, "--timeout", min=1, help="Seconds it may take."),
    as_json: bool = AS_JSON,
) -> None:
    """One round of growing: decide what is on probation, and let the node that needs it most grow."""
    from tinyllm.growth import grow

    def told(event: Any) -> None:
        said = event.data.get("value")
        for text in said.get("said", ()) if isinstance(said, dict) else ():
            say.note(f"{event.node}: {text}")

    found = _with(graph, lambda e: grow(e, budget=budget, timeout=timeout, listen=None if as_json else told))
    if as_json:
        say.data(found.as_dict())
        return
    for decision in found.decisions:
        patch = decision.patch
        say.answer(f"patch {patch.number} ({patch.strategy} of {patch.node}): {patch.state}: {decision.why}")
    if not found.decisions:
        say.answer("; ".join(found.said))


@app.command("test")
def again(
    number: int = NUMBER, graph: str = GRAPH, budget: int | None = BUDGET, as_json: bool = AS_JSON
) -> None:
    """Ask the old and the new graph the known questions again, and keep what came of it."""
    from tinyllm.growth import retest, shown

    patch = _with(graph, lambda engine: retest(engine, number, budget=budget))
    if as_json:
        say.data(patch.as_dict())
    else:
        say.answer(f"{patch.evidence['verdict']}: {shown(patch.evidence)}")


@app.command()
def accept(number: int = NUMBER, graph: str = GRAPH, why: str = WHY, as_json: bool = AS_JSON) -> None:
    """Accept a patch by hand: it takes effect with the next run."""
    from tinyllm.growth import accept as accepted

    _said(_with(graph, lambda engine: accepted(engine, number, why)), as_json)


@app.command()
def revert(number: int = NUMBER, graph: str = GRAPH, why: str = WHY, as_json: bool = AS_JSON) -> None:
    """Take a patch back: the next run goes without it."""
    from tinyllm.growth import revert as reverted

    _said(_with(graph, lambda engine: reverted(engine, number, why)), as_json)


def _said(patch: Any, as_json: bool) -> None:
    if as_json:
        say.data(patch.as_dict())
    else:
        say.answer(f"patch {patch.number} ({patch.strategy} of {patch.node}) is {patch.state}")


@app.command()
def history(graph: str = GRAPH, as_json: bool = AS_JSON) -> None:
    """List every decision: when, by which run or person, and why."""
    import time

    known = _known(graph)
    if as_json:
        say.data([decision.as_dict() for decision in known.history])
        return
    if not known.history:
        say.note(
            f"nothing was decided of {known.base.name} yet; `tinyllm growth run` looks whether it should grow"
        )
        return
    cells = (
        [time.strftime("%Y-%m-%d %H:%M", time.localtime(d.patch.at)), str(d.patch.number), d.patch.state,
         d.run or "by hand", d.why]
        for d in known.history
    )  # fmt: skip
    say.table(cells, ("WHEN", "PATCH", "STATE", "RUN", "WHY"))


@app.command()
def export(
    graph: str = GRAPH,
    output: Path | None = typer.Option(
        None,
        "--output",
        "-o",
        help="The file, - is stdout; NAME.growth.yaml beside a graph of the project otherwise.",
    ),
) -> None:
    """Write the patches to NAME.growth.yaml for review in git; an accepted one there counts like in the table."""
    from tinyllm.growth import exported

    target = output or _beside(graph)
    text = exported(_known(graph))
    if target == Path("-"):
        say.answer(text, end="")
    else:
        _print(text.rstrip("\n"), target)


def _beside(graph: str) -> Path:
    """The file beside the graph, where that is a file of this project: beside another it counts for every project."""
    from tinyllm import settings
    from tinyllm.overlay import beside
    from tinyllm.spec import find

    loaded = settings.load()
    path = find(graph or loaded.graph, loaded)
    whole = path.resolve()
    own = (loaded.project or Path.cwd()).resolve()
    if whole.is_relative_to(settings.shipped().resolve()) or not whole.is_relative_to(own):
        raise UsageError(
            f"{path} is not a file of this project, and what lies beside it counts wherever it is used",
            hint=f"name a file with -o, such as -o {beside(path.name)}; -o - prints it",
        )
    return beside(str(path))
