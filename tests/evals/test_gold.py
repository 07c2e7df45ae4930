"""Suites as what simulated models know: a suite is tried against them without a GPU."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, tinyllm
from tinyllm import evals
from tinyllm.evals import numbers
from tinyllm.evals.scorers import Given, scored
from tinyllm.evals.suite import SHIPPED, read
from tinyllm.settings import Settings
from tinyllm.testing.simulator import Simulator, read_population
from tinyllm.toolkit import Bounds, Toolbox, within

__all__ = ["tinyllm"]  # the command line, called in this process
TOOLS = read(SHIPPED / "tools.yaml")


@pytest.fixture
def crowd(tinyllm: Call, tmp_path: Path) -> Iterator[Simulator]:
    """The small population with all of two suites for its knowledge, and no time lost."""
    file = tmp_path / "crowd.yaml"
    assert tinyllm("eval", "population", "tools", "code", "-o", str(file)).code == 0
    file.write_text(file.read_text().replace("scale: 0.2", "scale: 0"))
    with Simulator(read_population(file)) as simulator:
        yield simulator


async def test_simulated_models_know_the_suites(crowd: Simulator, own: Settings) -> None:
    settings = replace(own, ollama_host=crowd.url)
    tools = evals.Summary((await evals.run("tools", settings=settings, limit=12)).of())
    assert tools.right.hits >= 6
    assert tools.cost["calls"] > tools.right.cases
    code = evals.Summary((await evals.run("code", settings=settings, limit=6)).of())
    assert code.right.hits >= 2
    assert all(row.tools for row in tools.rows if row.right)


def test_a_question_stands_in_a_population_once() -> None:
    found = evals.gold([TOOLS, TOOLS])
    assert len(found) == len(TOOLS.cases)
    assert {entry["topic"] for entry in found} == {"math"}
    assert all(entry["tool"]["name"] for entry in found)


@pytest.mark.parametrize("case", TOOLS.cases, ids=lambda case: case.id)
async def test_the_call_of_a_case_gives_its_answer(case: Any, tmp_path: Path) -> None:
    assert case.call is not None
    tool = Toolbox.standard().get(case.call.name)
    with within(Bounds(tmp_path)):
        result = await tool.run(**tool.read(case.call.arguments))
    said = str(result).replace("'", '"')
    if case.numeric is not None:
        wanted = numbers.exactly(case.numeric.value[0])
        assert wanted is not None
        within_ = case.numeric.within
        assert any(numbers.near(each[0], wanted, within_, None) for each in numbers.numbers(said)), said
    else:
        scores = await scored(Given(case, said, tools=(case.call.name,)))
        assert not any(scores.values()), (said, scores)
