"""Exact first: what cannot be proved is declined, never guessed."""

from typing import Any

from tests.nodes.conftest import Make
from tinyllm.testing.scripted import Scripted

NODES: dict[str, Any] = {
    "exact": {"kind": "solve", "to": "end", "declines": "ask"},
    "ask": {"prompt": "x", "model": "m"},
}


async def test_what_can_be_proved_asks_no_model(engine: Make) -> None:
    m = Scripted("four, I guess")
    answer = await engine(NODES, m=m).ask("(3/7)^12 to 20 digits")
    assert (answer.path, m.calls) == (("exact",), [])
    assert answer.answer.lstrip("≈ ").startswith("0.000038395")


async def test_what_cannot_is_declined(engine: Make) -> None:
    answer = await engine(NODES, m=Scripted("a joke")).ask("Tell me a joke")
    assert (answer.answer, answer.path) == ("a joke", ("exact", "ask"))


async def test_without_anywhere_to_go_a_decline_is_a_refusal(engine: Make) -> None:
    answer = await engine({"exact": {"kind": "solve"}}).ask("Tell me a joke")
    assert (answer.status, answer.answer) == ("refused", "")
