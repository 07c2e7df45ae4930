"""A gate behind one specialist, with models that say what they were told to: `ask(question, checks, a=…, b=…)`."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tinyllm.answer import Answer
from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Line, Scripted

Ask = Callable[..., Awaitable[Answer]]
TIERS = {"big": 2, "bigger": 3, "judge": 3}


@pytest.fixture
def ask(offline: Settings) -> Ask:
    async def ask(
        question: str,
        checks: list[Any],
        *,
        tools: tuple[Any, ...] = (),
        draft: dict[str, Any] | None = None,
        gate: dict[str, Any] | None = None,
        **said: Line | list[Line] | Scripted,
    ) -> Answer:
        chats = {name: each if isinstance(each, Scripted) else Scripted(each) for name, each in said.items()}
        graph = {
            "models": {name: {"name": f"{name}:1b", "tier": TIERS.get(name, 1)} for name in chats},
            "nodes": {
                "draft": {"model": "a", "prompt": "x", "to": "check", **(draft or {})},
                "check": {"kind": "gate", "checks": checks, **(gate or {})},
            },
        }
        make = lambda name, _: chats[name.removesuffix(":1b")]  # noqa: E731
        async with Engine(graph, settings=offline, tools=tools, make=make) as engine:
            return await engine.ask(question)

    return ask
