"""Failed questions are grouped by what they mean where a model embeds, and by their words elsewhere."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tinyllm.growth.diagnosis import domains
from tinyllm.growth.meaning import meant
from tinyllm.guard import Guard
from tinyllm.memory.embedding import Embedder
from tinyllm.models import Models
from tinyllm.settings import Settings
from tinyllm.testing.minilm import INSTALL, weights
from tinyllm.testing.simulator import Simulator

ROOT = Path(__file__).parents[2]
CALCULUS = [
    "Which slope has the curve?",
    "Integrate it from 0 to 1.",
    "Does this series converge?",
    "Find its tangent.",
]
COOKING = [
    "How long do lentils simmer?",
    "Why is my dough flat?",
    "Bake it at what heat?",
    "Thicken a thin gravy.",
]
PASSED = ["Who signed the treaty?", "When did the empire fall?"]
SIZE = 24


def embed(zero: float) -> Callable[[list[str]], list[list[float]]]:
    """A direction for each subject, and for everything else one of its own; `zero` makes any two texts alike."""

    def one(text: str) -> list[float]:
        said = text.rpartition(": ")[2]
        chance = random.Random(said)
        vector = [chance.gauss(0.0, 0.12) for _ in range(SIZE)]
        for place, subject in enumerate((CALCULUS, COOKING, PASSED)):
            weight = 1.0 if said in subject else 0.6 if said and said in " ".join(subject).casefold() else 0.0
            vector[place] += weight
        if not any(vector[place] > 0.5 for place in range(3)):
            vector[chance.randrange(3, SIZE)] += 1.0
        return [*vector, zero]

    return lambda texts: [one(text) for text in texts]


@pytest.fixture
def embedder(offline: Settings) -> Iterator[Callable[[float], Embedder]]:
    with Simulator() as simulator:

        def made(zero: float) -> Embedder:
            simulator.world.embed = embed(zero)
            return Embedder(replace(offline, ollama_host=simulator.url))

        yield made


@pytest.mark.parametrize("zero", [0.0, 1.5])
async def test_what_means_something_alike_is_one_group(
    embedder: Callable[[float], Embedder], zero: float
) -> None:
    """Also for a model that finds any two sentences alike."""
    found = await meant(embedder(zero), [*CALCULUS, *COOKING], PASSED)
    assert [set(group.questions) for group in found] == [set(CALCULUS), set(COOKING)]
    assert found == await meant(embedder(zero), [*CALCULUS, *COOKING], PASSED)
    for group, own in zip(found, (CALCULUS, COOKING), strict=True):
        assert group.terms
        assert all(term in " ".join(own).casefold() for term in group.terms)


async def test_without_a_model_that_embeds_words_must_do(
    embedder: Callable[[float], Embedder], offline: Settings
) -> None:
    guard = Guard(Models(offline), {})
    by, found = await domains(guard, [*CALCULUS, *COOKING], PASSED, embedder(0.0))
    assert by == "meaning"
    assert len(found) == 2
    assert (await domains(guard, [*CALCULUS, *COOKING], PASSED, Embedder(offline)))[0] == "words"
    assert (await domains(guard, [*CALCULUS, *COOKING], PASSED))[0] == "words"


@pytest.mark.evidence
def test_by_meaning_questions_are_grouped_better_than_by_words() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/topics.py", "--draws", "4"],
        capture_output=True, text=True, cwd=ROOT, timeout=300, check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if weights() is None:
        pytest.skip(f"no model that embeds is installed ({INSTALL})")
    assert found["meaning"]["purity"] >= found["words"]["purity"]
    assert found["meaning"]["placed"] >= found["words"]["placed"] + 0.3
