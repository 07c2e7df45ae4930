"""One tool call, decided by the graph."""

from typing import Any

import pytest

from tests.nodes.conftest import Make
from tinyllm.errors import TinyError
from tinyllm.toolkit import Tool


def call(tool: str = "calc_evaluate", **more: Any) -> dict[str, Any]:
    return {"a": {"kind": "tool", "tool": tool, **more}}


async def test_its_arguments_are_filled_in(engine: Make) -> None:
    answer = await engine(call(args={"expression": "{{ inputs.question }} + 1"})).ask("41")
    assert answer.value == "42"


async def test_a_text_that_is_one_hole_keeps_its_type(engine: Make) -> None:
    async def double(values: list[int]) -> list[int]:
        """Twice."""
        return [2 * value for value in values]

    twice = Tool("list_double", double, effect="pure", reach="none")
    nodes = {
        "n": {"kind": "transform", "value": "[1, 2]", "to": "a"},
        **call("list_double", args={"values": "{{ outputs.n }}"}),
    }
    assert (await engine(nodes, tools=(twice,)).ask("q")).value == [2, 4]


def test_a_wrong_argument_is_found_before_anything_runs(engine: Make) -> None:
    with pytest.raises(TinyError, match="calc_evaluate has no argument 'sum'") as failure:
        engine(call(args={"sum": "1"}))
    assert "calc_evaluate needs the argument 'expression'" in failure.value.message


async def test_a_value_of_the_wrong_type_names_the_tool_and_the_node(engine: Make) -> None:
    with pytest.raises(TinyError, match="calc_evaluate cannot be called like this") as failure:
        await engine(call(args={"expression": 1})).ask("q")
    assert failure.value.where == "a"
    assert "expression" in failure.value.hint


async def test_it_needs_leave_for_what_reaches_out(engine: Make) -> None:
    async def send() -> str:
        """Send it."""
        return "sent"

    mail = Tool("mail_send", send, effect="unsafe", reach="net")
    waiting = await engine(call("mail_send"), tools=(mail,)).ask("q")
    assert (waiting.status, waiting.value) == ("waiting", None)
    assert "mail_send wants to run" in waiting.question["question"]
    assert (await engine(call("mail_send", allow=["mail_*"]), tools=(mail,)).ask("q")).value == "sent"
