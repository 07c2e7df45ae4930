"""The graphs that come with the program remember: what was told once is known in the next run."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tinyllm.engine import Engine
from tinyllm.nodes.context import REMEMBERED
from tinyllm.policy import Ask, decide
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

ASKED = "Where do we keep the old archive?"


class Says:
    """A model that knows only what it is shown."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, messages: list[Any], **options: Any) -> str:
        text = "\n".join(str(message.text) for message in messages)
        if options.get("format"):
            return json.dumps({"verdict": "pass", "reason": "it answers the question"})
        self.read.append(text)
        return "It is kept in Room 12." if "Room 12" in text else "I do not know where it is."


@pytest.mark.parametrize("graph", ["assistant", "agent"])
async def test_the_shipped_graphs_answer_better_for_what_is_remembered(offline: Settings, graph: str) -> None:
    says = Says()
    async with Engine(
        graph, settings=replace(offline, embedder=""), make=lambda *_: Scripted(says)
    ) as engine:
        assert (await engine.ask(ASKED)).answer == "I do not know where it is."
        assert all(REMEMBERED not in text for text in says.read)  # nothing is added while nothing is there
        await engine.services.memory.remember("The archive is kept in Room 12.", key="archive")
        says.read.clear()
        answer = await engine.ask(ASKED)
        assert (answer.status, answer.answer) == ("committed", "It is kept in Room 12.")
        assert says.read[0].count(REMEMBERED) == 1
        assert "| archive: The archive is kept in Room 12." in says.read[0]
        await engine.services.memory.forget("archive")
        assert (await engine.ask(ASKED)).answer == "I do not know where it is."


async def test_the_agent_may_remember_only_with_a_yes(offline: Settings) -> None:
    async with Engine("agent", settings=replace(offline, embedder="")) as engine:
        tools = engine.tools.matching(engine.spec.nodes["general"].tool_patterns()).tools
        assert {"memory_remember", "memory_forget"} <= tools.keys()
        for name in ("memory_remember", "memory_forget"):
            given = {
                "key": "k",
                "scope": "project",
                "why": "",
                **({"text": "t"} if "remember" in name else {}),
            }
            assert isinstance(decide(tools[name], given, engine.services.context()), Ask)
