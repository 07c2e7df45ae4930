"""The front door: ask, watch, embed; and what becomes of a run that fails."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tinyllm import Answer
from tinyllm.engine import Engine
from tinyllm.errors import OutOfBudget, Permanent, TimedOut, TinyError, Unavailable, UsageError
from tinyllm.running import Event
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted


def transform(value: str = "1", **more: Any) -> dict[str, Any]:
    return {"kind": "transform", "value": value, **more}


def engine(offline: Settings, nodes: dict[str, Any], *said: Any, **more: Any) -> Engine:
    graph = {"models": {"m": "m:1b"}, "nodes": nodes}
    return Engine(graph, settings=offline, make=(lambda *_: Scripted(*said)) if said else None, **more)


async def test_a_question_is_answered(offline: Settings) -> None:
    answer = await Engine(settings=offline).ask("What is 2 + 2?")
    assert isinstance(answer, Answer)
    assert (str(answer), answer.status, answer.path) == ("4", "committed", ("exact",))


def test_programs_that_are_not_async_ask_too(offline: Settings) -> None:
    asked = Engine(settings=offline)
    assert [asked.ask_sync(f"{n} + 1").answer for n in range(3)] == ["1", "2", "3"]


async def test_a_notebook_that_runs_a_loop_asks_too(offline: Settings) -> None:
    assert Engine(settings=offline).ask_sync("2 + 2").answer == "4"


async def test_events_come_as_they_happen_and_end_with_the_answer(offline: Settings) -> None:
    asked = engine(offline, {"a": {"prompt": "x", "model": "m"}}, "one two three")
    events = [event async for event in asked.stream("q")]
    kinds = [event.kind for event in events]
    assert (kinds[0], kinds[-1]) == ("begin", "end")
    assert "".join(event.data["text"] for event in events if event.kind == "token") == "one two three"
    assert events[-1].data["answer"] == "one two three"
    assert kinds.index("token") < kinds.index("node")


async def test_a_stream_that_nobody_reads_any_more_stops_the_run(offline: Settings) -> None:
    started = asyncio.Event()

    async def person(question: str, choices: tuple[str, ...]) -> str:
        started.set()
        await asyncio.Event().wait()
        return ""

    asked = engine(offline, {"a": {"kind": "human", "ask": "Well?"}})
    watching = asked.stream("q", ask=person)
    assert (await anext(watching)).kind == "begin"
    await watching.aclose()  # type: ignore[attr-defined]
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert others == []


async def test_a_failing_node_goes_where_its_error_leads(offline: Settings) -> None:
    nodes = {"a": transform("1 / 0", on_error="mend"), "mend": transform("'mended'")}
    answer = await engine(offline, nodes).ask("q")
    assert (answer.answer, answer.path) == ("mended", ("a", "mend"))
    assert answer.failures[0]["where"] == "a"


async def test_a_failing_model_goes_where_its_error_leads(offline: Settings) -> None:
    nodes = {"a": {"prompt": "x", "model": "m", "on_error": "mend"}, "mend": transform("'without it'")}
    answer = await engine(offline, nodes, Unavailable("gone")).ask("q")
    assert (answer.answer, answer.failures[0]["where"]) == ("without it", "a")


async def test_a_failing_node_without_a_way_out_fails_the_run_and_is_named(offline: Settings) -> None:
    with pytest.raises(TinyError) as failure:
        await engine(offline, {"a": transform(to="b"), "b": transform("1 / 0")}).ask("q")
    assert failure.value.where == "b"


async def test_a_node_may_not_be_visited_for_ever(offline: Settings) -> None:
    with pytest.raises(OutOfBudget, match="more than 3 times") as failure:
        await engine(offline, {"a": transform(to="a", max_visits=3)}).ask("q")
    assert failure.value.exit_code == 7


async def test_a_loop_that_is_caught_ends_where_it_leads(offline: Settings) -> None:
    nodes = {"a": transform(to="a", max_visits=3, on_error="out"), "out": transform("'out'")}
    assert (await engine(offline, nodes).ask("q")).answer == "out"


async def test_an_error_that_leads_to_itself_ends(offline: Settings) -> None:
    with pytest.raises(OutOfBudget):
        await engine(offline, {"a": transform("1 / 0", on_error="a", max_visits=3)}).ask("q")
    nodes = {"a": transform("1 / 0", on_error="b", max_visits=3), "b": transform("1 / 0", on_error="a")}
    with pytest.raises(OutOfBudget):
        await engine(offline, nodes).ask("q")


async def test_a_long_loop_within_its_limit_runs_to_its_end(offline: Settings) -> None:
    nodes = {
        "a": transform("(outputs.a if 'a' in outputs else 0) + 1", to="more", max_visits=1000),
        "more": {"kind": "condition", "when": "outputs.a < 200", "then": "a", "max_visits": 1000},
    }
    assert (await engine(offline, nodes).ask("q")).value == 200


async def test_a_run_has_a_deadline(offline: Settings) -> None:
    async def person(question: str, choices: tuple[str, ...]) -> str:
        return "yes"

    nodes = {"ask": {"kind": "human", "ask": "Well?", "to": "a"}, "a": {"prompt": "x", "model": "m"}}
    with pytest.raises(TimedOut) as failure:
        await engine(offline, nodes, "fine").ask("q", ask=person, timeout=1e-9)
    assert failure.value.exit_code == 124


async def test_inputs_are_asked_for_by_name(offline: Settings) -> None:
    graph = {"inputs": {"a": "one", "b": "two"}, "nodes": {"x": transform("inputs.a + inputs.b")}}
    asked = Engine(graph, settings=offline)
    assert (await asked.ask(inputs={"a": 1, "b": 2})).value == 3
    with pytest.raises(UsageError, match="needs the input 'b': two"):
        await asked.ask(inputs={"a": 1})


async def test_no_question_is_no_run(offline: Settings) -> None:
    with pytest.raises(UsageError, match="there is no question"):
        await Engine(settings=offline).ask("")


async def test_runs_of_one_engine_share_nothing(offline: Settings) -> None:
    asked = engine(offline, {"a": transform("inputs.question", to="b"), "b": transform("outputs.a")})
    answers = await asyncio.gather(*(asked.ask(f"q{n}") for n in range(8)))
    assert [answer.answer for answer in answers] == [f"q{n}" for n in range(8)]
    assert len({answer.run for answer in answers}) == 8


async def test_when_no_server_answers_the_failure_names_it(offline: Settings) -> None:
    with pytest.raises(Unavailable, match="no answer from the model server") as failure:
        await Engine(settings=offline).ask("Tell me a joke")
    assert (failure.value.exit_code, offline.ollama_host in str(failure.value)) == (4, True)
    assert "ollama serve" in failure.value.hint


async def test_a_shape_holds_the_last_models_and_keeps_solvers_out(offline: Settings) -> None:
    shape = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    said = Scripted('{"n": 4}')
    nodes = {
        "exact": {"kind": "solve", "to": "end", "declines": "draft"},
        "draft": {"prompt": "x", "model": "m", "to": "last"},
        "last": {"prompt": "y", "model": "m", "to": "check"},
        "check": {"kind": "gate"},
    }
    graph = {"models": {"m": "m:1b"}, "nodes": nodes}
    answer = await Engine(graph, settings=offline, schema=shape, make=lambda *_: said).ask("What is 2 + 2?")
    assert (json.loads(answer.answer), answer.path) == ({"n": 4}, ("exact", "draft", "last", "check"))
    assert [call.kwargs.get("format") for call in said.calls] == [None, shape]


async def test_a_permanent_failure_keeps_its_words(offline: Settings) -> None:
    with pytest.raises(Permanent, match="out of order"):
        await engine(offline, {"a": {"prompt": "x", "model": "m"}}, Permanent("out of order")).ask("q")


async def test_an_unknown_graph_is_asked_about(offline: Settings, home: Path) -> None:
    with pytest.raises(UsageError) as failure:
        Engine("asistant", settings=offline)
    assert "assistant" in failure.value.hint


async def test_an_empty_attachment_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    async with Engine({"nodes": {"a": transform()}}) as engine:
        with pytest.raises(UsageError, match=r"notes\.txt is empty"):
            await engine.ask("What does it say?", attached=[tmp_path / "notes.txt"])


async def test_an_attachment_that_is_no_text_is_told_and_not_shown(offline: Settings, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0\xff")
    said, told = Scripted("A picture."), list[Event]()
    made = Engine({"nodes": {"a": {"prompt": "x"}}}, settings=offline, make=lambda *_: said)
    await made.ask("What is it?", attached=[tmp_path / "picture.png"], listen=told.append)
    assert [event.data["text"] for event in told if event.kind == "note"] == [
        "picture.png is no text: models are told that it is there, and no more"
    ]
    assert "PNG" not in said.calls[0].text
