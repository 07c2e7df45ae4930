"""Growth as its users have it: a model server, a person who rates answers, and the command line."""

import asyncio
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, tinyllm  # noqa: F401 - a fixture
from tinyllm import settings
from tinyllm.engine import Engine
from tinyllm.grades import rate
from tinyllm.testing.simulator import Gold, Population, Simulator

GRAPH = """
name: helper
models:
  small: {name: "small:1b", tier: 1}
  judge: {name: "judge:14b", tier: 3}
nodes:
  helper: {model: small, prompt: You help., to: check}
  check: {kind: gate, checks: [not_empty], gives_up: learn}
  learn: {kind: grow, to: refuse}
"""
FORMS = {"tides": "When is the tide {n} at its highest?", "etymology": "Where does word {n} come from?"}


def gold(topic: str, n: int) -> Gold:
    wrong = (f"{topic} of {n + 1}", f"{topic} of {n + 2}")
    return Gold(question=FORMS[topic].format(n=n), topic=topic, answer=f"{topic} of {n}", wrong=wrong)


PEOPLE = Population.model_validate(
    {
        "seed": 5,
        "bonus": 0.7,
        "room": 4,
        "topics": dict.fromkeys(FORMS, ()),
        "models": {
            "small:1b": {"skills": {"tides": 0.8, "etymology": 0.03}, "slots": 4},
            "judge:14b": {
                "skills": {"default": 0.02},
                "judging": {"accepts_right": 0.97, "accepts_wrong": 0.05},
            },
        },
        "gold": [gold(topic, n) for topic in FORMS for n in range(120)],
    }
)
ANSWERS = {each.question: each.answer for each in PEOPLE.gold}


@pytest.fixture
def served(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A project whose model server is a population."""
    (home / "graphs").mkdir()
    (home / "graphs" / "helper.yaml").write_text(GRAPH)
    (home / "tinyllm.toml").write_text('graph = "helper"\n')
    with Simulator(PEOPLE) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        yield simulator


async def asked(questions: list[str], count: int) -> list[bool]:
    """Somebody asks, and says what they think of the answer."""
    said = []
    async with Engine("helper", settings=settings.load()) as engine:
        for _ in range(count):
            question = questions.pop()
            answer = await engine.ask(question)
            said.append(answer.answer == ANSWERS[question])
            store, spec = engine.transactions.store, engine.spec
            await rate(store, answer.run, up=said[-1], why="", spec=spec, consent=False)
    return said


def grown(tinyllm: Call, *arguments: str) -> Any:  # noqa: F811
    done = tinyllm("growth", *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.mark.timeout(240)
async def test_thumbs_make_a_graph_grow_and_a_person_takes_it_back(
    served: Simulator,
    tinyllm: Call,  # noqa: F811
    home: Path,
) -> None:
    def call(*arguments: str) -> Any:
        return grown(tinyllm, *arguments)

    questions = list(ANSWERS)
    random.Random(3).shuffle(questions)
    before = (home / "graphs" / "helper.yaml").read_bytes()
    assert await asyncio.to_thread(call, "list") == []
    states: list[str] = []
    await asked(questions, 24)
    while "accepted" not in states and questions:
        await asked(questions, 12)
        states += [each["state"] for each in (await asyncio.to_thread(call, "run"))["decisions"]]
    (accepted,) = [each for each in await asyncio.to_thread(call, "list") if each["state"] == "accepted"]
    assert "tides" in json.dumps(accepted["nodes"])
    number = str(accepted["patch"])
    shown = await asyncio.to_thread(call, "show", number)
    assert shown["evidence"]["pairs"] >= 8
    assert [each["state"] for each in shown["history"]] == ["probation", "accepted"]
    assert (home / "graphs" / "helper.yaml").read_bytes() == before
    await asyncio.to_thread(_by_hand, tinyllm, home, number)


def _by_hand(tinyllm: Call, home: Path, number: str) -> None:  # noqa: F811
    """Look at it, write it down, take it back, take it again."""
    picture = tinyllm("growth", "show", number, "--svg").out
    assert picture.count("<svg") == 3
    assert "failed" in picture
    assert "-  helper:" not in (lines := tinyllm("growth", "diff", number).out)
    assert "+" in lines
    assert "tides" in lines
    assert tinyllm("growth", "export").code == 0
    assert "accepted" in (home / "graphs" / "helper.growth.yaml").read_text()
    assert "helper.growth" not in tinyllm("graph", "list").out
    assert tinyllm("growth", "revert", number, "--why", "I prefer the old one").code == 0
    assert tinyllm("growth", "revert", number).code == 2
    assert "I prefer" in tinyllm("growth", "history").out
    assert tinyllm("growth", "accept", number).code == 0
    assert tinyllm("growth", "accept", "99").code == 2
    assert "better" in tinyllm("growth", "test", number).out
