"""`tinyllm config`: the settings, and where each comes from."""

from pathlib import Path

import typer

from tinyllm.cli import say
from tinyllm.redaction import hidden

app = typer.Typer(
    help="Show the settings and where each comes from.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.command()
def show(
    origin: bool = typer.Option(False, "--origin", help="Show where each setting comes from."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show every setting. Precedence: flag > TINYLLM_* > project file > user file > default."""
    from tinyllm import settings

    loaded = settings.load()
    rows = [
        {"name": name, "value": _safe(getattr(loaded, name)), "origin": loaded.origin(name), "help": help}
        for name, help in settings.settable().items()
    ]
    if as_json:
        say.data(rows)
        return
    say.table(
        [str(row["name"]), _shown(row["value"]), str(row["origin"] if origin else row["help"])]
        for row in rows
    )


def _safe(value: object) -> object:
    """A database's address may carry a password."""
    return hidden(value) if isinstance(value, (str, dict)) else value


def _shown(value: object) -> str:
    return " ".join(value) if isinstance(value, (tuple, dict)) else str(value)


@app.command()
def path(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Show the files that are read and the folders that are used."""
    from tinyllm import settings

    loaded = settings.load()
    project = loaded.project
    rows = {
        "user file": settings.user_file(),
        "project": project or Path("(none: no tinyllm.toml upward of here)"),
        "graphs": loaded.graph_folders[0],
        "data": loaded.data,
        "workspace": loaded.root,
    }
    if as_json:
        say.data({name: str(value) for name, value in rows.items()})
    else:
        say.table((name, str(value)) for name, value in rows.items())
