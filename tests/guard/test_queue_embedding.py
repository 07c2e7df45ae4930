"""Embeddings take their place among the questions: in the same order, within the same time, behind the same breakers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.guard.test_queue import Asked, asking
from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.guard.queue import place
from tinyllm.running import Priority, Running, entered
from tinyllm.settings import Settings
from tinyllm.testing.simulator import Model, Script, Simulator


async def embed(
    asked: Asked, text: str, priority: Priority = "person", model: str = "m:1b", **more: Any
) -> None:
    running = Running(**{"id": text, "priority": priority, "listen": asked.events.append, **more})

    async def ask() -> str:
        with entered(running):
            return str(len(await asked.guard.embed(model, [text])))

    asked.tasks.append(asyncio.ensure_future(ask()))
    await asyncio.sleep(0)


def embedded(asked: Asked) -> list[str]:
    return [request.body["input"][0] for request in asked.simulator.requests if request.path == "/api/embed"]


def waits(asked: Asked, model: str) -> bool:
    found = place(asked.guard.models, model)
    return found is not None and any(found.line.counts)


async def test_a_persons_embedding_goes_before_that_of_a_batch() -> None:
    rows: list[tuple[str, Priority]] = [("late", "background"), ("row", "batch"), ("me", "person")]
    async with asking() as asked:
        async with asked.held():
            for text, priority in rows:
                await embed(asked, text, priority)
        assert await asked.ends() == ["ok"] * 3
        assert embedded(asked) == ["me", "row", "late"]
        assert len(await asked.guard.embed("m:1b", ["one", "two"])) == 2


async def test_what_is_remembered_for_a_person_goes_before_the_questions_of_a_batch(tmp_path: Path) -> None:
    graph = {"nodes": {"n": {"prompt": "{{ inputs.question }}", "model": "m:1b", "recall": True}}}
    async with asking(slots=1, database=str(tmp_path / "t.db"), embedder="n:1b") as asked:
        async with Engine(graph, settings=asked.guard.models.settings) as engine:
            memory = engine.services.memory
            await memory.remember("The cat is called Ada.")
            async with asked.held():
                await asked.put("row", "batch")
                me = asyncio.ensure_future(memory.recall("Who is Ada?"))
                while not waits(asked, "n:1b"):
                    await asyncio.sleep(0.001)
            assert await me
        await asked.ends()
    order = [
        request.model for request in asked.simulator.requests if request.path in ("/api/embed", "/api/chat")
    ]
    assert order == ["n:1b", "n:1b", "m:1b"]


async def test_without_time_it_leaves_the_queue_and_blames_nobody() -> None:
    async with asking() as asked:
        clock = asked.guard.clock
        async with asked.held():
            await embed(asked, "late", deadline=clock.monotonic() + 0.05, clock=clock)
            with pytest.raises(TinyError) as raised:
                await asked.tasks[0]
        assert raised.value.code == "DEADLINE_EXCEEDED"
        assert embedded(asked) == []
        assert await asked.guard.breakers.shelf.all() == []


async def test_a_model_that_rests_is_not_asked_and_a_server_that_is_away_is_not_judged() -> None:
    async with asking() as asked:
        await asked.guard.breakers.set("m:1b", "open")
        with pytest.raises(TinyError) as raised:
            await asked.guard.embed("m:1b", ["text"])
        assert raised.value.code == "CIRCUIT_OPEN"
        assert embedded(asked) == []
        await asked.guard.breakers.set("m:1b", "closed")
        await asked.simulator.stop()
        with pytest.raises(TinyError) as raised:
            await asked.guard.embed("m:1b", ["text"])
        assert raised.value.code == "MODEL_SERVER_DOWN"
        assert {row.state for row in await asked.guard.breakers.shelf.all()} == {"closed"}


@pytest.mark.parametrize("kind", ["question", "embedding"])
async def test_while_others_are_asked_the_list_of_models_is_before_anybody_queues_for_a_missing_one(
    tmp_path: Path, kind: str
) -> None:
    graph = {"nodes": {"n": {"prompt": "Well?", "model": "gone:1b"}}}
    async with Simulator(Script("here", [Model(name="there:1b")])) as simulator:
        settings = Settings(ollama_host=simulator.url, database=str(tmp_path / "t.db"), slots=1)
        async with Engine(graph, settings=settings) as engine:
            asked = Asked(engine.services.guard, simulator)
            async with asked.held("there:1b"):
                going = (
                    engine.ask("Well?", listen=asked.events.append)
                    if kind == "question"
                    else asked.guard.embed("gone:1b", ["text"])
                )
                with pytest.raises(TinyError) as raised:
                    await going
            assert raised.value.code == "MODEL_NOT_FOUND"
    assert "waits" not in {event.kind for event in asked.events}
    assert [request.path for request in simulator.requests] == ["/api/tags"]
