"""`tinyllm health`: how the models and their breakers are."""

import asyncio
import time
from typing import Any

import typer

from tinyllm.cli import say
from tinyllm.errors import UsageError

app = typer.Typer(
    help="Show how the models and their breakers are.", rich_markup_mode=None, add_completion=False
)
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
TARGET = typer.Argument(help="A model, or the address of a server.")


@app.callback(invoke_without_command=True)
def health(
    ctx: typer.Context,
    as_json: bool = AS_JSON,
    as_metrics: bool = typer.Option(False, "--metrics", help="Print every number as Prometheus reads it."),
) -> None:
    """Each model's breaker, failures, latency and speed; without a subcommand, the list."""
    if as_metrics and (as_json or ctx.invoked_subcommand):
        raise UsageError("--metrics stands alone: it is text for Prometheus", hint="tinyllm health --metrics")
    if as_metrics:
        _metrics()
    elif ctx.invoked_subcommand is None:
        list_(as_json=as_json)


def _metrics() -> None:
    from tinyllm import __version__
    from tinyllm.metrics import metrics

    with _store() as store:
        say.answer(asyncio.run(metrics(store, __version__)).rstrip("\n"))


def _store() -> Any:
    from tinyllm import settings
    from tinyllm.store import open_store

    return open_store(settings.load().database_url)


def _rows() -> list[dict[str, Any]]:
    from tinyllm.health import health as read

    with _store() as store:
        return asyncio.run(read(store))


@app.command("list")
def list_(as_json: bool = AS_JSON) -> None:
    """List every target that was called."""
    rows = _rows()
    if as_json:
        say.data(rows)
    elif not rows:
        say.note("no model was called yet")
    else:
        head = (
            "TARGET",
            "BREAKER",
            "CALLS",
            "FAILED",
            "P50 s",
            "P90 s",
            "TOKENS/s",
            "CACHED",
            "LAST FAILURE",
        )
        say.table((_cells(row) for row in rows), head)


def _cells(row: dict[str, Any]) -> list[str]:
    state = row["state"] + (f" ({row['rests']:.0f} s)" if row["rests"] else "")
    numbers = [
        f"{row[key]:.2f}" if row[key] is not None else "-" for key in ("p50", "p90", "tokens_per_second")
    ]
    rate = f"{row['hit_rate']:.0%}" if row["hit_rate"] is not None else "-"
    return [row["target"], state, str(row["calls"]), str(row["failed"]), *numbers, rate, row["because"][:60]]


@app.command()
def show(target: str = TARGET, as_json: bool = AS_JSON) -> None:
    """Show one target."""
    found = next((row for row in _rows() if row["target"] == target), None)
    if found is None:
        raise UsageError(f"nothing is known of {target!r}", hint="`tinyllm health` lists what was called")
    if as_json:
        say.data(found)
    else:
        say.table((name, str(value)) for name, value in found.items() if value not in (None, ""))


def _set(target: str, state: Any) -> None:
    from tinyllm.guard import Breakers
    from tinyllm.guard.shelf import StoreShelf

    with _store() as store:
        row = asyncio.run(Breakers(StoreShelf(store), store.clock).set(target, state))
    say.note(f"{row.target} is {row.state}" + (f" for {row.opened_for:.0f} s" if row.state == "open" else ""))


@app.command("open")
def open_(target: str = TARGET) -> None:
    """Let no call through for one cooldown."""
    _set(target, "open")


@app.command()
def close(target: str = TARGET) -> None:
    """Let calls through again."""
    _set(target, "closed")


@app.command()
def reset(target: str = TARGET) -> None:
    """Forget the failures of a target."""
    _set(target, "closed")


@app.command()
def watch(seconds: float = typer.Option(2.0, "--every", min=0.2, help="Seconds between two looks.")) -> None:
    """Show the list again and again, until Ctrl-C."""
    while True:
        say.line(time.strftime("%H:%M:%S"))
        list_(as_json=False)
        time.sleep(seconds)


@app.command()
def unclassified(as_json: bool = AS_JSON) -> None:
    """Failures that no rule knew, secrets removed: material for the next rules."""
    from tinyllm.health import unclassified as read

    with _store() as store:
        rows = asyncio.run(read(store))
    if as_json:
        say.data(rows)
    elif not rows:
        say.note("every failure so far was classified")
    else:
        say.table(
            ([str(row["times"]), row["type"], row["message"][:90]] for row in rows),
            ("TIMES", "TYPE", "MESSAGE"),
        )
