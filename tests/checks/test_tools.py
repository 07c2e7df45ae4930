"""An answer's figures come from its tools: an invented one is caught, a rounded one is not rejected."""

from typing import Any

from langchain_core.messages import AIMessage

from tests.checks.conftest import Ask
from tinyllm.testing.scripted import Scripted
from tinyllm.toolkit import tool


@tool(effect="read")
async def sales() -> dict[str, Any]:
    """The sales of a year."""
    return {"north": 1234567.891, "south": 812000, "orders": 4816}


CALL = AIMessage("", tool_calls=[{"name": "test_tools_sales", "args": {}, "id": "1", "type": "tool_call"}])
DRAFT = {"tools": [sales.name], "allow": [sales.name]}
QUESTION = "What did we sell in the north in 2025?"


async def told(ask: Ask, *said: str) -> Any:
    call = CALL.model_copy(update={"tool_calls": [{**CALL.tool_calls[0], "name": sales.name}]})
    return await ask(QUESTION, ["cites_tool"], tools=(sales,), draft=DRAFT, a=Scripted(call, *said))


async def test_figures_of_the_tool_are_evidence(ask: Ask) -> None:
    answer = await told(ask, "In 2025 the north sold 1234567.891.")
    assert (answer.status, answer.evidence) == ("committed", "executed")


async def test_rounded_scaled_and_added_figures_are_not_rejected(ask: Ask) -> None:
    for odd in (
        "We sold $1,234,567.89.",
        "1.23 million",
        "Together 2,046,567.891",
        "812 thousand in the south",
    ):
        answer = await told(ask, odd)
        assert answer.status == "committed", odd


async def test_an_invented_figure_is_caught(ask: Ask) -> None:
    answer = await told(ask, "The north sold 1,324,567.89.", "It sold 1,324,567.")
    assert answer.status == "refused"
    assert "is in no tool's result" in answer.tried[0]["because"]


async def test_without_tools_it_has_nothing_to_say(ask: Ask) -> None:
    answer = await ask(QUESTION, ["cites_tool"], a="It sold 99.")
    assert (answer.status, answer.evidence) == ("committed", "unchecked")
