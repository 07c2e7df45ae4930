"""A graph that asks for what it must always be told the same, a server that counts, and a database for both."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.testing.simulator import Model, Reply, Script, Simulator

MODEL = "m:1b"
Opened = Callable[..., Engine]


def graph(node: dict[str, Any] | None = None, **nodes: dict[str, Any]) -> dict[str, Any]:
    say = {"prompt": "Answer.", "model": MODEL, "temperature": 0, **(node or {})}
    return {
        "name": "plain",
        "nodes": {"say": {**say, **({"to": next(iter(nodes))} if nodes else {})}, **nodes},
    }


class Counted:
    """A server that says something else each time it is asked."""

    def __init__(self, **lines: Any) -> None:
        self.said = 0
        self.digest = "1" * 64
        named = {MODEL: self._next, "/api/tags": self._tags, **lines}
        models = [Model(name=name, capabilities=("completion", "tools")) for name in (MODEL, "other:1b")]
        self.simulator = Simulator(Script(named, models))

    def _next(self, _: Any) -> str:
        self.said += 1
        return f"reply {self.said}"

    def _tags(self, _: Any) -> Reply:
        """The models that are installed, as if the first had been pulled when the test says so."""
        models = [
            {"name": MODEL, "digest": self.digest},
            {"name": "far:1b", "digest": "2", "remote_host": "x"},
        ]
        return Reply(body=json.dumps({"models": models}), headers={"Content-Type": "application/json"})

    @property
    def asked(self) -> int:
        return len(self.simulator.asked)

    def times(self, path: str) -> int:
        return [request.path for request in self.simulator.requests].count(path)


@pytest.fixture
def server() -> Iterator[Counted]:
    counted = Counted()
    with counted.simulator:
        yield counted


@pytest.fixture
def opened(server: Counted, tmp_path: Path) -> Opened:
    """An engine as each process has its own, on one database."""

    def open_(node: dict[str, Any] | None = None, /, *, given: Any = None, **settings: Any) -> Engine:
        wanted = {"database": str(tmp_path / "t.db"), "ollama_host": server.simulator.url, **settings}
        return Engine(given or graph(node), settings=Settings(**wanted))

    return open_
