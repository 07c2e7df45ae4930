"""The one place that compiles: what a run begins with, and what goes in."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from tinyllm.build import begin, build
from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.state import State


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "hello"},
        {"type": "human", "content": "hello"},
        HumanMessage("hello"),
        HumanMessage([{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]),
        {"role": "user", "content": [{"type": "text", "text": "hello"}]},
    ],
)
async def test_the_last_thing_said_is_the_question_however_it_is_written(message: Any) -> None:
    given: Any = {"messages": [AIMessage("before"), message]}
    begun = await begin(given)
    assert begun["inputs"]["question"] == "hello"
    assert [dict(each) for each in begun["messages"]] == [
        {"role": "assistant", "content": "before"},
        {"role": "user", "content": "hello"},
    ]


async def test_a_question_among_the_inputs_is_the_last_thing_said() -> None:
    begun = await begin(State(inputs={"question": "hello"}))
    assert list(begun["messages"]) == [{"role": "user", "content": "hello"}]


async def test_a_run_on_a_used_thread_starts_from_nothing(offline: Settings) -> None:
    from langgraph.checkpoint.memory import InMemorySaver

    nodes = {"a": {"kind": "transform", "value": "inputs.question", "max_visits": 1}}
    asked = Engine({"nodes": nodes}, settings=offline)
    graph = build(asked.spec, asked.services, InMemorySaver())
    for question in ("one", "two", "three"):
        config: Any = {"configurable": {"thread_id": "t"}}
        given: Any = {"inputs": {"question": question}, "messages": []}
        state = await graph.ainvoke(given, config)
        assert (state["outputs"], state["visits"]) == ({"a": question}, {"a": 1})


async def test_what_a_run_keeps_is_plain_data(offline: Settings) -> None:
    import json

    graph = Engine({"nodes": {"a": {"kind": "transform", "value": "[1, 2]"}}}, settings=offline).graph
    state = await graph.ainvoke({"messages": [HumanMessage("hello")]})
    assert json.loads(json.dumps(state)) == state


def test_every_node_is_there_by_its_name(offline: Settings) -> None:
    nodes = {"a": {"prompt": "x", "tools": ["calc_*"], "to": "g"}, "g": {"kind": "gate"}}
    drawn = set(Engine({"nodes": nodes}, settings=offline).graph.get_graph().nodes)
    assert {"a", "a.use", "g", "refuse", "begin"} <= drawn
