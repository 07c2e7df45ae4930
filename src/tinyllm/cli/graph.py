"""`tinyllm graph`: list, check and draw graphs."""

from enum import StrEnum
from pathlib import Path

import typer

from tinyllm.cli import completing, say
from tinyllm.cli.files import wrote
from tinyllm.errors import TinyError

app = typer.Typer(
    help="List, check and draw graphs.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)


class Format(StrEnum):
    """The forms a picture comes in."""

    text = "text"
    mermaid = "mermaid"
    svg = "svg"


@app.command("list")
def list_(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the graphs that `-g` takes by name: the project's, then the shipped ones."""
    from tinyllm import settings
    from tinyllm.spec import listed, read_file

    loaded = settings.load()
    rows: dict[str, dict[str, str]] = {}
    for name, file in listed(loaded).items():
        try:
            said = read_file(file, loaded).description
        except TinyError as failure:
            said = f"broken: {failure.message.splitlines()[0]}"
        rows[name] = {"name": name, "description": said, "file": str(file)}
    if as_json:
        say.data(list(rows.values()))
    else:
        say.table(((row["name"], row["description"]) for row in rows.values()), ("GRAPH", "WHAT IT DOES"))


@app.command(epilog="Example: tinyllm graph validate assistant graphs/mine.yaml")
def validate(
    graphs: list[str] = typer.Argument(help="Names or files.", autocompletion=completing.graphs),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Say everything that is wrong with a graph file, each fault with its line; exit code 3 when there is one."""
    from tinyllm import settings
    from tinyllm.spec import find, read_file
    from tinyllm.spec.asked import overlooked

    loaded = settings.load()
    code, rows = 0, []
    for name in graphs:
        try:
            spec = read_file(find(name, loaded), loaded)
        except TinyError as failure:
            code = max(code, failure.exit_code)
            rows.append({"graph": name, "valid": False, "problems": failure.message.splitlines()})
            if not as_json:
                say.failure(failure)
            continue
        rows.append({"graph": name, "valid": True, "nodes": len(spec.nodes), "fingerprint": spec.fingerprint})
        if not as_json:
            say.answer(f"{name}: {len(spec.nodes)} nodes, fingerprint {spec.fingerprint}")
        if node := overlooked(spec):
            say.line(
                f"{name}: no node sees the question: add {{{{ inputs.question }}}} to the prompt of {node!r}"
            )
    if as_json:
        say.data(rows)
    raise typer.Exit(code)


@app.command()
def draw(
    graph: str = typer.Argument(
        "", help="A name or a file; the setting `graph` otherwise.", autocompletion=completing.graphs
    ),
    format: Format = typer.Option(Format.text, "--format", "-f", help="text, mermaid or svg."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Write to this file instead of stdout."),
) -> None:
    """Draw a graph, offline."""
    from tinyllm import settings
    from tinyllm.draw import draw as drawn
    from tinyllm.spec import find, read_file

    loaded = settings.load()
    picture = drawn(read_file(find(graph or loaded.graph, loaded), loaded), format.value)
    if output is None:
        say.answer(picture)
        return
    wrote(output, picture + "\n")


@app.command()
def schema() -> None:
    """Print the JSON schema of a graph file, for editors that complete and check."""
    from tinyllm.spec import schema as whole

    say.data(whole())
