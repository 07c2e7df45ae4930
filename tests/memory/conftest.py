"""Memories on both databases, with and without a model that embeds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tinyllm.memory.remembered import Memory
from tinyllm.settings import Settings
from tinyllm.store import open_store
from tinyllm.testing.simulator import Simulator
from tinyllm.transactions import Transactions


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return tmp_path / "runs.db" if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def runs(place: Any, tmp_path: Path) -> Iterator[Transactions]:
    with open_store(place) as store:
        yield Transactions(store, contents=tmp_path / "contents")


@pytest.fixture
def memory(runs: Transactions, offline: Settings) -> Memory:
    """Found by words alone: no server is there."""
    return Memory(replace(offline, embedder=""), lambda: runs.store)


@pytest.fixture
def meaning(runs: Transactions, offline: Settings) -> Iterator[Callable[..., Memory]]:
    """A memory with a model that embeds as the given function does."""
    with Simulator() as simulator:

        def made(embed: Callable[[list[str]], list[list[float]]] | None = None, **more: Any) -> Memory:
            simulator.world.embed = embed
            return Memory(replace(offline, ollama_host=simulator.url, **more), lambda: runs.store)

        yield made
