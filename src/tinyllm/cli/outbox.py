"""`tinyllm runs outbox`: what committed runs want sent, and what became of it."""

import time
from typing import Any

import typer

from tinyllm.cli import say
from tinyllm.cli.working import with_engine

app = typer.Typer(
    help="Show, send and drop what waits to be sent: mail, webhooks, notices.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
AS_JSON = typer.Option(False, "--json", help="Print JSON.")


@app.command("list")
def list_(
    whole: bool = typer.Option(
        False, "--all", help="Also what was sent or dropped, and what runs still wait with."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """List what waits to be sent, or could not be sent; the oldest first."""
    found = with_engine(lambda engine: engine.transactions.outbox(whole=whole))
    if as_json:
        say.data([each.as_dict() for each in found])
    elif not found:
        say.note("nothing waits to be sent")
    else:
        head = ("KEY", "WHEN", "STATE", "TRIES", "TOOL", "BECAUSE")
        say.table((_cells(each) for each in found), head)


def _cells(each: Any) -> list[str]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.sent or each.created))
    state = each.state if each.committed or each.state != "waits" else "waits for the run"
    return [each.key, when, state, str(each.tries), each.tool, " ".join(each.error.split())[:80]]


@app.command()
def deliver(
    keys: list[str] = typer.Argument(
        None, help="Only these; everything that waits or failed when none is named."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Send what waits, also what failed or is not due yet. Exit code 1 when something is left."""
    from tinyllm.cli.show import delivered

    async def work(engine: Any) -> list[Any]:
        runs = engine.transactions
        named = [(await runs.delivery(key)).key for key in keys or ()]
        return list(await engine.deliver(*named, again=True))

    done = with_engine(work)
    if as_json:
        say.data([each.as_dict() for each in done])
    else:
        for each in done:
            said = {"tool": each.tool, "state": each.state, "because": each.error}
            say.answer(f"{each.key}  {delivered(said)}")
        if not done:
            say.note("nothing waits to be sent")
    raise typer.Exit(int(any(each.state != "sent" for each in done)))


@app.command()
def drop(
    key: str = typer.Argument(help="The delivery's key, or its beginning."), as_json: bool = AS_JSON
) -> None:
    """Decide that something is not sent any more."""
    dropped = with_engine(lambda engine: engine.transactions.drop(key))
    if as_json:
        say.data(dropped.as_dict())
    else:
        say.answer(f"{dropped.key} will not be sent")
