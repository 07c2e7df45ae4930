"""Small graphs around one kind of node, with models that say what they were told to."""

from collections.abc import Callable
from typing import Any

import pytest

from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

Make = Callable[..., Engine]


@pytest.fixture
def engine(offline: Settings) -> Make:
    """`engine(nodes, general=Scripted(...))`: models by name; a graph whose models say nothing has none."""

    def make(nodes: dict[str, Any], tools: tuple[Any, ...] = (), **chats: Scripted) -> Engine:
        graph = {"models": {name: f"{name}:1b" for name in chats}, "nodes": nodes}
        return Engine(
            graph, settings=offline, tools=tools, make=lambda name, _: chats[name.removesuffix(":1b")]
        )

    return make
