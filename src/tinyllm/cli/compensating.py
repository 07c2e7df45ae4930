"""`tinyllm runs rollback --compensate`: what a run did outside, and what can be done about it."""

from typing import Any

import typer

from tinyllm.cli import say
from tinyllm.cli.working import with_engine, with_runs
from tinyllm.errors import UsageError


async def _taken_back(runs: Any, run: str, to: int | None = None) -> tuple[Any, list[str]]:
    known = len(await runs.timeline(run))
    row = await runs.rollback(run, to=to)
    notes = [line.data["text"] for line in (await runs.timeline(row.id))[known:] if line.kind == "note"]
    return row, notes[1:] if to is not None else notes


def taken_back(run: str, to: int | None) -> tuple[Any, list[str]]:
    """Roll it back, and say what could not be: a file that was changed since is left as it is."""

    async def work(runs: Any) -> tuple[Any, list[str]]:
        return await _taken_back(runs, run, to)

    row, notes = with_runs(work)
    for note in notes:
        say.note(note)
    return row, notes


def offered(run: str) -> None:
    """Say what was not taken back, and how something is done about it."""

    async def work(engine: Any) -> list[str]:
        from tinyllm.transactions.compensation import able, compensable

        lines = await engine.transactions.effects(run)
        return [line.name for line in compensable(lines, able(engine.services))]

    if names := with_engine(work):
        what = ", ".join(dict.fromkeys(names))
        say.note(
            f"what {what} did is still there; tinyllm runs rollback {run} --compensate does something about it"
        )


def compensated(run: str, to: int | None, *, as_json: bool) -> None:
    """Roll it back when it is not, and do what can be done. Exit code 1 when something failed."""
    if to is not None:
        raise UsageError(
            "--to and --compensate exclude each other",
            hint="--to goes back inside the run, and what it did outside stays; --compensate is for all of it",
        )

    async def work(engine: Any) -> tuple[str, list[Any]]:
        runs = engine.transactions
        row = await runs.run(run)
        if row.status != "rolled_back":
            row, notes = await _taken_back(runs, row.id)
            for note in notes:
                say.note(note)
        return row.id, await runs.compensate(row.id, engine.services)

    id, done = with_engine(work)
    if as_json:
        say.data(
            {
                "run": id,
                "status": "rolled_back",
                "compensated": [
                    {"key": each.key, "name": each.name, "done": each.done, "said": each.said}
                    for each in done
                ],
            }
        )
    else:
        say.answer(f"{id} was rolled back; `tinyllm runs show {id}` still shows what it did")
        for each in done:
            say.answer(
                f"{each.key}  {each.name} {'was compensated' if each.done else 'COULD NOT BE COMPENSATED'}: {each.said}"
            )
        if not done:
            say.note("nothing that it did outside can be compensated")
    raise typer.Exit(int(any(not each.done for each in done)))
