"""`tinyllm health`: how the models and their breakers are."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any

import typer

from tinyllm.cli import say
from tinyllm.errors import UsageError

app = typer.Typer(
    help="Show how the models and their breakers are.", rich_markup_mode=None, add_completion=False
)
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
WIDEST = 80  # characters of a failure in the list
TARGET = typer.Argument(help="A model, or the address of a server.")


@app.callback(invoke_without_command=True, epilog="Example: tinyllm health show qwen2.5:3b")
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
    failed = say.short(_why(row), WIDEST)
    return [row["target"], state, str(row["calls"]), str(row["failed"]), *numbers, rate, failed]


def _why(row: dict[str, Any]) -> str:
    """The last failure, with its fix where that is a command."""
    hint = str(row["last_hint"])
    said = str(row["last_failure"]).removeprefix(f"{row['target']}: ")
    return f"{said}: {hint}" if said and hint.startswith("tinyllm ") else said


def _shown(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is known of one target, as a person reads it."""
    yield "target", row["target"]
    rests = f", tried again in {row['rests']:.0f} s" if row["rests"] else ""
    counted = f", {row['failures']} failures counted" if row["failures"] else ""
    yield "breaker", f"{row['state']}{rests}{counted}"
    yield "calls", f"{row['calls']}, {row['failed']} of them failed"
    if row["p50"] is not None:
        yield "half took at most", f"{row['p50']:.2f} s"
        yield "nine tenths", f"{row['p90']:.2f} s"
    if row["tokens_per_second"] is not None:
        yield "wrote", f"{row['tokens_per_second']:.1f} tokens/s"
    if row["hit_rate"] is not None:
        yield "from the cache", f"{row['cached']} of {row['cached'] + row['missed']} replies"
    if row["last_failure"]:
        yield "last failure", _why(row)
        if row["last_hint"] and not row["last_hint"].startswith("tinyllm "):
            yield "try", row["last_hint"]
    if row["last_failed_at"]:
        yield "it was at", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row["last_failed_at"]))


@app.command()
def show(target: str = TARGET, as_json: bool = AS_JSON) -> None:
    """Show one target."""
    found = next((row for row in _rows() if row["target"] == target), None)
    if found is None:
        raise UsageError(f"nothing is known of {target!r}", hint="`tinyllm health` lists what was called")
    if as_json:
        say.data(found)
    else:
        say.table(_shown(found))


def _known(target: str) -> None:
    """Refuse what was never called and no model of the graph is."""
    from tinyllm import settings
    from tinyllm.errors import TinyError
    from tinyllm.problems import did_you_mean
    from tinyllm.spec import find, read_file

    loaded = settings.load()
    known = [row["target"] for row in _rows()] + [loaded.ollama_host, loaded.model, loaded.embedder]
    with contextlib.suppress(TinyError):  # a broken graph is no reason to leave a breaker as it is
        spec = read_file(find(loaded.graph, loaded), loaded)
        known += [entry.name for entry in spec.models.values()]
        named = [str(getattr(node, "model", "")) for node in spec.nodes.values()]
        known += [name for name in named if name and name not in spec.models]
    if target not in known:
        hint = did_you_mean(target, known) or "`tinyllm health` lists what was called"
        raise UsageError(f"nothing is known of {target!r}", hint=hint)


def _set(target: str, state: Any) -> None:
    from tinyllm.guard import Breakers
    from tinyllm.guard.shelf import StoreShelf

    _known(target)
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
