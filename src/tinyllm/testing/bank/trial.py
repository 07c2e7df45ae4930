"""A graph tried on a bank: every question asked, every answer marked, every verdict of a gate looked at."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.running import Event
from tinyllm.settings import Settings
from tinyllm.testing.bank.item import Item, Label
from tinyllm.testing.bank.marking import marked

AT_A_TIME = 8


@dataclass(slots=True)
class Outcome:
    """What became of one question: `shipped` is an answer that went out, right or wrong.

    A right answer is turned down by a gate that sends it back or refuses it, or that has it replaced by a wrong one.
    """

    label: Label
    question: str
    right: bool = False
    shipped: bool = False
    evidence: str = ""
    answer: str = ""
    path: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    right_looked_at: int = 0
    right_turned_down: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def wrong_shipped(self) -> bool:
        return self.shipped and not self.right

    def reached(self, models: Sequence[str]) -> bool:
        return any(model in models for model in self.models)


async def tried(
    items: Sequence[Item], graph: str | Mapping[str, Any], host: str, folder: Path
) -> list[Outcome]:
    """All questions, several at a time, in a database of their own in a folder that is there."""
    settings = Settings(
        ollama_host=host, database=str(folder / "runs.db"), workspace=str(folder), cache="off"
    )
    gate = asyncio.Semaphore(AT_A_TIME)
    async with Engine(graph, settings=settings) as engine:

        async def one(item: Item) -> Outcome:
            async with gate:
                return await _asked(engine, item)

        return list(await asyncio.gather(*(one(item) for item in items)))


async def _asked(engine: Engine, item: Item) -> Outcome:
    watch = _Watch(item)
    try:
        answer = await engine.ask(item.question, listen=watch.heard)
    except TinyError as failure:
        watch.outcome.complaints.append(f"failed: {failure.message}")
        return watch.outcome
    found = watch.outcome
    found.shipped = answer.status == "committed"
    found.answer, found.path, found.models = answer.answer, answer.path, answer.models
    found.evidence = str(getattr(answer, "evidence", ""))
    found.right = found.shipped and await watch.marked(answer.answer)
    for of, text, passed, because in watch.verdicts:
        right = await watch.marked(text)
        found.right_looked_at += right
        if not passed or (answer.answer != text and not found.right):
            found.right_turned_down += right
            found.complaints.append(f"{of} {'(right)' if right else '(wrong)'}: {because}")
    return found


class _Watch:
    """What is heard of one run: what each node said, and what the gates said to it."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.outcome = Outcome(item.label, item.question)
        self.verdicts: list[tuple[str, str, bool, str]] = []
        self._said: dict[str, str] = {}
        self._marks: dict[str, bool] = {}

    def heard(self, event: Event) -> None:
        if event.kind != "node":
            return
        value = event.data.get("value")
        if event.data["kind"] == "gate" and isinstance(value, Mapping):
            of = str(value.get("of", ""))
            self.verdicts.append((of, self._said.get(of, ""), bool(value["passed"]), str(value["because"])))
        elif isinstance(value, str):
            self._said[event.node] = value

    async def marked(self, answer: str) -> bool:
        if answer not in self._marks:
            self._marks[answer] = await asyncio.to_thread(marked, self.item, answer)
        return self._marks[answer]
