"""`tinyllm models`: what the model server has, holds and can fetch."""

import asyncio
from typing import Any

import typer

from tinyllm.cli import say

app = typer.Typer(
    help="List, fetch and look at models.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
AS_JSON = typer.Option(False, "--json", help="Print JSON.")


def _size(count: Any) -> str:
    return f"{int(count or 0) / 1e9:.1f} GB"


@app.command("list")
def list_(as_json: bool = AS_JSON) -> None:
    """List the models that are installed."""
    from tinyllm import ollama, settings

    found = asyncio.run(ollama.tags(settings.load()))
    if as_json:
        say.data(found)
        return
    rows = [
        (m["name"], (m.get("details") or {}).get("parameter_size", ""), _size(m.get("size"))) for m in found
    ]
    say.table(rows, ("MODEL", "PARAMETERS", "SIZE"))
    if not found:
        say.note("no model is installed; fetch one: tinyllm models pull qwen2.5:3b")


@app.command()
def ps(as_json: bool = AS_JSON) -> None:
    """List the models that are in memory."""
    from tinyllm import ollama, settings

    found = asyncio.run(ollama.loaded(settings.load()))
    if as_json:
        say.data(found)
        return
    say.table(
        ((m["name"], _size(m.get("size")), str(m.get("expires_at", ""))) for m in found),
        ("MODEL", "SIZE", "UNTIL"),
    )
    if not found:
        say.note("no model is in memory")


@app.command()
def show(name: str = typer.Argument(help="A model, such as qwen2.5:3b."), as_json: bool = AS_JSON) -> None:
    """Show what a model is and can do."""
    from tinyllm import ollama, settings

    found = asyncio.run(ollama.show(settings.load(), name))
    if as_json:
        say.data(found)
        return
    details: dict[str, Any] = found.get("details") or {}
    info: dict[str, Any] = found.get("model_info") or found.get("modelinfo") or {}
    context = next((value for key, value in info.items() if key.endswith(".context_length")), "")
    rows = [
        ("model", name),
        ("family", details.get("family", "")),
        ("parameters", details.get("parameter_size", "")),
        ("quantisation", details.get("quantization_level", "")),
        ("context", str(context)),
        ("can", ", ".join(found.get("capabilities") or ())),
    ]
    say.table(row for row in rows if row[1])


@app.command()
def pull(names: list[str] = typer.Argument(help="Models, such as qwen2.5:3b.")) -> None:
    """Fetch models; an interrupted download goes on where it stopped."""
    from tinyllm import settings

    for name in names:
        asyncio.run(_pull(settings.load(), name))


async def _pull(settings: Any, name: str) -> None:
    import sys

    from tinyllm import ollama
    from tinyllm.errors import Permanent

    status, shown = "", -1
    async for line in ollama.pull(settings, name):
        if line.get("error"):
            raise Permanent(str(line["error"]), hint="check the name of the model", where=name)
        total, completed = line.get("total") or 0, line.get("completed") or 0
        done = int(completed * 100 / total) if total else -1
        if line.get("status") != status:
            status = str(line.get("status"))
            say.note(f"{name}: {status}")
        elif done != shown and sys.stderr.isatty():
            sys.stderr.write(f"\r{done:3d} % of {_size(total)} ")
        shown = done
    if status != "success":
        raise Permanent(
            "the download ended early", hint=f"go on with: tinyllm models pull {name}", where=name
        )
