"""EVIDENCE.md: one section per proof, replaced when the proof is made again."""

import platform
import sqlite3
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("langgraph", "langgraph-checkpoint-sqlite", "sqlalchemy", "pydantic")
TITLE = """# Evidence

What `make evidence` found on the machine that is named in each section. Rates are bounds at 95 %: Wilson's, and three
in the number of trials where nothing failed. `docs/proof.md` says what is tried and what it does not show.
"""


def machine() -> str:
    """The versions and the machine, for the foot of a section."""
    from tinyllm import __version__

    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"TinyLLM {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}; "
        f"{platform.system()} {platform.machine()}; {time.strftime('%Y-%m-%d', time.gmtime())}"
    )


def write(path: Path, name: str, lines: Iterable[str]) -> None:
    """Put a section where it stood before, or at the end."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    section = "\n".join([begin, *lines, "", f"*{machine()}*", end])
    text = path.read_text("utf-8") if path.exists() else TITLE
    if begin in text and end in text:
        before, _, rest = text.partition(begin)
        text = before + section + rest.partition(end)[2]
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    path.write_text(text, "utf-8")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    def line(cells: Iterable[object]) -> str:
        return f"| {' | '.join(map(str, cells))} |"

    head = list(head)
    return [line(head), line("---" for _ in head), *map(line, rows)]
