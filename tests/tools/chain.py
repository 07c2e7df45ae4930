"""A chain of three tools in a process of its own, so that it can be killed: query a table, compute, write a file."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

QUERY = {"sql": "SELECT sum(amount) AS total FROM sales", "files": ["data/sales.csv"]}
COMPUTE = {"expression": "19% of {{ outputs.total.rows[0][0] }}"}
WRITE = {"path": "report/tax.md", "content": "Tax: {{ outputs.tax }}"}
STEPS: list[dict[str, Any]] = [
    {"id": "total", "kind": "tool", "tool": "data_query", "args": QUERY},
    {"id": "tax", "kind": "tool", "tool": "calc_evaluate", "args": COMPUTE},
    {"id": "report", "kind": "tool", "tool": "files_write", "args": WRITE},
    {"id": "say", "kind": "llm", "prompt": "Say that it is done."},
]
ASKS: dict[str, Any] = {"name": "chain", "steps": STEPS}
ALLOWED: dict[str, Any] = {**ASKS, "allow": ["files_write"]}


def engine(workspace: Path, said: Any) -> Engine:
    settings = Settings(database=str(workspace.parent / "runs.db"), workspace=str(workspace))
    script = Scripted(said)
    return Engine(ALLOWED, settings=settings, make=lambda name, settings: script)


async def asked(workspace: Path) -> None:
    async with engine(workspace, "Done.") as chain:
        await chain.ask("go")


def main() -> None:
    asyncio.run(asked(Path(sys.argv[1])))
