"""How often a change that helps nobody is accepted, and one that helps is: the statistics alone, thousands of times."""

import random
from pathlib import Path
from typing import Any

import pytest

from tinyllm.growth.evidence import LEAST, Case, Comparison, best
from tinyllm.growth.probation import Live, needed
from tinyllm.overlay import Patch
from tinyllm.prove.bounds import most, wilson
from tinyllm.prove.evidence import table, write

HARD, EASY = 0.7, 0.04  # how often each half of the questions goes wrong
ASKED, ROUNDS = 28, 3  # questions before each round of growing
LIVE = 6  # verdicts on each side between two looks at what is on probation
MANY = 20_000
WAYS = 3  # candidates of one round


class Chance(random.Random):
    """Questions of two kinds, and how they go."""

    def question(self) -> float:
        return HARD if self.random() < 0.5 else EASY

    def goes(self, fails: float, better: float = 0.0) -> bool:
        return self.random() >= max(0.0, fails - (better if fails == HARD else 0.0))


def accepted(seed: int, better: float) -> bool:
    """Rounds of growing as the product decides them, with answers that are drawn."""
    chance = Chance(seed)
    asked = []
    for _ in range(ROUNDS):
        asked += [(fails, chance.goes(fails)) for fails in (chance.question() for _ in range(ASKED))]
        failed = [fails for fails, good in asked if not good][-24:]
        passed = [fails for fails, good in asked if good][:24]
        if len(failed) + len(passed) < LEAST or not failed:
            continue
        share = sum(not good for _, good in asked) / len(asked)
        tried = [compared(chance, failed, passed, share, better) for _ in range(WAYS)]
        if one := best(tried):
            return lives(chance, one, better)
    return False


def compared(
    chance: Chance, failed: list[float], passed: list[float], share: float, better: float
) -> Comparison:
    found = Comparison(Patch("g", "n", "", "prompt", "", {}), share)
    for was, each in (*((True, fails) for fails in failed), *((False, fails) for fails in passed)):
        if found.hopeless():
            found.stopped = "not better on what failed"
            break
        found.pairs.append((Case("", was, "gate"), chance.goes(each), chance.goes(each, better)))
    return found


def lives(chance: Chance, one: Comparison, better: float) -> bool:
    """Half of the runs each, looked at again and again until something is decided."""
    evidence: dict[str, Any] = {"at_least": one.bound(WAYS).low}
    odds = needed(Patch("g", "n", "", "prompt", "", {}, evidence))
    on: list[bool] = []
    off: list[bool] = []
    while True:
        on += [chance.goes(chance.question(), better) for _ in range(LIVE)]
        off += [chance.goes(chance.question()) for _ in range(LIVE)]
        if said := Live(tuple(on), tuple(off), odds).verdict:
            return said == "accepted"


def test_a_change_that_helps_nobody_is_hardly_ever_accepted() -> None:
    assert most(sum(accepted(seed, 0.0) for seed in range(400)), 400) <= 0.05


def test_one_that_helps_is_mostly_accepted() -> None:
    assert wilson(sum(accepted(seed, 0.5) for seed in range(100)), 100)[0] >= 0.8


@pytest.mark.evidence
@pytest.mark.timeout(900)
def test_the_rate_of_false_accepts_of_the_decisions_alone() -> None:
    """Writes its section of EVIDENCE.md."""
    falsely, rightly = (sum(accepted(seed, better) for seed in range(MANY)) for better in (0.0, 0.5))
    rows = [
        (name, f"{MANY:,}", f"{count:,} ({low:.2%} to {high:.2%})")
        for name, count in (("helps nobody", falsely), ("takes 50 points off", rightly))
        for low, high in (wilson(count, MANY),)
    ]
    said = f"Up to {ROUNDS} rounds with {WAYS} candidates each, then probation; answers are drawn, no graph is run."
    lines = [
        "## Growth (its decisions alone)",
        "",
        said,
        "",
        *table(("the change", "populations", "accepted"), rows),
    ]
    write(Path("EVIDENCE.md"), "growth decisions", lines)
    assert most(falsely, MANY) <= 0.03
