"""Growing while nobody asks, and one that is cut short leaves nothing."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.growth.simulation import knowing, population, school
from tinyllm.growth import accept, due, grow_while_idle, idle, revert
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


async def test_a_graph_that_only_proposes_waits_for_a_person(home: Path) -> None:
    people = population(4, bonus=0.9)
    with knowing({gold.question: gold.answer for gold in people.gold}):
        asked = school(4, home, people)
        asked.engine.settings = replace(asked.engine.settings, growth_mode="propose")
        async with asked.engine:
            await asked.ask(14, "calculus")
            await asked.ask(10, "arithmetic")
            await asked.grow()
            (waits,) = [patch for patch in asked.patches if patch.state == "proposed"]
            before = asked.engine.spec.fingerprint
            run = (await asked.engine.ask(asked.questions["calculus"].pop())).run
            assert (await asked.engine.transactions.run(run)).fingerprint == before
            await accept(asked.engine, waits.number, "I looked at it")
            run = (await asked.engine.ask(asked.questions["calculus"].pop())).run
            assert (await asked.engine.transactions.run(run)).fingerprint != before
            await revert(asked.engine, waits.number)
            assert asked.serving == []


async def test_growth_that_is_off_does_nothing(home: Path) -> None:
    with knowing({}):
        asked = school(4, home, population(4, bonus=0.5))
        asked.engine.settings = replace(asked.engine.settings, growth_mode="off")
        async with asked.engine:
            assert (await asked.grow()).said == ("growing is off",)
            assert not await due(asked.engine)
