"""`tinyllm eval`: put suites of cases to graphs, compare, and report."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tinyllm.cli import say
from tinyllm.cli.bar import Bar
from tinyllm.cli.files import wrote
from tinyllm.cli.stopping import unless_stopped
from tinyllm.errors import TinyError, UsageError

if TYPE_CHECKING:
    from tinyllm.evals import Comparison, Results
    from tinyllm.evals.trial import Progress

app = typer.Typer(
    help="Put suites of cases to graphs, compare, and report.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
OUT = typer.Option(None, "--out", "-o", help="The results file; one in the data folder otherwise.")


class Format(StrEnum):
    """The forms a report comes in."""

    markdown = "markdown"
    html = "html"
    junit = "junit"


@app.command()
def run(
    suite: str = typer.Argument(help="A suite's name (`tinyllm eval list`) or its file."),
    graph: list[str] = typer.Option(
        [], "--graph", "-g", help="The graph to measure; twice to compare two. The suite's own otherwise."
    ),
    as_json: bool = AS_JSON,
    parallel: int = typer.Option(4, "--parallel", "-p", min=1, max=64, help="Questions at the same time."),
    limit: int | None = typer.Option(None, "--limit", "-n", min=1, help="Only so many cases."),
    seed: int | None = typer.Option(None, "--seed", help="Draw the cases of --limit at random, repeatably."),
    model: str = typer.Option("", "--model", "-m", help="Use this model wherever the graph asks one."),
    out: Path | None = OUT,
    baseline: str = typer.Option(
        "", "--baseline", help="Earlier results; exit code 8 when the graph is significantly worse now."
    ),
    at_least: float = typer.Option(
        0.0, "--at-least", min=0, max=1, help="Exit code 8 when a smaller share is right, such as 0.9."
    ),
    cache: bool = typer.Option(
        False, "--cache/--no-cache", help="Use replies that are kept: quick, but then costs say little."
    ),
    fresh: bool = typer.Option(False, "--fresh", help="Ask again what the results file already has."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress."),
) -> None:
    """Ask every question of a suite and score the answers; run it again to go on where it stopped.

    \b
      tinyllm eval run exact-math -n 20
      tinyllm eval run exact-math -n 20 --at-least 0.9 --json
      tinyllm eval run exact-math -n 20 -o before.jsonl
      tinyllm eval run exact-math -n 20 -o now.jsonl --baseline before.jsonl

    Exit codes: 0 all cases have a result, 1 some have none (their run broke, or the judge had no verdict), 8 worse than the
    baseline or fewer right than --at-least, 4 no model server or no sandbox (what needs it stays open), 2 usage, 3 a
    broken suite, 130 interrupted.
    """
    from tinyllm import evals

    before = evals.Results.read(Path(baseline.partition("#")[0])) if baseline else None
    going = evals.run(
        suite,
        graph,
        out=out,
        parallel=parallel,
        limit=limit or 0,
        seed=seed,
        model=model,
        cached=cache,
        fresh=fresh,
        tell=None if quiet else _Bar().show,
    )
    how = "resume with the same command again: what was answered is kept"
    results = asyncio.run(unless_stopped(going, how))
    if results.stopped is not None and not results.rows:
        raise results.stopped
    between = _between(results, before, baseline.partition("#")[2])
    if as_json:
        say.data(_data(results, between))
    else:
        _told(results, between)
    _required(results, between if before is not None else [], at_least)


def _data(results: "Results", between: "list[Comparison]") -> dict[str, Any]:
    from tinyllm.evals import Summary

    compared = [each.as_dict() for each in between]
    return {
        "results": str(results.path),
        "graphs": [Summary(results.of(graph)).as_dict() for graph in results.graphs],
        **({"compared": compared} if compared else {}),
        **({"stopped": results.stopped.as_dict()} if results.stopped is not None else {}),
    }


def _required(results: "Results", before: "list[Comparison]", at_least: float) -> None:
    """An error where something is open, worse than before, too seldom right, or without a result."""
    from tinyllm import evals

    if results.stopped is not None:
        raise results.stopped
    for each in before:
        evals.held(each)
    sides = [results.of(graph) for graph in results.graphs]
    for side in sides:
        evals.enough(side, at_least)
    for side in sides:
        evals.settled(side)


def _between(results: "Results", before: "Results | None", graph: str) -> "list[Comparison]":
    """With a baseline each graph against it; without one, two graphs against each other."""
    from tinyllm.evals import compare

    if before is not None:
        return [
            compare(before.of(graph or (name if name in before.graphs else "")), results.of(name))
            for name in results.graphs
        ]
    names = results.graphs
    return [compare(results.of(names[0]), results.of(names[1]))] if len(names) == 2 else []


def _told(results: "Results", between: "list[Comparison]") -> None:
    from tinyllm.evals import Summary
    from tinyllm.evals.reports import figures, told

    summaries = [Summary(results.of(graph)) for graph in results.graphs]
    say.table(figures(summaries), ("", *(each.side.name for each in summaries)))
    for summary in summaries:
        for row in [row for row in summary.rows if not row.right][:10]:
            say.line(f"{say.coloured(row.outcome, say.RED)}  {say.harmless(f'{row.case}: {row.why}'[:200])}")
    for each in between:
        for line in told(each):
            say.answer(line)
    missed = next((row for row in results.rows.values() if not row.right and row.looked_at), None)
    if missed is not None:
        say.note(f"how {missed.case} went: {missed.looked_at}")
    say.note(f"results: {results.path}")


class _Bar:
    """How far it is: one line that changes on a terminal, a few lines in a log."""

    def __init__(self) -> None:
        self.bar = Bar()
        self.told = 0

    def show(self, progress: "Progress") -> None:
        left = progress.cases - progress.known
        if not progress.done:
            if progress.known:
                say.note(f"{progress.known} of {progress.cases} cases were answered before")
            return
        text = f"{progress.done}/{left} asked, {progress.right} right"
        if self.bar.live:
            self.bar.show(progress.done, left, f"{progress.right} right")
            if progress.done == left:
                self.bar.close()
        elif progress.done == left or progress.done * 10 // left > self.told:
            self.told = progress.done * 10 // left
            say.note(text)


@app.command()
def compare(
    a: str = typer.Argument(help="Earlier results, FILE or FILE#GRAPH."),
    b: str = typer.Argument(
        "", help="Later results; left out, the two graphs of the first file are compared."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Compare two results case by case: exit code 8 when B is significantly worse than A.

    \b
      tinyllm eval run exact-math -n 20 -o before.jsonl
      tinyllm eval run exact-math -n 20 -o now.jsonl
      tinyllm eval compare before.jsonl now.jsonl
    """
    from tinyllm import evals
    from tinyllm.evals.reports import told

    if b:
        found = evals.compare(a, b)
    else:
        results = evals.Results.read(Path(a))
        if len(results.graphs) != 2:
            raise UsageError(
                f"{a} has results of {len(results.graphs)} graph(s)", hint="name two results files"
            )
        found = evals.compare(results.of(results.graphs[0]), results.of(results.graphs[1]))
    if as_json:
        say.data(found.as_dict())
    else:
        for line in told(found):
            say.answer(line)
    evals.held(found)


@app.command()
def report(
    results: Path = typer.Argument(help="A results file."),
    format: Format = typer.Option(Format.markdown, "--format", "-f", help="markdown, html or junit."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Write to this file instead of stdout."),
) -> None:
    """Report results: as Markdown, as one page of HTML with plots, or as JUnit XML.

    \b
      tinyllm eval run exact-math -n 20 -o now.jsonl
      tinyllm eval report now.jsonl
      tinyllm eval report now.jsonl --format html -o report.html
    """
    from tinyllm import evals

    _written(evals.report(evals.Results.read(results), format.value), output)


def _written(text: str, output: Path | None) -> None:
    if output is None:
        say.answer(text, end="")
        return
    wrote(output, text)


@app.command()
def population(
    suites: list[str] = typer.Argument(help="Suites, by name or file."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Write to this file instead of stdout."),
) -> None:
    """Write a population of simulated models that know these suites, for `tinyllm sim serve FILE`.

    \b
      tinyllm eval population code tools -o crowd.yaml

    Where a suite has a question that the models know already, what the suite says counts.
    """
    import yaml

    from tinyllm import evals, settings
    from tinyllm.testing.simulator.reading import SMALL

    loaded = settings.load()
    small = yaml.safe_load(SMALL.read_text("utf-8"))
    own = (evals.read(evals.find(name, loaded)) for name in suites)
    whole = {**small, "gold": evals.known(own, small.get("gold", ()))}
    said = "# Simulated models that know some suites: nothing that they say is real.\n"
    _written(said + yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=120), output)


@app.command("list")
def list_(as_json: bool = AS_JSON) -> None:
    """List the suites that are found by name, and the results that are kept."""
    from tinyllm import evals, settings

    loaded = settings.load()
    suites = [_suite(name, path) for name, path in evals.listed(loaded).items()]
    files = sorted(evals.folder(loaded).glob("*.jsonl"))
    if as_json:
        say.data({"suites": suites, "results": [str(path) for path in files]})
        return
    say.table(
        ([row["name"], str(row["cases"]), row["description"]] for row in suites), ("SUITE", "CASES", "ABOUT")
    )
    for path in files:
        say.answer(f"results: {path}")


def _suite(name: str, path: Path) -> dict[str, Any]:
    from tinyllm import evals

    try:
        suite = evals.read(path)
    except TinyError as failure:
        return {
            "name": name,
            "cases": 0,
            "description": f"broken: {failure.message.splitlines()[0]}",
            "file": str(path),
        }
    return {"name": name, "cases": len(suite.cases), "description": suite.description, "file": str(path)}
