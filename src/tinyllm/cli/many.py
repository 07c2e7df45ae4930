"""What a command that puts many rows to a graph is told, whichever it is, and how far it says that it is."""

import time
from typing import TYPE_CHECKING, Any

import typer

from tinyllm.cli import completing
from tinyllm.cli.bar import Bar

if TYPE_CHECKING:
    from tinyllm.batch import Progress, Tell

GRAPH: Any = typer.Option(
    "",
    "--graph",
    "-g",
    help="A graph's name or file; the setting `graph` otherwise.",
    autocompletion=completing.graphs,
)
INPUTS: Any = typer.Option("", "--input", "-i", help="Inputs for all rows as JSON, or @FILE.")
MODEL: Any = typer.Option("", "--model", "-m", help="Use this model wherever the graph asks one.")
PARALLEL: Any = typer.Option(4, "--parallel", "-p", min=1, max=256, help="Rows at the same time.")
LIMIT: Any = typer.Option(
    0, "--limit", "-n", min=0, show_default=False, help="Only the first so many rows; 0: all."
)
TIMEOUT: Any = typer.Option(None, "--timeout", min=0.001, help="Seconds that one row may take.")
QUIET: Any = typer.Option(False, "--quiet", "-q", help="No progress, no summary.")


def telling(bar: Bar | None) -> "Tell":
    """On a terminal, how far it is, and what it waits for."""

    def tell(progress: "Progress") -> None:
        if bar is not None:
            done = progress.known + progress.done
            bar.show(done, progress.rows, ", ".join(_said(progress)), before=progress.known)

    return tell


def _said(progress: "Progress") -> list[str]:
    waits = [f"waits for {name} until {_clock(until)}" for name, until in progress.waits.items()]
    return [*([f"{progress.failed} failed"] if progress.failed else []), *waits]


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
