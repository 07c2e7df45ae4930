"""`tinyllm batch`: any graph over many inputs."""

import asyncio
import shlex
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tinyllm.cli import many, say
from tinyllm.cli.bar import Bar
from tinyllm.cli.run import object_of
from tinyllm.cli.stopping import unless_stopped
from tinyllm.errors import UsageError
from tinyllm.steady import once

if TYPE_CHECKING:
    from tinyllm.batch import Order, Progress, Summary, Tell
    from tinyllm.growth import Round

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def batch(
    source: str = typer.Argument(
        "", metavar="IN", help="One row a line: *.jsonl, *.txt or *.csv; `-` reads stdin."
    ),
    output: Path | None = typer.Option(
        None, "--output", "-o", metavar="OUT", help="Where the answers go: a line of JSON for each row."
    ),
    graph: str = many.GRAPH,
    inputs: str = many.INPUTS,
    model: str = many.MODEL,
    parallel: int = many.PARALLEL,
    limit: int = many.LIMIT,
    retry: bool = typer.Option(False, "--retry-failed", help="Ask the rows again that failed."),
    restart: bool = typer.Option(False, "--restart", help="Empty the output, and begin anew."),
    timeout: float = many.TIMEOUT,
    approve: list[str] = typer.Option(
        [], "--approve", metavar="PATTERN", help="Say yes ahead to a tool: NAME, or NAME:TEXT."
    ),
    workspace: str = typer.Option("", "--workspace", help="The folder that tools are kept in."),
    schema: str = typer.Option("", "--schema", help="A JSON schema, or @FILE, that the answers must follow."),
    grow: bool | None = typer.Option(
        None, "--grow/--no-grow", help="Let the graph grow afterwards; as `growth_mode` says otherwise."
    ),
    no_cache: bool = typer.Option(False, "--no-cache", help="Ask afresh, and keep no reply."),
    as_json: bool = typer.Option(False, "--json", help="Print the summary as JSON."),
    quiet: bool = many.QUIET,
) -> None:
    """Put many questions to a graph: in parallel, answered in order, none twice.

    A row is {"question": "…"}, {"inputs": {…}} or "…", with an `id` and a `thread` if you like; in a *.txt each line is a
    question, in a *.csv each column that is named `question`, `prompt`, `id`, `thread` or as an input of the graph. The output has one line for each row, as `run --json` prints it, or with
    `error`, `hint`, `code` and `exit_code` where the row failed.

    \b
      tinyllm batch questions.jsonl -o answers.jsonl
      tinyllm batch texts.csv -o reviews.jsonl -g review --parallel 8
      tinyllm batch questions.jsonl -o answers.jsonl --retry-failed

    Stopped or killed, the same command goes on: what is committed is not asked again.
    Exit codes: 0 all answered, 1 some failed, 5 some not to standard, 6 some wait for a person, 4 no model server (the
    rest stays open), 2 usage, 130 interrupted.
    """
    from tinyllm.batch import Order

    if not source or output is None or str(output) == "-":
        raise UsageError(
            "name the input and a file for the output", hint="tinyllm batch questions.jsonl -o answers.jsonl"
        )
    if retry and restart:
        raise UsageError("--retry-failed and --restart exclude each other", hint="--restart asks every row")
    order = Order(
        object_of(inputs, "--input"), model, tuple(approve), timeout, parallel, limit, retry, restart
    )
    bar = None if quiet else Bar()
    flags = {"workspace": workspace or None, "cache": "off" if no_cache else None}
    asked = _Asked(source, output, graph, object_of(schema, "--schema"), flags, grow)
    how = f"go on with the same command: {_command(restart)}"
    try:
        summary, round_ = asyncio.run(unless_stopped(asked.whole(order, bar), how))
    finally:
        if bar is not None:
            bar.close()
    _told(summary, round_, as_json=as_json, quiet=quiet)
    if summary.stopped is not None:
        say.failure(summary.stopped)
        say.line(how)
    raise typer.Exit(summary.exit_code)


@dataclass(frozen=True)
class _Asked:
    """What is asked of which graph."""

    source: str
    output: Path
    graph: str
    schema: dict[str, Any]
    flags: dict[str, Any]
    grow: bool | None

    async def whole(self, order: "Order", bar: Bar | None) -> "tuple[Summary, Round | None]":
        from tinyllm import settings
        from tinyllm.batch import Output, Source, run
        from tinyllm.engine import Engine
        from tinyllm.growth import due, grow_if_due

        loaded = settings.load(self.flags)
        if self.grow and loaded.growth_mode == "off":
            raise UsageError("growing is off", hint="set growth_mode to auto or propose, or leave out --grow")
        with closing(Source.open(self.source)) as source:
            async with Engine(self.graph, settings=loaded, schema=self.schema) as engine:
                with Output(self.output, engine.clock) as output:
                    summary = await run(engine, source, output, order, _steadily(many.telling(bar)))
                if self.grow is False or summary.stopped is not None or not await due(engine):
                    return summary, None
                if bar is not None:
                    bar.close()
                    say.note(
                        f"all rows are written; the graph grows, with at most {loaded.growth_budget} calls"
                    )
                return summary, await grow_if_due(engine)


def _steadily(tell: "Tell") -> "Tell":
    """When a row is answered all is loaded; from then on this process works on rows alone."""
    over = once()

    def told(progress: "Progress") -> None:
        tell(progress)
        if progress.done > progress.failed:
            over()

    return told


def _command(restart: bool) -> str:
    """The command line again, without what would begin anew."""
    words = [word for word in sys.argv[1:] if not (restart and word == "--restart")]
    return shlex.join(["tinyllm", *words])


def _rows(summary: "Summary") -> str:
    """How many, whence, and what became of them."""
    found = summary.as_dict()
    names = ("committed", "refused", "failed", "waiting", "open")
    parts = ", ".join(f"{found[name]:,} {name}" for name in names if found[name])
    of = f" of {summary.total:,}" if summary.open else ""
    before = summary.known + summary.restored
    whence = f" ({summary.asked:,} asked now, {before:,} taken from before)" if before else ""
    return f"{summary.rows:,}{of} {'row' if summary.total == 1 else 'rows'}{whence}: {parts or 'none'}"


def _counted(rows: int) -> str:
    return f"{rows:,} {'row' if rows == 1 else 'rows'}"


def _told(summary: "Summary", round_: "Round | None", *, as_json: bool, quiet: bool) -> None:
    found = summary.as_dict()
    if round_ is not None:
        found["growth"] = {"run": round_.run, "said": list(round_.said), "calls": round_.calls}
    if as_json:
        say.data(found)
    if as_json or quiet:
        return
    say.line(_rows(summary))
    spent = (
        f"this call: {summary.seconds:.1f} s, {found['tokens']['in']:,} + {found['tokens']['out']:,} tokens"
    )
    models = ", ".join(f"{model} in {_counted(rows)}" for model, rows in found["models"].items())
    say.note("; ".join(each for each in (spent, models) if each))
    if summary.restored:
        say.note(
            f"written to the output from the database, and not asked again: {_counted(summary.restored)}"
        )
    for line in summary.reasons.lines():
        say.note(line)
    if summary.reasons.passing:
        say.note("--retry-failed asks the rows again that failed")
    for line in round_.said if round_ is not None else ():
        say.note(f"growth: {line}")
    if round_ is not None:
        say.note(f"growth: {round_.calls} model calls")
