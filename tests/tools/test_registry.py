"""What holds for every tool: a model can be told what it is for, and nothing happens that nobody allowed."""

from typing import Any

import pytest

from tests.tools.calls import CALLS
from tests.tools.conftest import Open
from tests.tools.counterparts import Counterpart
from tinyllm.errors import BadReply, TinyError
from tinyllm.policy import Ask, harmless
from tinyllm.services import SHOWN, Services, shown
from tinyllm.toolkit import Tool
from tinyllm.tools.pages import local

TOOLS = {tool.name: tool for tool in local()}
EVERY = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
LONGEST = 130  # characters that a small model is told about a tool


def test_there_is_a_call_of_every_tool_and_there_are_enough() -> None:
    assert sorted(CALLS) == sorted(TOOLS)
    assert len(TOOLS) >= 45


@EVERY
def test_one_line_tells_what_it_is_for(tool: Tool) -> None:
    assert 15 < len(tool.doc) <= LONGEST
    assert "\n" not in tool.doc
    assert tool.doc[0].isupper()
    assert tool.doc.endswith((".", "…"))


@EVERY
def test_its_arguments_are_few_and_simple(tool: Tool) -> None:
    properties = tool.parameters["properties"]
    assert tool.schema["function"]["parameters"]["type"] == "object"
    assert len(properties) <= 6
    assert len(tool.parameters.get("required", ())) <= 4
    for prop in properties.values():
        kinds = {each.get("type", "null") for each in prop.get("anyOf", [prop])}
        assert kinds <= {"string", "integer", "number", "boolean", "array", "object", "null"}


@EVERY
def test_bad_arguments_get_an_answer_that_helps(tool: Tool) -> None:
    with pytest.raises(BadReply, match="has no argument 'nonsense'") as refused:
        tool.read({"nonsense": 1})
    assert refused.value.code == "TOOL_ARGS_INVALID"
    assert refused.value.hint == f"call it with {tool.signature}"
    for name in tool.parameters.get("required", ()):
        given = {key: value for key, value in CALLS[tool.name][0].items() if key != name}
        with pytest.raises(BadReply, match=f"{name} is missing"):
            tool.read(given)


@EVERY
def test_what_changes_something_waits_for_a_yes(tool: Tool, open_engine: Open) -> None:
    services = open_engine({"name": "t", "steps": [{"id": "a", "kind": "transform", "value": "1"}]}).services
    decision = services.decide(tool.name, CALLS[tool.name][0], services.context())
    assert decision.kind == ("allow" if harmless(tool) or tool.sandboxed else "ask")
    if isinstance(decision, Ask):
        assert tool.shows is not None  # in words of its own, not as a Python call
        assert decision.what


@EVERY
async def test_it_works_and_gives_plain_data(
    tool: Tool, services: Services, counterpart: Counterpart
) -> None:
    arguments, expected = counterpart.call(*CALLS[tool.name])
    for name, given in counterpart.before:
        await services.call(name, given)
    result = await services.call(tool.name, arguments)
    assert expected in result.text
    assert len(result.text) < SHOWN + 200


@EVERY
def test_a_long_result_is_cut_and_says_how_to_see_more(tool: Tool) -> None:
    text = shown("x" * (2 * SHOWN), tool)
    assert len(text) < SHOWN + 200
    assert "call" in text or "smaller part" in text


@EVERY
async def test_nonsense_never_breaks_it(tool: Tool, services: Services) -> None:
    """Arguments of the right type that mean nothing: a result, or an error of ours with something to do."""
    arguments = {
        name: _nonsense(prop)
        for name, prop in tool.parameters["properties"].items()
        if name in tool.parameters.get("required", ())
    }
    failures: list[TinyError] = []
    try:
        await services.call(tool.name, arguments)
    except TinyError as failure:
        failures.append(failure)
    assert all(each.code not in ("UNCLASSIFIED", "FAILED") and each.hint for each in failures)


def _nonsense(prop: dict[str, Any]) -> Any:
    if "enum" in prop:
        return prop["enum"][0]
    if "anyOf" in prop:
        return _nonsense(prop["anyOf"][0])
    if prop["type"] == "array":
        return [_nonsense(prop["items"] or {"type": "null"})] * 2
    return {
        "string": "\u2603 (]{ '\"; --",
        "integer": -1,
        "number": -1e300,
        "boolean": True,
        "object": {"\u2603": []},
        "null": None,
    }[prop["type"]]
