"""A batch as its users have it: a file of rows, a graph, a simulated server that counts what it is asked."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tinyllm.batch import Order, Output, Source, Summary, Tell, run
from tinyllm.clock import CLOCK, Clock
from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.testing.simulator import Model, Request, Script, Simulator

GRAPH: dict[str, Any] = {
    "name": "counting",
    "models": {"m": "m:1b"},
    "nodes": {"answer": {"prompt": "Answer.", "model": "m", "to": "end"}},
}


class Hurried(Clock):
    """A rest of a minute is over at once, and a moment takes less; what beats in between beats as ever."""

    skipped = 0.0

    def now(self) -> float:
        return super().now() + self.skipped

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped

    async def sleep(self, seconds: float) -> None:
        self.skipped += seconds if seconds > 30 else 0.0
        await asyncio.sleep(0.0 if seconds > 30 else 0.01 if seconds <= 2 else seconds)


def numbered(request: Request) -> str:
    """The number of the row that a request is about."""
    found = re.findall(r"number (\d+)", request.text)
    return str(found[-1]) if found else ""


@dataclass
class Project:
    """A folder with a database, a server, and what was asked of it."""

    folder: Path
    server: Simulator
    say: Callable[[Request], Any]
    asked: Counter[str] = field(default_factory=Counter)
    host: str = ""  # of another server
    database: str = ""
    slots: int = 0
    clock: Clock = CLOCK
    tell: Tell = lambda _: None

    @property
    def settings(self) -> Settings:
        host = self.host or self.server.url
        database = self.database or str(self.folder / "runs.db")
        return Settings(database=database, ollama_host=host, embedder="", slots=self.slots)

    @property
    def output(self) -> Path:
        return self.folder / "out.jsonl"

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_text("utf-8").splitlines()]

    def write(self, *rows: Any, name: str = "in.jsonl") -> Path:
        path = self.folder / name
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return path

    def questions(self, count: int) -> Path:
        return self.write(*({"question": f"What is number {n}?", "id": f"q{n}"} for n in range(count)))

    async def batch(self, source: Path, graph: Any = GRAPH, **order: Any) -> Summary:
        opened = Source.open(str(source))
        try:
            async with Engine(graph, settings=self.settings, clock=self.clock) as engine:
                with Output(self.output, engine.clock) as output:
                    return await run(engine, opened, output, Order(**order), self.tell)
        finally:
            opened.close()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made: list[Project] = []

    def hear(request: Request) -> Any:
        made[0].asked[numbered(request)] += 1
        return made[0].say(request)

    with Simulator(Script({"*": hear}, models=[Model(name="m:1b", slots=8)])) as server:
        made.append(Project(tmp_path, server, lambda request: f"It is {numbered(request)}."))
        yield made[0]
