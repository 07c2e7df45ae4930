"""A question is a run: kept, continued, resumed and replayed, through the front door."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tinyllm.clock import Virtual
from tinyllm.effects import write_file
from tinyllm.engine import Engine
from tinyllm.errors import TinyError, UsageError
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted
from tinyllm.toolkit import Tool

Open = Callable[..., Engine]


@pytest.fixture
async def open_engine(tmp_path: Path) -> AsyncIterator[Open]:
    """Engines on one database; the model says what it is told."""
    opened: list[Engine] = []

    def make(graph: dict[str, Any], *said: Any, tools: tuple[Tool, ...] = ()) -> Engine:
        settings = Settings(database=str(tmp_path / "runs.db"), workspace=str(tmp_path))
        script = Scripted(*said)
        engine = Engine(graph, settings=settings, make=lambda name, settings: script, tools=tools)
        engine.__dict__["script"] = script
        opened.append(engine)
        return engine

    yield make
    for engine in opened:
        await engine.aclose()


CHAT: dict[str, Any] = {"name": "chat", "nodes": {"say": {"prompt": "Be brief."}}}


def asked(engine: Engine) -> list[str]:
    return [call.text for call in engine.__dict__["script"].calls]


async def test_a_thread_remembers_what_was_said(open_engine: Open) -> None:
    engine = open_engine(CHAT, "Hello Ada.", "Your name is Ada.")
    await engine.ask("I am Ada.", thread="t")
    answer = await engine.ask("Who am I?", thread="t")
    assert str(answer) == "Your name is Ada."
    assert asked(engine)[1].splitlines() == ["Be brief.", "I am Ada.", "Hello Ada.", "Who am I?"]
    assert await engine.transactions.problems() == []


async def test_a_question_alone_remembers_nothing(open_engine: Open) -> None:
    engine = open_engine(CHAT, "one", "two")
    await engine.ask("first")
    await engine.ask("second")
    assert "first" not in asked(engine)[1]


async def test_a_failed_question_is_as_if_never_asked(open_engine: Open) -> None:
    engine = open_engine(CHAT, "Hello.", RuntimeError("broken"))
    await engine.ask("one", thread="t")
    with pytest.raises(TinyError):
        await engine.ask("two", thread="t")
    assert [m["content"] for m in await engine.transactions.window("t")] == ["one", "Hello."]
    failed, done = await engine.transactions.runs()
    assert (failed.status, done.status) == ("rolled_back", "committed")
    assert "failure" in [line.kind for line in await engine.transactions.timeline(failed.id)]


TWICE: dict[str, Any] = {
    "name": "twice",
    "nodes": {
        "draft": {"prompt": "Draft.", "to": "polish"},
        "polish": {"prompt": "Polish.", "to": "end"},
    },
}


async def test_an_interrupted_run_goes_on_without_asking_again(open_engine: Open) -> None:
    stuck = asyncio.Event()

    def hang(messages: Any, **options: Any) -> str:
        stuck.set()
        raise asyncio.CancelledError

    engine = open_engine(TWICE, "a draft", hang, "polished")
    with pytest.raises((asyncio.CancelledError, TinyError)):
        await engine.ask("write", thread="t")
    (row,) = await engine.transactions.runs()
    if row.status == "rolled_back":
        await engine.transactions.rollback(row.id, to=max(await engine.transactions.savepoints(row.id)))
    assert stuck.is_set()
    answer = await engine.resume(row.id)
    assert str(answer) == "polished"
    assert answer.path == ("draft", "polish")
    assert [text.splitlines()[0] for text in asked(engine)] == ["Draft.", "Polish.", "Polish."]


async def test_a_cancelled_question_can_be_resumed(open_engine: Open) -> None:
    reached, open_ = asyncio.Event(), asyncio.Event()

    async def door() -> str:
        """Wait until it is opened."""
        reached.set()
        await open_.wait()
        return "through"

    graph = {"name": "door", "allow": ["door"], "steps": [{"id": "wait", "kind": "tool", "tool": "door"}]}
    engine = open_engine(graph, "", tools=(Tool("door", door, "read", "net"),))
    asking = asyncio.ensure_future(engine.ask("go", thread="t"))
    await reached.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    (row,) = await engine.transactions.runs()
    assert row.shown(engine.clock) == "recoverable"
    assert await engine.transactions.problems() == []
    open_.set()
    assert str(await engine.resume(row.id)) == "through"


async def test_a_committed_run_is_replayed_without_a_model(open_engine: Open) -> None:
    answer = await open_engine(TWICE, "a draft", "polished").ask("write")
    offline = open_engine(TWICE, RuntimeError("nobody may be asked"))
    again = await offline.replay(answer.run)
    assert (again.answer, again.path) == ("polished", ("draft", "polish"))
    assert asked(offline) == []


async def test_a_run_goes_on_with_the_graph_it_began_with(open_engine: Open) -> None:
    graph: dict[str, Any] = {
        "name": "careful",
        "steps": [
            {"id": "ask", "kind": "human", "ask": "Sure?"},
            {"id": "end_", "kind": "transform", "value": "'it was ' ~ outputs.ask"},
        ],
    }
    waiting = await open_engine(graph).ask("go", thread="t")
    assert (waiting.status, waiting.question["question"]) == ("waiting", "Sure?")
    changed = open_engine({**graph, "steps": [{"id": "x", "kind": "transform", "value": "'changed'"}]})
    with pytest.raises(UsageError, match="waits for an answer"):
        await changed.resume(waiting.run)
    assert str(await changed.resume(waiting.run, "yes")) == "it was yes"
    assert str(await changed.replay(waiting.run)) == "it was yes"


async def test_a_tool_that_wrote_before_the_failure_is_undone(open_engine: Open, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"

    async def note(text: str) -> str:
        """Write a note."""
        await write_file(path, text.encode())
        return "written"

    graph = {
        "name": "noting",
        "allow": ["note"],
        "steps": [
            {"id": "write", "kind": "tool", "tool": "note", "args": {"text": "hello"}},
            {"id": "fail", "kind": "llm", "prompt": "x"},
        ],
    }
    tool = Tool("note", note, "idempotent", "workspace")
    engine = open_engine(graph, RuntimeError("broken"), tools=(tool,))
    with pytest.raises(TinyError, match="broken"):
        await engine.ask("go")
    assert not path.exists()
    (row,) = await engine.transactions.runs()
    states = {line.name: line.state for line in await engine.transactions.effects(row.id)}
    assert states == {"note": "done", "file": "undone", "model": "failed"}


async def test_the_path_is_that_of_the_attempt_that_stands(open_engine: Open) -> None:
    fork = {"kind": "human", "ask": "Which way?", "choices": {"left": "left", "right": "right"}}
    engine = open_engine(
        {
            "nodes": {
                "first": {"prompt": "Begin.", "to": "fork"},
                "fork": fork,
                "left": {"prompt": "Left.", "to": "done"},
                "right": {"prompt": "Right.", "to": "done"},
                "done": {"kind": "human", "ask": "Done?", "choices": {"yes": "end"}},
            }
        },
        "said",
    )
    run = (await engine.ask("go")).run
    waiting = await engine.resume(run, "left")
    assert waiting.path == ("first", "fork", "left")
    await engine.transactions.rollback(run, to=1)  # where the first one has spoken
    assert (await engine.resume(run)).status == "waiting"
    await engine.resume(run, "right")
    assert (await engine.resume(run, "yes")).path == ("first", "fork", "right", "done")


async def test_a_reply_that_took_long_is_kept_with_what_it_cost(tmp_path: Path) -> None:
    clock, found = Virtual(), list[int]()
    database = tmp_path / "runs.db"

    def slowly(*_: Any, **__: Any) -> str:
        clock.advance(2)
        return "It is well indeed."

    def judging(*_: Any, **__: Any) -> str:
        with sqlite3.connect(database) as db:
            found.extend(db.execute("SELECT count(*) FROM effects WHERE state = 'done'").fetchone())
            found.extend(db.execute("SELECT count(*) FROM events WHERE kind = 'call'").fetchone())
        db.close()
        return "right"

    graph = {
        "models": {"judge": "j:1b"},
        "nodes": {"say": {"prompt": "Speak.", "to": "check"}, "check": {"kind": "gate", "judge": "judge"}},
    }
    models = {"j:1b": Scripted(judging)}
    async with Engine(
        graph,
        settings=Settings(database=str(database)),
        clock=clock,
        make=lambda name, _: models.get(name) or Scripted(slowly),
    ) as engine:
        await engine.ask("How is it?")
    assert found[:2] == [1, 1]
