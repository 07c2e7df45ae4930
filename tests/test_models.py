"""A model's name becomes a chat model: what is asked over the wire, and what is made of the reply."""

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from tinyllm import settings
from tinyllm.errors import TinyError
from tinyllm.models import Ask, Entry, Models, as_langchain
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted
from tinyllm.testing.simulator import Reply, Script, Simulator, ToolCall

HELLO = [{"role": "user", "content": "hello"}]
SUM: dict[str, Any] = {
    "type": "function",
    "function": {"name": "sum", "description": "Add.", "parameters": {"type": "object", "properties": {}}},
}


def models(simulator: Simulator, **more: Any) -> Models:
    return Models(settings.load({"ollama_host": simulator.url, **more}, environment={}))


def entry(**more: Any) -> Entry:
    return Entry(key="m", name="m:1b", **more)


async def test_a_question_goes_out_with_its_context_and_its_keep_alive() -> None:
    async with Simulator(Script({"m:1b": "hi"})) as simulator:
        asked = models(simulator, num_ctx=2048, keep_alive="7m")
        reply = await asked.ask(entry(temperature=0.2, seed=7), Ask(HELLO))
        await asked.aclose()
        body = json.loads(simulator.asked[0].raw)
    assert (reply.text, reply.model, reply.done_reason, reply.complete) == ("hi", "m:1b", "stop", True)
    assert reply.tokens_in > 0 < reply.tokens_out
    assert simulator.asked[0].path == "/api/chat"
    assert body["options"] == {"num_ctx": 2048, "temperature": 0.2, "seed": 7}
    assert (body["keep_alive"], body["stream"]) == ("7m", False)


async def test_what_the_entry_says_wins_over_the_settings_and_the_question_over_both() -> None:
    async with Simulator(Script({"m:1b": "hi"})) as simulator:
        asked = models(simulator, num_ctx=2048)
        await asked.ask(entry(num_ctx=4096, temperature=0.2), Ask(HELLO, options={"temperature": 1.0}))
        await asked.aclose()
        assert simulator.asked[0].body["options"] == {"num_ctx": 4096, "temperature": 1.0}


async def test_who_listens_hears_the_text_grow() -> None:
    heard: list[str] = []
    async with Simulator(Script({"m:1b": Reply(chunks=("one ", "two"))})) as simulator:
        asked = models(simulator)
        reply = await asked.ask(entry(), Ask(HELLO), heard.append)
        await asked.aclose()
    assert ("".join(heard), len(heard) > 1, reply.text) == ("one two", True, "one two")


async def test_tools_and_schemas_go_out() -> None:
    async with Simulator(Script({"m:1b": "{}"})) as simulator:
        asked = models(simulator)
        await asked.ask(entry(), Ask(HELLO, tools=[SUM]))
        await asked.ask(entry(), Ask(HELLO, schema={"type": "object"}))
        await asked.aclose()
        with_tools, with_schema = (request.body for request in simulator.asked)
    assert with_tools["tools"][0]["function"]["name"] == "sum"
    assert with_schema["format"] == {"type": "object"}


async def test_tool_calls_come_back_with_their_arguments() -> None:
    call = Reply(tool_calls=(ToolCall("sum", {"a": 1}),))
    async with Simulator(Script({"m:1b": call})) as simulator:
        asked = models(simulator)
        reply = await asked.ask(entry(), Ask(HELLO, tools=[SUM]))
        await asked.aclose()
    assert [(each["name"], each["args"]) for each in reply.tool_calls] == [("sum", {"a": 1})]
    assert reply.tool_calls[0]["id"]


async def test_a_client_is_made_once_per_model() -> None:
    made: list[str] = []

    def make(name: str, _: settings.Settings) -> Scripted:
        made.append(name)
        return Scripted("hi")

    asked = Models(settings.Settings(), make)
    for _ in range(3):
        await asked.ask(entry(), Ask(HELLO))
    assert made == ["m:1b"]


async def test_a_call_that_cannot_be_read_is_a_bad_reply() -> None:
    broken = AIMessage("", invalid_tool_calls=[{"name": "sum", "args": "{", "id": "1", "error": "no"}])
    with pytest.raises(TinyError, match="cannot be read"):
        await Models(settings.Settings(), lambda *_: Scripted(broken)).ask(entry(), Ask(HELLO))


def test_every_role_has_its_message() -> None:
    said: list[Any] = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "a", "tool_calls": [{"id": "1", "name": "sum", "args": {}}]},
        {"role": "tool", "content": "t", "call": "1", "name": "sum"},
    ]
    made = [as_langchain(each) for each in said]
    assert [(each.type, each.text) for each in made] == [
        ("system", "s"),
        ("human", "u"),
        ("ai", "a"),
        ("tool", "t"),
    ]
    assert made[3].tool_call_id == "1"  # type: ignore[attr-defined]


def test_a_model_stays_as_long_as_its_role_is_worth_unless_somebody_says_so() -> None:
    def stays(entry: Entry, **given: Any) -> str | int:
        return entry.stays(Settings(**given))

    router, judge = Entry(key="r", name="m", tier=0), Entry(key="j", name="m", tier=3)
    general, other = Entry(key="general", name="m"), Entry(key="o", name="m")
    assert [stays(each) for each in (router, general, other, judge)] == ["30m", "30m", "5m", "1m"]
    assert stays(router, keep_alive="7m") == "7m"
    assert stays(judge, origins={"keep_alive": "TINYLLM_KEEP_ALIVE"}) == "5m"
    assert stays(Entry(name="m", keep_alive=-1), keep_alive="7m") == -1
    with pytest.raises(ValueError, match="write it like 30s"):
        Entry(name="m", keep_alive="soon")


async def test_a_judge_is_asked_with_its_own_time_in_memory() -> None:
    async with Simulator("yes") as simulator:
        asked = models(simulator)
        await asked.ask(Entry(key="judge", name="m", tier=3), Ask([{"role": "user", "content": "?"}]))
        assert simulator.asked[0].body["keep_alive"] == "1m"
        await asked.aclose()
