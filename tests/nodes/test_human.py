"""A question to a person."""

from typing import Any

from tests.nodes.conftest import Make

NODES: dict[str, Any] = {
    "ask": {"kind": "human", "ask": "Send {{ inputs.question }}?", "choices": {"yes": "send", "no": "end"}},
    "send": {"kind": "transform", "value": "'sent'"},
}


async def test_a_person_who_sits_there_is_asked_and_decides(engine: Make) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    async def person(question: str, choices: tuple[str, ...]) -> str:
        asked.append((question, choices))
        return "yes"

    answer = await engine(NODES).ask("it", ask=person)
    assert (answer.answer, answer.path) == ("sent", ("ask", "send"))
    assert asked == [("Send it?", ("yes", "no"))]


async def test_the_answer_itself_can_be_used(engine: Make) -> None:
    async def person(question: str, choices: tuple[str, ...]) -> str:
        return "blue"

    nodes = {
        "ask": {"kind": "human", "ask": "Which colour?", "to": "say"},
        "say": {"kind": "transform", "value": "outputs.ask | upper"},
    }
    assert (await engine(nodes).ask("q", ask=person)).answer == "BLUE"


async def test_where_nobody_sits_the_run_waits(engine: Make) -> None:
    answer = await engine(NODES).ask("it")
    assert (answer.status, answer.question["question"], answer.question["node"]) == (
        "waiting",
        "Send it?",
        "ask",
    )
