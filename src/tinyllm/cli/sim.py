"""`tinyllm sim`: simulated models behind the real protocol."""

import asyncio
import contextlib
import signal
from pathlib import Path

import typer

from tinyllm.cli import say

app = typer.Typer(
    help="Serve simulated models, to test graphs without a GPU.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def sim() -> None:
    """Simulated models speak Ollama's protocol; nothing that they say is real."""


@app.command(epilog="Example: tinyllm sim serve --port 11435, then OLLAMA_HOST=http://127.0.0.1:11435")
def serve(
    file: Path = typer.Argument(None, help="A population file; a small one of ours otherwise."),
    host: str = typer.Option("127.0.0.1", help="The address to listen on."),
    port: int = typer.Option(11435, min=0, max=65535, help="The port to listen on; 0 takes a free one."),
) -> None:
    """Serve a population of simulated models until Ctrl-C."""
    from tinyllm.testing import simulator

    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(simulator.serve(file, host, port, say.line))
