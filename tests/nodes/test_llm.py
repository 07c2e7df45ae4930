"""A specialist: its prompt, its window, its tools."""

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from tests.nodes.conftest import Make
from tinyllm.errors import Permanent, Unavailable
from tinyllm.testing.scripted import Scripted
from tinyllm.toolkit import Tool


def calls(*asked: tuple[str, dict[str, Any]]) -> AIMessage:
    return AIMessage(
        "", tool_calls=[{"name": name, "args": args, "id": f"c{i}"} for i, (name, args) in enumerate(asked)]
    )


SUM = ("calc_evaluate", {"expression": "2 + 2"})
TOOLS = {"a": {"prompt": "Work it out.", "model": "m", "tools": ["calc_*"]}}


async def test_the_prompt_leads_and_the_conversation_follows(engine: Make) -> None:
    m = Scripted("fine")
    answer = await engine({"a": {"prompt": "You are short.", "model": "m"}}, m=m).ask("How are you?")
    assert answer.answer == "fine"
    assert [(each.type, each.text) for each in m.calls[0].messages] == [
        ("system", "You are short."),
        ("human", "How are you?"),
    ]


async def test_without_a_window_the_prompt_is_the_question(engine: Make) -> None:
    m = Scripted("fine")
    await engine(
        {"a": {"prompt": "Say {{ inputs.question }} twice", "model": "m", "window": False}}, m=m
    ).ask("hi")
    assert [(each.type, each.text) for each in m.calls[0].messages] == [("human", "Say hi twice")]


async def test_a_value_is_never_read_as_a_template(engine: Make) -> None:
    m = Scripted("fine")
    node = {"prompt": "{{ inputs.question }}", "model": "m", "window": False}
    await engine({"a": node}, m=m).ask("{{ inputs }} {% raw %}")
    assert m.calls[0].messages[0].text == "{{ inputs }} {% raw %}"


async def test_what_another_node_said_is_material_and_not_its_own_words(engine: Make) -> None:
    first, second = Scripted("a draft"), Scripted("done")
    nodes = {
        "a": {"prompt": "Draft.", "model": "first", "to": "b"},
        "b": {"prompt": "Polish.", "model": "second"},
    }
    await engine(nodes, first=first, second=second).ask("q")
    assert second.calls[0].messages[-1].type == "human"
    assert second.calls[0].messages[-1].text == "Result of a:\na draft"


async def test_ask_and_use_take_turns_until_it_answers(engine: Make) -> None:
    m = Scripted(calls(SUM), "It is 4.")
    answer = await engine(TOOLS, m=m).ask("What is 2 + 2?")
    assert (answer.answer, answer.path) == ("It is 4.", ("a", "a.use", "a"))
    assert "calc_evaluate" in m.calls[0].tools
    assert all(name.startswith("calc_") for name in m.calls[0].tools)
    assert (m.calls[1].messages[-1].type, m.calls[1].messages[-1].text) == ("tool", "4")


async def test_several_calls_at_once_are_all_answered(engine: Make) -> None:
    m = Scripted(calls(SUM, ("calc_evaluate", {"expression": "3 * 3"})), "4 and 9")
    await engine(TOOLS, m=m).ask("q")
    assert [each.text for each in m.calls[1].messages if each.type == "tool"] == ["4", "9"]


async def test_a_failing_call_is_told_with_what_to_do(engine: Make) -> None:
    m = Scripted(calls(("calc_evaluate", {"expression": "the moon"})), "sorry")
    answer = await engine(TOOLS, m=m).ask("q")
    assert answer.status == "committed"
    told = m.calls[-1].messages[-1].text
    assert (told.startswith("error: "), "'the moon'" in told, "\ntry: " in told) == (True, True, True)


async def test_a_call_with_wrong_arguments_is_told_the_right_ones(engine: Make) -> None:
    m = Scripted(calls(("calc_evaluate", {"expresion": "1"})), "sorry")
    await engine(TOOLS, m=m).ask("q")
    assert "expression" in m.calls[-1].messages[-1].text


async def test_a_call_made_twice_is_told_and_not_served(engine: Make) -> None:
    m = Scripted(calls(SUM), calls(SUM), "4")
    await engine(TOOLS, m=m).ask("q")
    told = [each.text for each in m.calls[-1].messages if each.type == "tool"]
    assert (told[0], told[1].startswith("You made this very call before")) == ("4", True)


async def test_after_its_turns_it_must_answer(engine: Make) -> None:
    tools = [calls(("calc_evaluate", {"expression": f"{n} + 1"})) for n in range(10)]
    m = Scripted([*tools[:2], "enough"])
    answer = await engine({"a": {**TOOLS["a"], "turns": 2}}, m=m).ask("q")
    assert (answer.answer, [bool(call.tools) for call in m.calls]) == ("enough", [True, True, False])


async def test_a_tool_that_a_person_refuses_is_refused_to_the_model(engine: Make) -> None:
    async def launch() -> str:
        """Launch it."""
        raise AssertionError("launched")

    rocket = Tool("rocket_launch", launch, effect="unsafe", reach="remote")
    m = Scripted(calls(("rocket_launch", {})), "it is not allowed")
    nodes = {"a": {"prompt": "x", "model": "m", "tools": ["rocket_*"]}}

    async def no(question: str, choices: tuple[str, ...]) -> str:
        return "no"

    await engine(nodes, tools=(rocket,), m=m).ask("q", ask=no)
    assert "was not allowed to run: a person said no" in m.calls[1].messages[-1].text


async def test_a_tool_that_is_not_in_its_list_does_not_exist_for_it(engine: Make) -> None:
    async def look() -> str:
        """Look."""
        raise AssertionError("looked")

    other = Tool("eye_look", look, effect="read", reach="none")
    m = Scripted(calls(("eye_look", {})), "no")
    await engine(TOOLS, tools=(other,), m=m).ask("q")
    assert "there is no tool 'eye_look'" in m.calls[1].messages[-1].text


async def test_the_schema_and_the_temperature_go_to_the_model(engine: Make) -> None:
    shape = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    m = Scripted('{"n": 4}')
    await engine({"a": {"prompt": "x", "model": "m", "schema": shape, "temperature": 0.5}}, m=m).ask("q")
    assert m.calls[0].kwargs["format"] == shape
    assert m.calls[0].kwargs["options"]["temperature"] == 0.5
    assert m.calls[0].kwargs["options"]["num_ctx"] > 0


async def test_a_model_that_fails_is_replaced_and_the_answer_says_so(engine: Make) -> None:
    broken, spare = Scripted(Permanent("the model is gone")), Scripted("fine")
    answer = await engine({"a": {"prompt": "x", "model": "broken"}}, broken=broken, spare=spare).ask("q")
    assert (answer.answer, len(spare.calls)) == ("fine", 1)
    assert "the model is gone" in answer.notes[0]


async def test_when_no_model_answers_the_first_failure_is_the_one_told(engine: Make) -> None:
    broken = Scripted(Unavailable("nobody there"))
    with pytest.raises(Unavailable, match="nobody there"):
        await engine({"a": {"prompt": "x", "model": "m"}}, m=broken).ask("q")


async def test_the_model_of_the_command_line_replaces_every_other(engine: Make) -> None:
    m, other = Scripted("no"), Scripted("yes")
    answer = await engine({"a": {"prompt": "x", "model": "m"}}, m=m, other=other).ask("q", model="other")
    assert (answer.answer, m.calls) == ("yes", [])


async def test_two_specialists_may_use_tools_at_the_same_time(engine: Make) -> None:
    m = Scripted(calls(SUM), calls(SUM), "4", "4")
    nodes = {
        "go": {"kind": "transform", "value": "1", "to": ["a", "b"]},
        "a": {**TOOLS["a"], "to": "end"},
        "b": {**TOOLS["a"], "to": "end"},
    }
    answer = await asyncio.wait_for(engine(nodes, m=m).ask("q"), 30)
    assert sorted(answer.path) == ["a", "a", "a.use", "b", "b", "b.use", "go"]


async def test_tools_may_cost_so_many_tokens_and_no_more(engine: Make) -> None:
    call = AIMessage("", tool_calls=[{"name": "calc_evaluate", "args": {"expression": "2+2"}, "id": "1"}])
    again = AIMessage("", tool_calls=[{"name": "calc_evaluate", "args": {"expression": "3+3"}, "id": "2"}])
    small = Scripted(call, again, "four")
    graph = {"draft": {"prompt": "x" * 400, "model": "small", "tools": ["calc_*"], "tokens": 150}}
    answer = await engine(graph, small=small).ask("q")
    assert (answer.answer, len(small.calls)) == ("four", 3)
    assert small.calls[1].tools
    assert small.calls[2].tools == []
    assert "often enough" in small.calls[2].text


async def test_a_model_that_is_told_to_answer_again_still_sees_its_results(engine: Make) -> None:
    call = AIMessage("", tool_calls=[{"name": "calc_evaluate", "args": {"expression": "2+2"}, "id": "1"}])
    small = Scripted(call, "It is rather a lot, and more than a few.", "4")
    graph = {
        "draft": {"prompt": "x", "model": "small", "tools": ["calc_*"], "to": "check"},
        "check": {"kind": "gate", "checks": [{"length": {"most": 3}}]},
    }
    answer = await engine(graph, small=small).ask("q")
    assert answer.answer == "4"
    said = [each.type for each in small.calls[2].messages]
    assert said == ["system", "human", "ai", "tool", "ai", "human"]
