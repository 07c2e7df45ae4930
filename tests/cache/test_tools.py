"""A specialist that calls tools is told the same again, whatever form its model takes tools in; the tools run each time."""

from typing import Any

import pytest

from tests.cache.conftest import MODEL, Opened
from tinyllm.running import Event
from tinyllm.testing.simulator import Model, Reply, Script, Simulator, ToolCall

SUM = {"expression": "2 + 2"}


def says(request: Any) -> Reply:
    """A call, and after its result the answer: natively, or in the JSON that is asked for in words."""
    done = "4" in "".join(
        str(message["content"]) for message in request.messages[1:] if message["role"] != "system"
    )
    if request.body.get("tools"):
        return Reply("four") if done else Reply(tool_calls=(ToolCall("calc_evaluate", SUM),))
    text = '{"answer": "four"}' if done else '{"tool": "calc_evaluate", "arguments": {"expression": "2 + 2"}}'
    return Reply(text, format="ignore")


@pytest.mark.parametrize("capabilities", [("completion", "tools"), ("completion",)])
async def test_calls_of_tools_are_kept_and_their_results_are_not(opened: Opened, capabilities: Any) -> None:
    node = {"prompt": "Compute.", "model": MODEL, "temperature": 0, "tools": ["calc_*"]}
    with Simulator(Script({MODEL: says}, [Model(name=MODEL, capabilities=capabilities)])) as simulator:
        for kinds in (["call", "tool", "call"], ["cached", "tool", "cached"]):
            heard: list[Event] = []
            given = {"name": "tools", "nodes": {"say": node}}
            async with opened(given=given, ollama_host=simulator.url) as engine:
                assert str(await engine.ask("How much?", listen=heard.append)) == "four"
            assert [
                event.kind for event in heard if event.kind in ("call", "cached", "tool", "failure")
            ] == kinds
        assert len(simulator.asked) == 2
