"""Short answers of several models, compared as a person would."""

import pytest

from tests.checks.conftest import Ask
from tinyllm.checks.agreement import alike
from tinyllm.testing.scripted import Scripted

QUESTION = "Which city is the capital of Australia?"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Canberra", "It is **Canberra**.", True),
        ("The capital of Australia is Canberra.", "canberra", True),
        ("Canberra", "Sydney", False),
        ("Yes, it is.", "No, it is not.", False),
        ("In 1969", "1969", True),
        ("1969", "1968", False),
        ("It is true", "It is not true", False),
    ],
)
def test_the_same_short_answer_is_the_same_in_other_words(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same
    assert alike(other, one) is same


async def test_two_that_agree_are_believed_and_a_wrong_one_is_replaced(ask: Ask) -> None:
    right = await ask(QUESTION, ["agreement"], a="Canberra", b="It is Canberra.", c=Scripted("never asked"))
    wrong = await ask(QUESTION, ["agreement"], a="Sydney", b="It is Canberra.", c="Canberra.")
    assert (right.evidence, right.answer) == ("agreed", "Canberra")
    assert (wrong.evidence, wrong.answer) == ("agreed", "It is Canberra.")


async def test_what_nobody_shares_is_unchecked_and_not_refused(ask: Ask) -> None:
    answer = await ask(QUESTION, ["agreement"], a="Canberra", b="Perth", c="Sydney")
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "unchecked", "Canberra")


async def test_long_texts_are_not_compared(ask: Ask) -> None:
    b = Scripted("never asked")
    await ask("Tell me about Australia.", ["agreement"], a="A large island. " * 10, b=b)
    assert b.calls == []
