"""Runs on both databases, and a small LangGraph graph to run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tinyllm.store import open_store
from tinyllm.transactions import Transactions


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return tmp_path / "runs.db" if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def transactions(place: Any, tmp_path: Path) -> Iterator[Transactions]:
    with open_store(place) as store:
        yield Transactions(store, contents=tmp_path / "contents")
