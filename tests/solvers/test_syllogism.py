"""All, no, some: what follows, and what is left open."""

from collections.abc import Callable
from itertools import combinations, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tinyllm.solvers import solve


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("All men are mortal. Socrates is a man. Is Socrates mortal?", True),
        ("All cats are animals. All animals are living things. Are all cats living things?", True),
        ("If all bloops are razzies and all razzies are lazzies, are all bloops lazzies?", True),
        ("All cats are mammals. No mammals are reptiles. Are any cats reptiles?", False),
        ("No fish are birds. Tweety is a bird. Is Tweety a fish?", False),
        ("Some dogs are brown. All brown things are heavy. Are some dogs heavy?", True),
        ("If no heroes are cowards and some soldiers are cowards, are some soldiers not heroes?", True),
        ("All cats are mammals. Some mammals are black. Does it follow that some cats are black?", False),
        ("All A are B. All B are C. Therefore, all A are C. Is this valid?", True),
        ("All A are B. All C are B. Therefore, all A are C. Is this argument valid?", False),
    ],
)
def test_what_follows_follows(question: str, value: bool) -> None:
    found = solve(question)
    assert found is not None
    assert found.value is value


@pytest.mark.parametrize(
    "question",
    [
        "All cats are mammals. Some mammals are black. Are some cats black?",  # nobody said
        "All politicians are liars. Are all liars politicians?",
        "All dogs are animals. Does it follow that some animals are dogs?",  # if there are dogs
        "All birds can fly. Penguins are birds. Can penguins fly?",
        "All that glitters is not gold. Is gold glitter?",
        "All swans are white. Is Bob white?",
        "All cats are black. Tom is a cat. Tom is not black. Is Tom a cat?",
        "If all the apples are red, are they ripe?",
    ],
)
def test_what_is_open_is_declined(question: str) -> None:
    assert solve(question) is None


FORMS: dict[str, Callable[[set[int], set[int]], bool]] = {
    "all {} are {}": lambda x, y: x <= y,
    "no {} are {}": lambda x, y: not x & y,
    "some {} are {}": lambda x, y: bool(x & y),
    "some {} are not {}": lambda x, y: bool(x - y),
}
STATEMENTS = st.tuples(st.sampled_from(sorted(FORMS)), st.permutations(["bloop", "zorg", "wump"]))
THINGS = range(3)
SETS = [set(part) for size in range(4) for part in combinations(THINGS, size)]


@settings(deadline=None)
@given(STATEMENTS, STATEMENTS, STATEMENTS)
def test_no_small_world_contradicts_an_answer(
    first: tuple[str, list[str]], second: tuple[str, list[str]], third: tuple[str, list[str]]
) -> None:
    said = [form.format(f"{terms[0]}s", f"{terms[1]}s") for form, terms in (first, second, third)]
    found = solve(f"{said[0].capitalize()}. {said[1].capitalize()}. Does it follow that {said[2]}?")
    assume(found is not None)
    assert found is not None
    followed = True
    for row in product(SETS, repeat=3):
        world = dict(zip(("bloop", "zorg", "wump"), row, strict=True))
        facts = [FORMS[form](world[terms[0]], world[terms[1]]) for form, terms in (first, second, third)]
        followed = followed and (not (facts[0] and facts[1]) or facts[2])
    assert found.value is followed
