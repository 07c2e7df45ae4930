"""The real clients are the conformance tests of the simulated server."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import ollama
import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.tools import tool
from pydantic import BaseModel

from tests.testing.clients import chat_model, client
from tinyllm.testing.simulator import Model, Reply, Script, Simulator, ToolCall

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Verdict(BaseModel):
    good: bool
    score: int
    why: str


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


@pytest.fixture
async def hello() -> AsyncIterator[Simulator]:
    async with Simulator("Hello <there>, wörld & all") as simulator:
        yield simulator


async def test_an_answer_comes_whole(hello: Simulator) -> None:
    answer = await client(hello).chat("m", [{"role": "user", "content": "hi"}])
    assert answer.message.content == "Hello <there>, wörld & all"
    assert (answer.done, answer.done_reason) == (True, "stop")
    assert answer.prompt_eval_count == 5
    assert answer.eval_count == 7


async def test_an_answer_comes_streamed(hello: Simulator) -> None:
    parts = [
        part async for part in await client(hello).chat("m", [{"role": "user", "content": "hi"}], stream=True)
    ]
    assert len(parts) == 6
    assert "".join(part.message.content or "" for part in parts) == "Hello <there>, wörld & all"
    assert [part.done for part in parts] == [False] * 5 + [True]


@pytest.mark.parametrize("writes", ["lines", "split", "joined", "letters"])
async def test_however_lines_meet_the_socket_the_answer_is_the_same(writes: Any) -> None:
    async with Simulator(Reply("Grüße, 世界!", writes=writes)) as simulator:
        parts = [
            part
            async for part in await client(simulator).chat(
                "m", [{"role": "user", "content": "?"}], stream=True
            )
        ]
    assert "".join(part.message.content or "" for part in parts) == "Grüße, 世界!"
    assert parts[-1].done


async def test_generate_gives_a_context(hello: Simulator) -> None:
    answer = await client(hello).generate("m", "hi", system="Be kind.")
    assert answer.response == "Hello <there>, wörld & all"
    assert answer.context
    raw = await client(hello).generate("m", "hi", raw=True)
    assert raw.context is None
    parts = [part async for part in await client(hello).generate("m", "hi", stream=True)]
    assert parts[-1].done_reason == "stop"


def test_a_client_that_is_not_async_is_served_from_a_thread() -> None:
    with Simulator({"m": ["one", "two"]}) as simulator:
        calls = ollama.Client(host=simulator.url, trust_env=False)
        said = [calls.chat("m", [{"role": "user", "content": "?"}]).message.content for _ in range(3)]
    assert said == ["one", "two", "two"]
    assert [request.nth for request in simulator.asked] == [0, 1, 2]


@pytest.mark.parametrize("shape", ["native", "rendered"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_model_calls_tools(shape: Any, stream: bool) -> None:
    calls = (ToolCall("weather", {"city": "Bonn", "mood": 1.0}), ToolCall("weather", {"city": "Ulm"}))
    async with Simulator(Reply(tool_calls=calls, shape=shape)) as simulator:
        messages = [{"role": "user", "content": "weather?"}]
        if stream:
            parts = [
                p async for p in await client(simulator).chat("m", messages, tools=[WEATHER], stream=True)
            ]
        else:
            parts = [await client(simulator).chat("m", messages, tools=[WEATHER])]
    found = [
        (call.function.name, call.function.arguments) for p in parts for call in p.message.tool_calls or ()
    ]
    assert found == [("weather", {"city": "Bonn", "mood": 1}), ("weather", {"city": "Ulm"})]
    carriers = [bool(p.message.tool_calls) for p in parts]
    assert carriers == {"native": [True], "rendered": [True, True, False]}[shape] if stream else [True]
    assert (parts[-1].done, parts[-1].done_reason) == (True, "stop")


async def test_tool_calls_have_an_index_and_the_id_of_their_shape() -> None:
    async with Simulator(
        Reply(tool_calls=(ToolCall("weather", {"city": "Bonn"}),), shape="rendered")
    ) as simulator:
        body = {
            "model": "m",
            "messages": [{"role": "user", "content": "?"}],
            "tools": [WEATHER],
            "stream": False,
        }
        async with httpx.AsyncClient(trust_env=False) as http:
            call = (await http.post(f"{simulator.url}/api/chat", json=body)).json()["message"]["tool_calls"][
                0
            ]
    assert call["function"]["index"] == 0
    assert call["id"].startswith("call_")
    assert len(call["id"]) == 13


async def test_thinking_is_on_where_a_model_can_think() -> None:
    async with Simulator(Reply("4", thinking="two and two")) as simulator:
        messages = [{"role": "user", "content": "2 + 2"}]
        assert (await client(simulator).chat("m", messages)).message.thinking == "two and two"
        assert (await client(simulator).chat("m", messages, think=False)).message.thinking is None
        parts = [part async for part in await client(simulator).chat("m", messages, stream=True, think="low")]
    assert [part.message.thinking for part in parts] == ["two", " and", " two", None, None]


async def test_a_schema_is_obeyed() -> None:
    schema = Verdict.model_json_schema()
    async with Simulator(["no JSON at all", '{"good": false, "score": 9, "why": "so"}']) as simulator:
        messages = [{"role": "user", "content": "?"}]
        made = await client(simulator).chat("m", messages, format=schema)
        said = await client(simulator).chat("m", messages, format=schema)
        loose = await client(simulator).chat("m", messages, format="json")
    assert Verdict.model_validate_json(made.message.content or "").why == "no JSON at all"
    assert Verdict.model_validate_json(said.message.content or "").score == 9
    assert loose.message.content == '{"good": false, "score": 9, "why": "so"}'


async def test_a_schema_can_be_cut_or_violated() -> None:
    replies = [Reply("x", format="cut"), Reply("x", format="violate"), Reply("x", format="ignore")]
    schema = Verdict.model_json_schema()
    async with Simulator(replies) as simulator:
        messages = [{"role": "user", "content": "?"}]
        cut = await client(simulator).chat("m", messages, format=schema)
        wrong = await client(simulator).chat("m", messages, format=schema)
        text = await client(simulator).chat("m", messages, format=schema)
    assert cut.done_reason == "length"
    for answer in (cut, wrong, text):
        with pytest.raises(ValueError):
            Verdict.model_validate_json(answer.message.content or "")


async def test_langchain_gets_text_usage_and_the_reason() -> None:
    async with Simulator("Hello there") as simulator:
        answer = await chat_model(simulator, num_ctx=512).ainvoke("hi")
        chunks = [chunk async for chunk in chat_model(simulator).astream("hi")]
    assert answer.text == "Hello there"
    assert answer.response_metadata["done_reason"] == "stop"
    assert answer.usage_metadata == {"input_tokens": 5, "output_tokens": 3, "total_tokens": 8}
    total = sum(chunks[1:], chunks[0])
    assert isinstance(total, AIMessageChunk)
    assert total.text == "Hello there"
    assert simulator.asked[0].options == {"num_ctx": 512}


@pytest.mark.parametrize("shape", ["native", "rendered"])
async def test_langchain_reads_both_shapes_of_tool_calls(shape: Any) -> None:
    replies = [Reply(tool_calls=(ToolCall("weather", {"city": "Bonn"}),), shape=shape), "It is sunny."]
    async with Simulator(replies) as simulator:
        model = chat_model(simulator).bind_tools([weather])
        asked = await model.ainvoke("weather in Bonn?")
        call = asked.tool_calls[0]
        answer = await model.ainvoke(["weather in Bonn?", asked, await weather.ainvoke(call)])
    assert (call["name"], call["args"]) == ("weather", {"city": "Bonn"})
    assert answer.text == "It is sunny."
    assert simulator.asked[1].messages[-1]["content"] == "sunny in Bonn"


async def test_langchain_gets_a_structured_answer() -> None:
    async with Simulator("fine") as simulator:
        verdict = await chat_model(simulator).with_structured_output(Verdict).ainvoke("?")
    assert isinstance(verdict, Verdict)


async def test_langchain_hears_the_thinking() -> None:
    async with Simulator(Reply("4", thinking="two and two")) as simulator:
        answer = await chat_model(simulator, reasoning=True).ainvoke("2 + 2")
    assert answer.additional_kwargs["reasoning_content"] == "two and two"


async def test_models_are_listed_shown_copied_deleted_and_pulled() -> None:
    card = Model(name="far:1b", installed=False)
    async with Simulator(Script({"near": "hi"}, models=[card]), scale=0) as simulator:
        calls = client(simulator)
        assert [model.model for model in (await calls.list()).models] == ["near:latest"]
        with pytest.raises(ollama.ResponseError, match="model 'far:1b' not found"):
            await calls.show("far:1b")
        progress = [line async for line in await calls.pull("far:1b", stream=True)]
        assert progress[0].status == "pulling manifest"
        assert progress[-1].status == "success"
        assert progress[-4].completed == progress[-4].total == 600_000_000
        shown = await calls.show("far:1b")
        facts = shown.modelinfo or {}
        assert facts[facts["general.architecture"] + ".context_length"] == 32768
        await calls.copy("near", "twin")
        await calls.delete("near")
        assert {model.model for model in (await calls.list()).models} == {"far:1b", "twin:latest"}
        assert (await calls.pull("far:1b")).status == "success"


async def test_embeddings_are_normal_and_near_for_near_texts() -> None:
    async with Simulator(Script("x", models=[Model(name="e", capabilities=("embedding",))])) as simulator:
        calls = client(simulator)
        answer = await calls.embed("e", ["red cat", "red dog", "tax law"])
        near, far = (
            sum(a * b for a, b in zip(answer.embeddings[0], answer.embeddings[i], strict=True))
            for i in (1, 2)
        )
        assert sum(value**2 for value in answer.embeddings[0]) == pytest.approx(1, abs=1e-5)
        assert near > far
        assert len((await calls.embed("e", "red", dimensions=8)).embeddings[0]) == 8
        assert (await calls.embed("e", "")).embeddings == []
        assert len((await calls.embeddings("e", "red cat")).embedding) == 64
        assert list((await calls.embeddings("e", "")).embedding) == []


async def test_what_is_loaded_is_listed_until_it_is_unloaded() -> None:
    async with Simulator({"a": "x", "b": "y"}, room=1) as simulator:
        calls = client(simulator)
        assert (await calls.ps()).models == []
        assert (await calls.generate("a", "")).done_reason == "load"
        assert [model.model for model in (await calls.ps()).models] == ["a:latest"]
        await calls.chat("b", [{"role": "user", "content": "?"}], options={"num_ctx": 1024})
        [loaded] = (await calls.ps()).models
        assert (loaded.model, loaded.context_length) == ("b:latest", 1024)
        assert (await calls.chat("b", [], keep_alive=0)).done_reason == "unload"
        assert (await calls.ps()).models == []
        await calls.chat("a", [{"role": "user", "content": "?"}], keep_alive=0)
        assert (await calls.ps()).models == []
    assert simulator.world.memory.swaps == 1
    assert simulator.world.memory.loads == 3
