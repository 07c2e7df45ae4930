"""The pages about tools, written from the tools themselves: `python -m tinyllm.tools.pages docs/tools`."""

import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tinyllm.installing import documented
from tinyllm.policy import harmless
from tinyllm.toolkit import Tool, Toolbox

NOTE = "<!-- Written by `python -m tinyllm.tools.pages`: change the code, not this page. -->"
INDEX = "README.md"
INTRODUCTION = """\
{count} tools in {domains} domains. A specialist sees those that its `tools:` name, such as `tools: [calc_*, data_query]`;
a step of kind `tool` calls one; so does `tinyllm tools call NAME --arg key=value`.

Tools that only look at the workspace, compute, or run code in the sandbox need no permission. All others need an entry
under `allow:` or a person's yes, who is shown exactly what will run.
"""
ANSWERS = "# answers: "


def pages(folder: Path) -> dict[str, str]:
    """Every page by its file name; the examples lie in the folder."""
    domains = {
        name: list(tools) for name, tools in groupby(local(), key=lambda tool: tool.name.partition("_")[0])
    }
    return {
        INDEX: _index(domains),
        **{f"{name}.md": _page(name, tools, folder) for name, tools in domains.items()},
    }


def local() -> list[Tool]:
    """The tools of this package, by name."""
    tools = Toolbox.standard().tools.values()
    return sorted(
        (tool for tool in tools if tool.run.__module__.startswith(__package__ or "")),
        key=lambda tool: tool.name,
    )


def _index(domains: dict[str, list[Tool]]) -> str:
    rows = [f"| [{name}]({name}.md) | {_about(name)} | {_names(tools)} |" for name, tools in domains.items()]
    count = sum(map(len, domains.values()))
    return "\n".join(
        (
            NOTE,
            "# Tools",
            "",
            INTRODUCTION.format(count=count, domains=len(domains)),
            "| Domain | What it is for | Tools |",
            "| --- | --- | --- |",
            *rows,
            "",
        )
    )


def _page(name: str, tools: Sequence[Tool], folder: Path) -> str:
    rows = [
        f"| `{tool.name}` | {_cell(tool.doc)} | {_cell(tool.signature)} | {_permission(tool)} |"
        for tool in tools
    ]
    return "\n".join(
        (
            NOTE,
            f"# {name}",
            "",
            _about(name),
            "",
            *_needs(tools),
            "| Tool | What a model is told | Arguments | Runs |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            *_example(folder / "examples" / f"{name}.yaml"),
        )
    )


def _about(name: str) -> str:
    return inspect.getdoc(importlib.import_module(f"{__package__}.{name}")) or ""


def _needs(tools: Sequence[Tool]) -> Iterator[str]:
    for extra in sorted({tool.extra for tool in tools if tool.extra}):
        yield f"{_names(tool for tool in tools if tool.extra == extra)} need `{documented(extra)}`.\n"
    for program in sorted({program for tool in tools for program in tool.programs}):
        yield f"{_names(tool for tool in tools if program in tool.programs)} need the program `{program}`.\n"


def _names(tools: Iterable[Tool]) -> str:
    return ", ".join(f"`{tool.name}`" for tool in tools)


def _permission(tool: Tool) -> str:
    return "in the sandbox" if tool.sandboxed else "unasked" if harmless(tool) else "with a yes"


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")


def _example(path: Path) -> Iterator[str]:
    """A graph that the tests run, and what it answers."""
    if not path.exists():
        return
    first, _, graph = path.read_text("utf-8").partition("\n")
    yield from ("## Example", "", "```yaml", graph.strip(), "```", "")
    yield from (f"It answers `{first.removeprefix(ANSWERS)}`.", "")


def write(folder: Path) -> None:
    """Write every page."""
    for name, text in pages(folder).items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/tools"))
