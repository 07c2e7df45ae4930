"""A graph grows where it helps, and only there: twenty simulated populations of each kind, two hundred as evidence."""

import os
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import pytest

from tests.growth.simulation import Class, knowing, population, school
from tinyllm.prove.bounds import most
from tinyllm.prove.evidence import table, write
from tinyllm.testing.populated import populated

SEEDS, MANY = 20, 200
LONGEST = 160  # questions until a change is accepted, or not


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is such a place: thousands of runs do not wait for a disk."""
    memory = "/dev/shm"
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as made:
        yield Path(made)


async def helped(seed: int, folder: Path, after: int = 6) -> tuple[Class, float, float]:
    """Calculus fails 70 %, and a prompt that names it takes 50 points off; then questions that are new to it."""
    people = population(seed, bonus=0.5)
    with knowing({gold.question: gold.answer for gold in people.gold}):
        asked = school(seed, folder, people)
        async with asked.engine:
            while asked.asked < LONGEST and not asked.accepted:
                await asked.ask(26 if not asked.serving else 12)
                await asked.grow()
            return asked, await asked.ask(after, "calculus"), await asked.ask(after, "arithmetic")


async def not_helped(seed: int, folder: Path, rounds: int = 1) -> Class:
    """The same without the bonus: no change of the graph makes anything better."""
    people = population(seed, bonus=0.0)
    with knowing({gold.question: gold.answer for gold in people.gold}):
        asked = school(seed, folder, people)
        async with asked.engine:
            for _ in range(rounds):
                await asked.ask(28)
                await asked.grow()
            while "probation" in asked.serving and asked.asked < LONGEST:
                await asked.ask(12)
                await asked.grow()
    return asked


async def recovering(seed: int, folder: Path) -> Class:
    """It fails for a while, and then no more, before anybody looks."""
    bad, good = population(seed, bonus=0.5), population(seed, bonus=0.5, calculus=0.05)
    now = populated(bad)
    with knowing({gold.question: gold.answer for gold in bad.gold}):
        asked = school(seed, folder, bad, make=lambda name, settings: now(name, settings))
        async with asked.engine:
            await asked.ask(16)
            now = populated(good)
            asked.engine.models.made.clear()
            for _ in range(2):
                await asked.ask(6)
                await asked.grow()
    return asked


@pytest.mark.timeout(900)
async def test_a_graph_grows_where_it_helps(folder: Path) -> None:
    found = [await helped(seed, folder) for seed in range(SEEDS)]
    grown = [each for each in found if each[0].accepted]
    assert len(grown) >= SEEDS * 0.6  # the others would have after more questions
    assert mean(calculus for _, calculus, _ in grown) > 0.3 + 0.3
    assert mean(arithmetic for _, _, arithmetic in grown) > 0.9


@pytest.mark.timeout(900)
async def test_what_does_not_help_is_rejected_or_reverted(folder: Path) -> None:
    found = [await not_helped(seed, folder) for seed in range(SEEDS)]
    assert sum(each.accepted for each in found) <= 1
    assert sum(len(each.patches) for each in found) > SEEDS  # it was tried


@pytest.mark.timeout(900)
async def test_a_model_that_recovers_by_itself_makes_nothing_grow(folder: Path) -> None:
    found = [await recovering(seed, folder) for seed in range(SEEDS)]
    assert sum(bool(each.serving) for each in found) <= 1


@pytest.mark.evidence
@pytest.mark.timeout(3600)
async def test_two_hundred_of_each(folder: Path) -> None:
    """Writes its section of EVIDENCE.md."""
    good = [await helped(seed, folder, after=15) for seed in range(1000, 1000 + MANY)]
    control = [await not_helped(seed, folder, rounds=3) for seed in range(1000, 1000 + MANY)]
    back = [await recovering(seed, folder) for seed in range(1000, 1000 + MANY)]
    grown = [each for each in good if each[0].accepted]
    calculus, arithmetic = mean(each[1] for each in grown), mean(each[2] for each in grown)
    falsely = sum(each.accepted for each in control)
    lines = [
        "## Growth (simulated populations)",
        "",
        (
            "A model that gets 70 % of calculus and 4 % of arithmetic wrong; a prompt that names the topic takes 50 points off"
        " its error rate (0 in the control). Accuracy is measured on questions that came after the change was accepted."
        ),
        "",
        *table(
            ("population", "runs", "a change was accepted", "calculus after", "arithmetic after", "questions asked"),
            [
                ("a change helps", MANY, len(grown), f"{calculus:.1%} (before: 30 %)", f"{arithmetic:.1%} (before: 96 %)",
                 round(mean(each[0].asked for each in good))),
                ("no change helps", MANY, falsely, "-", "-", round(mean(each.asked for each in control))),
                ("it recovers by itself", MANY, sum(each.accepted for each in back), "-", "-",
                 round(mean(each.asked for each in back))),
            ],
        ),
        "",
        f"False accepts: at most {most(falsely, MANY):.1%} at 95 %.",
    ]  # fmt: skip
    write(Path("EVIDENCE.md"), "growth", lines)
    assert calculus - 0.3 >= 0.3
    assert arithmetic >= 0.93
    assert falsely <= MANY * 0.05
    assert sum(bool(each.serving) for each in back) <= MANY * 0.05
