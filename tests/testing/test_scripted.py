"""A scripted chat model behaves like ChatOllama without a server."""

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.tools import tool

from tinyllm.testing.scripted import Scripted


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return city


async def test_replies_come_in_order_and_the_last_one_repeats() -> None:
    model = Scripted("one", "two")
    assert [(await model.ainvoke("?")).text for _ in range(3)] == ["one", "two", "two"]
    assert Scripted(replies=["same"]).invoke("?").text == Scripted(["same"]).invoke("?").text == "same"


async def test_an_answer_has_the_metadata_of_a_finished_one() -> None:
    answer = await Scripted("four words are here", model="m").ainvoke("a question")
    assert answer.response_metadata["done_reason"] == "stop"
    assert answer.response_metadata["done"] is True
    assert answer.response_metadata["prompt_eval_count"] == 3
    assert answer.usage_metadata == {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}


async def test_a_message_keeps_what_it_says_about_itself() -> None:
    cut = AIMessage("half of", response_metadata={"done_reason": "length"})
    answer = await Scripted(cut).ainvoke("?")
    assert answer.response_metadata["done_reason"] == "length"


async def test_an_exception_is_raised_and_the_next_reply_follows() -> None:
    model = Scripted(ConnectionError("gone"), TimeoutError, "back")
    with pytest.raises(ConnectionError, match="gone"):
        await model.ainvoke("?")
    with pytest.raises(TimeoutError):
        await model.ainvoke("?")
    assert (await model.ainvoke("?")).text == "back"


async def test_a_function_answers_the_messages_it_gets() -> None:
    def echo(messages: list[BaseMessage], **kwargs: object) -> str:
        return f"{messages[-1].text} {kwargs['format']}"

    assert (await Scripted(echo).bind(format="json").ainvoke("hi")).text == "hi json"


async def test_calls_are_recorded_with_what_came_along() -> None:
    model = Scripted("x")
    await model.bind_tools([weather], tool_choice="auto").ainvoke("hi", stop=["."], options={"seed": 1})
    [call] = model.calls
    assert (call.text, call.tools) == ("hi", ["weather"])
    assert call.kwargs["stop"] == ["."]
    assert call.kwargs["tool_choice"] == "auto"
    assert call.kwargs["options"] == {"seed": 1}


@pytest.mark.parametrize("text", ["three little words", " spaces  inside ", ""])
async def test_a_stream_adds_up_to_the_answer(text: str) -> None:
    chunks = [chunk async for chunk in Scripted(text).astream("?")]
    total = sum(chunks[1:], chunks[0])
    assert isinstance(total, AIMessageChunk)
    assert total.text == text
    assert total.response_metadata["done_reason"] == "stop"
    assert total.usage_metadata is not None
    assert "".join(chunk.text for chunk in Scripted(text).stream("?")) == text


async def test_tool_calls_are_streamed_too() -> None:
    call = {"name": "weather", "args": {"city": "Bonn"}, "id": "1", "type": "tool_call"}
    model = Scripted(AIMessage("", tool_calls=[call]))
    chunks = [chunk async for chunk in model.astream("?")]
    total = sum(chunks[1:], chunks[0])
    assert isinstance(total, AIMessageChunk)
    assert total.tool_calls == [call]
    assert (await model.ainvoke("?")).tool_calls == [call]
