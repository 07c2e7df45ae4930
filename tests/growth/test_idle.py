"""Growing while nobody asks, and one that is cut short leaves nothing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.growth.simulation import knowing, population, school
from tinyllm.growth import due, grow_while_idle, idle
from tinyllm.settings import Settings
from tinyllm.testing.populated import populated


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "QUIET", 0.0)


async def test_a_round_is_begun_only_when_one_is_due(home: Path) -> None:
    people = population(4, bonus=0.5)
    with knowing({gold.question: gold.answer for gold in people.gold}):
        asked = school(4, home, people)
        async with asked.engine:
            await asked.ask(2, "arithmetic")
            assert not await due(asked.engine)
            await grow_while_idle(asked.engine)
            assert all(row.graph == "g" for row in await asked.engine.transactions.runs())
            await asked.ask(10, "calculus")
            await asked.ask(6, "arithmetic")
            assert await due(asked.engine)
            await grow_while_idle(asked.engine)
            assert asked.patches


async def test_a_round_that_is_cut_short_leaves_nothing(home: Path) -> None:
    people = population(4, bonus=0.5)
    make = populated(people)
    tasks: list[asyncio.Future[None]] = []

    def slow(name: str, settings: Settings) -> Any:
        model = make(name, settings)
        say = model.replies[0]

        def said(messages: Any, **options: Any) -> Any:
            for task in tasks:
                task.cancel()
            return say(messages, **options)

        model.replies[0] = said
        return model

    with knowing({gold.question: gold.answer for gold in people.gold}):
        asked = school(4, home, people, make=slow)
        async with asked.engine:
            await asked.ask(10, "calculus")
            await asked.ask(6, "arithmetic")
            tasks.append(asyncio.ensure_future(grow_while_idle(asked.engine)))
            with pytest.raises(asyncio.CancelledError):
                await tasks[0]
            assert asked.patches == []
            (row,) = [row for row in await asked.engine.transactions.runs() if row.graph == "growth"]
            assert row.status == "rolled_back"
