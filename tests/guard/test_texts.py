"""What is a refusal and what only sounds like one; what is a loop and what repeats for a reason."""

import pytest

from tests.guard.texts import ANSWERS, LOOPS, REFUSALS, TEXTS
from tinyllm.errors.loops import looping
from tinyllm.errors.refusals import refused
from tinyllm.guard.loops import Loops


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_seen(text: str) -> None:
    assert refused(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_that_cannot_find_something_is_no_refusal(text: str) -> None:
    assert not refused(text)


def test_a_long_text_that_begins_like_a_refusal_goes_on_to_something() -> None:
    assert not refused("I cannot help with that directly. " + "But here is how others do it. " * 40)


@pytest.mark.parametrize("text", LOOPS)
def test_a_loop_is_stopped_while_it_is_written(text: str) -> None:
    watch = Loops()
    text *= 3
    assert looping(text)
    assert any(watch.heard(text[start : start + 5]) for start in range(0, len(text), 5))


@pytest.mark.parametrize("text", TEXTS)
def test_a_table_a_list_or_a_poem_is_no_loop(text: str) -> None:
    watch = Loops()
    assert not any(watch.heard(text[start : start + 5]) for start in range(0, len(text), 5))
    assert not looping(text)
