"""A cheap look at a question never turns away what can be solved."""

import asyncio

from tinyllm.evals.suite import SHIPPED, read
from tinyllm.solvers import asolve, might, solve


def test_what_is_solved_passes_the_look() -> None:
    questions = [case.question for case in read(SHIPPED / "exact-math.jsonl").cases]
    assert sum(solve(question) is not None for question in questions) > 200
    assert [question for question in questions if solve(question) and not might(question)] == []


def test_what_no_field_has_words_for_is_turned_away() -> None:
    assert solve("What is 2 + 2?")
    assert not might("Why do penguins walk sideways?")
    assert not might("It costs $ 5 and a penguin")


async def test_solving_beside_others_gives_the_same() -> None:
    questions = (
        "What is 15% of 240?",
        "Why do penguins walk?",
        "How many days are between 2024-01-01 and 2024-03-01?",
    )
    assert await asyncio.gather(*map(asolve, questions)) == [solve(question) for question in questions]
