"""`tinyllm runs`: every run, shown, resumed, rolled back, forked and replayed."""

import json
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from tinyllm.cli import completing, outbox, say
from tinyllm.cli.files import wrote
from tinyllm.cli.threads import thread_option
from tinyllm.cli.working import with_runs
from tinyllm.errors import UsageError

app = typer.Typer(
    help="Show, resume, roll back, fork and replay runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
app.add_typer(outbox.app, name="outbox")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
RUN = typer.Argument(help="The run's id, or its beginning.", autocompletion=completing.runs)


@app.command("list", epilog="Example: tinyllm runs list --batch answers.jsonl -n 5")
def list_(
    thread: str = thread_option("Only the runs of this thread."),
    batch: str = typer.Option("", "--batch", help="Only the runs of this batch: its output, or its id."),
    most: int = typer.Option(20, "-n", "--most", min=1, help="How many."),
    as_json: bool = AS_JSON,
) -> None:
    """List runs, the newest first."""
    from tinyllm.batch import runs_of
    from tinyllm.cli.timeline import asked_of, one_line, row_of

    async def work(runs: Any) -> list[tuple[dict[str, Any], str]]:
        if thread:
            await runs.thread(thread)
        begins = await runs_of(runs.store, batch) if batch else ""
        found = await runs.runs(thread=thread, begins=begins, limit=most + bool(batch))
        return [(row_of(row, runs.clock), asked_of(row)) for row in found]

    found = with_runs(work)
    rows = found[:most]
    if as_json:
        say.data([row for row, _ in rows])
    elif not rows:
        say.note('no runs yet; ask something: tinyllm run "What is 2 + 2?"')
    else:
        cells = (
            [row["run"], row["when"], row["status"], row["graph"], one_line(asked)] for row, asked in rows
        )
        say.table(cells, ("RUN", "WHEN", "STATUS", "GRAPH", "QUESTION"))
    if len(found) > most:
        say.note(f"these are the newest {most:,} of the batch; -n shows more")


@app.command()
def show(run: str = RUN, as_json: bool = AS_JSON) -> None:
    """Show a run's timeline: nodes, models, tokens, time, savepoints, effects, failures survived."""
    from tinyllm.cli.timeline import printed, whole

    found = with_runs(lambda runs: whole(runs, run))
    if as_json:
        say.data(found)
    else:
        printed(found)


@app.command()
def watch(run: str = RUN) -> None:
    """Follow a run that somebody else executes, until it ends."""
    from tinyllm.cli.timeline import line_of

    async def work(runs: Any) -> str:
        shown = 0
        while True:
            lines = await runs.timeline(run)
            for line in lines[shown:]:
                say.line(line_of(line))
            shown = len(lines)
            row = await runs.run(run)
            if not row.held(runs.clock) or row.status in ("committed", "rolled_back", "waiting", "in_doubt"):
                return str(row.shown(runs.clock))
            await runs.clock.sleep(0.5)

    say.note(with_runs(work))


def _carried(run: str, work: Callable[[Any, Any], Awaitable[Any]], as_json: bool) -> None:
    """Let a run go on, or run again, with the graph it began with, and print its answer."""
    from tinyllm import settings
    from tinyllm.cli.run import EXITS, unless_stopped
    from tinyllm.cli.show import Show
    from tinyllm.engine import Engine
    from tinyllm.spec import read
    from tinyllm.toolkit import Toolbox

    show = Show(trace=True, jsonl=False, streams=not as_json, quiet=False, verbose=False)

    async def whole(runs: Any) -> Any:
        pinned = json.loads(await runs.graph((await runs.run(run)).fingerprint))
        loaded = settings.load()
        async with Engine(read(pinned, tools=Toolbox.of(loaded)), settings=loaded) as engine:
            return await unless_stopped(work(engine, show), show)

    try:
        answer = with_runs(whole)
    finally:
        show.close()
    if as_json:
        say.data(answer.as_dict())
    else:
        show.answer(answer)
    raise typer.Exit(EXITS[answer.status])


@app.command()
def resume(
    run: str = RUN,
    answer: str | None = typer.Option(None, "--answer", help="What a waiting run is told."),
    as_json: bool = AS_JSON,
) -> None:
    """Go on with a run that was interrupted, or that waits for an answer. Exit codes: those of `tinyllm run`."""
    _carried(
        run,
        lambda engine, show: engine.resume(
            run, answer, listen=show.event, streams=show.watches, ask=show.asks
        ),
        as_json,
    )


@app.command()
def replay(run: str = RUN, as_json: bool = AS_JSON) -> None:
    """Run it again offline from what was recorded, and say where it diverges."""
    _carried(run, lambda engine, show: engine.replay(run, listen=show.event), as_json)


@app.command()
def rollback(
    run: str = RUN,
    to: int | None = typer.Option(
        None, "--to", help="A savepoint: go back inside the run, ready to be resumed."
    ),
    compensate: bool = typer.Option(
        False, "--compensate", help="Also do what its tools can do about what they did outside."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Take a run back: messages, files in the workspace and the thread are as before it."""
    from tinyllm.cli.compensating import compensated, offered, taken_back

    if compensate:
        compensated(run, to, as_json=as_json)
        return
    row, notes = taken_back(run, to)
    if to is None:
        offered(row.id)
    if as_json:
        say.data({"run": row.id, "status": row.status, "thread": row.thread, "notes": notes})
    elif to is None:
        say.answer(f"{row.id} was rolled back; `tinyllm runs show {row.id}` still shows what it did")
    else:
        say.answer(f"{row.id} stands at savepoint {to}; go on: tinyllm runs resume {row.id}")


@app.command()
def fork(
    run: str = RUN,
    thread: str = thread_option("The new thread's name."),
    as_json: bool = AS_JSON,
) -> None:
    """Go on from a committed run in a thread of its own."""
    name = with_runs(lambda runs: runs.fork(run, thread=thread))
    if as_json:
        say.data({"thread": name, "forked_from": run})
    else:
        say.answer(f'thread {name}; go on: tinyllm run --thread {name} "…"')


@app.command()
def diff(one: str = RUN, other: str = typer.Argument(help="Another run."), as_json: bool = AS_JSON) -> None:
    """Say where two runs went different ways; exit code 1 when they did."""
    from tinyllm.cli.timeline import differences, whole

    async def work(runs: Any) -> list[dict[str, Any]]:
        return differences(await whole(runs, one), await whole(runs, other))

    found = with_runs(work)
    if as_json:
        say.data(found)
    elif found:
        say.table(([row["what"], row["one"], row["other"]] for row in found), ("WHAT", one, other))
    else:
        say.note("they are alike")
    raise typer.Exit(int(bool(found)))


@app.command()
def resolve(
    run: str = RUN,
    did_happen: bool = typer.Option(..., "--did-happen/--did-not", help="What you found out."),
    result: str = typer.Option("", "--result", help="What it gave, if it happened."),
    key: str = typer.Option("", "--key", help="Which effect, when several are in doubt."),
    as_json: bool = AS_JSON,
) -> None:
    """Settle an effect that may or may not have happened; the run can then be resumed."""
    row = with_runs(lambda runs: runs.resolve(run, happened=did_happen, result=result or None, key=key))
    if as_json:
        say.data({"run": row.id, "happened": did_happen})
    else:
        say.answer(f"settled; go on: tinyllm runs resume {row.id}")


class Thumb(StrEnum):
    """What a person says of an answer."""

    up = "up"
    down = "down"


@app.command()
def rate(
    run: str = RUN,
    thumb: Thumb = typer.Argument(help="up: the answer is good; down: it is not."),
    why: str = typer.Option("", "--why", help="What is good or bad about it."),
    as_json: bool = AS_JSON,
) -> None:
    """Say whether a run's answer is good: a grade of the node that gave it, worth more than any gate's."""
    from tinyllm import settings
    from tinyllm.grades import rate as rated
    from tinyllm.spec import read

    async def work(runs: Any) -> Any:
        pinned = read(json.loads(await runs.graph((await runs.run(run)).fingerprint)))
        agreed = settings.load().grades_consent == "yes"
        return await rated(runs.store, run, up=thumb is Thumb.up, why=why, spec=pinned, consent=agreed)

    grade = with_runs(work)
    if as_json:
        say.data(grade.as_dict())
    else:
        say.answer(f"{grade.run}: {grade.node or 'the answer'} is rated {thumb.value}")


@app.command()
def prune(
    keep: int | None = typer.Option(None, "--keep", min=0, help="Ended runs to keep per thread."),
    older: float | None = typer.Option(
        None, "--older-than", min=0, help="Only runs older than so many days."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Delete ended runs that no thread needs; say which with --keep or --older-than."""
    if keep is None and older is None:
        raise UsageError(
            "which runs?", hint="--keep 20 keeps that many per thread; --older-than 30 counts in days"
        )

    async def work(runs: Any) -> int:
        before = float("inf") if older is None else runs.clock.now() - older * 86_400
        return int(await runs.prune(kept=keep, before=before))

    count = with_runs(work)
    if as_json:
        say.data({"deleted": count})
    else:
        say.answer(f"deleted {count} runs")


@app.command()
def export(
    run: str = RUN,
    output: Path | None = typer.Option(None, "--output", "-o", help="A file instead of stdout."),
) -> None:
    """Write everything that is known of a run as JSON, its graph included."""
    from tinyllm.cli.timeline import whole

    async def work(runs: Any) -> dict[str, Any]:
        found = await whole(runs, run)
        mark = found["fingerprint"]  # a call of a tool by another program has none
        return {**found, "graph": json.loads(await runs.graph(mark)) if mark else None}

    found = with_runs(work)
    if output is None:
        say.data(found)
        return
    wrote(output, json.dumps(found, ensure_ascii=False, indent=2, default=str) + "\n")


@app.command()
def path() -> None:
    """Print where runs are kept."""
    from tinyllm import settings

    say.answer(settings.load().database_url)
