"""`tinyllm cache`: the replies that are kept, looked at, cleared, and asked for beforehand."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from tinyllm.cli import many, say
from tinyllm.cli.bar import Bar
from tinyllm.cli.run import object_of
from tinyllm.cli.stopping import unless_stopped
from tinyllm.errors import UsageError

if TYPE_CHECKING:
    from tinyllm.batch import Order
    from tinyllm.batch.warm import Warmed

T = TypeVar("T")
app = typer.Typer(
    help="Replies that would be the same again, kept: how many, which; drop them, or have them asked for beforehand.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
MODEL = typer.Option("", "--model", "-m", help="Only the replies of this model, as `cache stats` names it.")
DAY = 86_400.0
WIDE = 60  # characters of a reply in a table


def _read(work: Callable[[Any], T], *, write: bool = False) -> T:
    from tinyllm import settings
    from tinyllm.store import open_store

    with open_store(settings.load().database_url) as store:
        return store.write_now(work) if write else store.read_now(work)


@app.command()
def stats(as_json: bool = AS_JSON) -> None:
    """How much is kept of each model, how often it was used, and the hit rate of the last calls."""
    found = _stats()
    if as_json:
        say.data(found)
        return
    rates = {row["target"]: row["hit_rate"] for row in found["rates"]}
    cells = (
        [row["model"], f"{row['replies']:,}", _size(row["bytes"]), f"{row['hits']:,}", _rate(rates.get(row["model"])),
         _when(row["oldest"])]
        for row in found["models"]
    )  # fmt: skip
    if found["models"]:
        say.table(cells, ("MODEL", "REPLIES", "SIZE", "USED", "HIT RATE", "OLDEST"))
    off = "" if found["cache"] == "on" else "; it is off: nothing is kept or looked for"
    say.note(
        f"{_size(found['bytes'])} of {found['limit_mb']:g} MB are used, {found['replies']:,} replies{off}"
    )


def _stats() -> dict[str, Any]:
    from tinyllm import settings
    from tinyllm.cache import rows
    from tinyllm.health import health
    from tinyllm.store import open_store

    loaded = settings.load()
    with open_store(loaded.database_url) as store:
        models, held = store.read_now(lambda db: (rows.read_stats(db), rows.size(db)))
        targets = asyncio.run(health(store))
    names = ("target", "cached", "missed", "shared", "hit_rate")
    return {
        "cache": loaded.cache,
        "replies": sum(row["replies"] for row in models),
        "bytes": held,
        "limit_mb": loaded.cache_size,
        "models": models,
        "rates": [{name: row[name] for name in names} for row in targets if row["hit_rate"] is not None],
    }


def _require(model: str) -> None:
    """A model is named whose replies there are, or none."""
    from tinyllm.cache import rows

    there = [row["model"] for row in _read(rows.read_stats)] if model else []
    if model and model not in there:
        raise UsageError(
            f"nothing of {model!r} is kept",
            hint=f"there are {', '.join(there[:5])}" if there else "there are no replies at all",
        )


@app.command("list")
def list_(
    model: str = MODEL,
    limit: int = typer.Option(50, "--limit", "-n", min=1, help="How many, the last used first."),
    as_json: bool = AS_JSON,
) -> None:
    """List the replies that are kept, the last used first: what was asked is kept as a hash only."""
    from tinyllm.cache import rows

    _require(model)
    found = _read(lambda db: rows.read_all(db, model=model, limit=limit))
    if as_json:
        say.data(
            [
                {**{k: v for k, v in row.items() if k not in ("body", "crc")}, "reply": _said(row)}
                for row in found
            ]
        )
    elif not found:
        say.note(
            "no reply is kept; only calls at temperature 0 or with a fixed seed are, when their run is committed"
        )
    else:
        cells = ([row["key"][:12], row["model"], _size(row["size"]), str(row["hits"]), _when(row["used"]), say.short(_said(row), WIDE)]
                 for row in found)  # fmt: skip
        say.table(cells, ("KEY", "MODEL", "SIZE", "USED", "LAST", "REPLY"))


@app.command()
def clear(
    model: str = MODEL,
    days: float = typer.Option(None, "--older", min=0, help="Only what was not used for so many days."),
    as_json: bool = AS_JSON,
) -> None:
    """Drop the replies that are kept: all of them, one model's, or those that nobody used for long."""
    from tinyllm.cache import rows

    _require(model)
    before = float("inf") if days is None else time.time() - days * DAY
    gone = _read(lambda db: rows.clear(db, model=model, before=before), write=True)
    if as_json:
        say.data({"dropped": gone})
    else:
        say.line(f"dropped {gone:,} {'reply' if gone == 1 else 'replies'}")


@app.command()
def warm(
    source: str = typer.Argument(
        metavar="FILE", help="One question a line, as for `tinyllm batch`; `-` reads stdin."
    ),
    graph: str = many.GRAPH,
    inputs: str = many.INPUTS,
    model: str = many.MODEL,
    parallel: int = many.PARALLEL,
    limit: int = many.LIMIT,
    timeout: float = many.TIMEOUT,
    as_json: bool = AS_JSON,
    quiet: bool = many.QUIET,
) -> None:
    """Put questions to a graph so that their replies are there later; the answers are thrown away.

    Each row is a run of its own, after all others; tools that change something do not run, and a run that would wait for a
    person is given up. Exit codes: 0, 1 some rows failed, 4 no model server.

    \b
      tinyllm cache warm questions.jsonl -g assistant
    """
    from tinyllm.batch import Order

    order = Order(object_of(inputs, "--input"), model, (), timeout, parallel, limit)
    bar = None if quiet else Bar()
    try:
        found = asyncio.run(unless_stopped(_warmed(source, graph, order, bar), "what was answered is kept"))
    finally:
        if bar is not None:
            bar.close()
    if as_json:
        say.data(found.as_dict())
    elif not quiet:
        for line in _lines(found.as_dict()):
            say.line(line)
        for line in found.reasons.lines():
            say.note(line)
    if found.stopped is not None:
        say.failure(found.stopped)
    raise typer.Exit(found.exit_code)


async def _warmed(source: str, graph: str, order: "Order", bar: Bar | None) -> "Warmed":
    from tinyllm import settings
    from tinyllm.batch import Source
    from tinyllm.batch.warm import warm as warmed
    from tinyllm.engine import Engine

    with closing(Source.open(source)) as opened:
        async with Engine(graph, settings=settings.load()) as engine:
            return await warmed(engine, opened, order, many.telling(bar))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    failed = f" ({found['failed']:,} failed)" if found["failed"] else ""
    yield f"{found['rows']:,} rows{failed}: {found['asked']:,} replies are kept now, {found['there']:,} were there"
    if found["drawn"]:
        yield f"calls drawn by chance: {found['drawn']:,}; with `temperature: 0` in the graph their replies are kept"
    if found["waiting"]:
        yield f"rows that would have waited for a person, and were given up: {found['waiting']:,}"


def _said(row: dict[str, Any]) -> str:
    """The text of a reply; of a damaged one nothing can be said."""
    import json

    from tinyllm.cache.rows import crc_of

    return str(json.loads(row["body"]).get("text", "")) if crc_of(row) == row["crc"] else ""


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def _rate(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
