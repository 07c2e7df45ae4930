"""A suite of small questions, and graphs whose scripted model knows some of the answers."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tinyllm import settings
from tinyllm.evals import Suite
from tinyllm.evals.suite import parsed
from tinyllm.models import Make
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

PLAIN = {"name": "plain", "nodes": {"answer": {"prompt": "Answer.", "to": "end"}}}


def suite(count: int = 8) -> Suite:
    cases = "\n".join(
        f'{{"id": "c{n}", "question": "What is number {n}?", "equals": "{n}", "tags": ["{(n % 2 and "odd") or "even"}"]}}'
        for n in range(count)
    )
    return parsed(cases.encode(), "counting.jsonl")


def knowing(numbers: Iterable[int], otherwise: str = "no idea") -> Callable[..., str]:
    """A model that knows these numbers."""
    known = set(numbers)

    def say(messages: list[Any], **_: Any) -> str:
        asked = re.search(r"number (\d+)", messages[-1].text)
        assert asked is not None
        return asked[1] if int(asked[1]) in known else otherwise

    return say


def models(*said: Any) -> tuple[Make, Scripted]:
    """Every model is this one."""
    model = Scripted(*said)
    return (lambda *_: model), model


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """A project of one's own."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "tinyllm.toml").write_text("")
    return settings.load(folder=tmp_path / "project", environment={})
