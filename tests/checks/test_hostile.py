"""Texts made to keep a check busy: each is read in a moment, or not at all (the limit of a test's time is the judge)."""

from fractions import Fraction

import pytest

from tinyllm.checks import CHECKS, Judged
from tinyllm.checks.agreement import alike
from tinyllm.checks.blocks import another_language, asks_for_code, blocks
from tinyllm.checks.code.task import task_of
from tinyllm.checks.counting import UNITS, counted
from tinyllm.checks.figures import figures, numbers
from tinyllm.checks.instructions import rules
from tinyllm.checks.languages import language_of, wanted_language
from tinyllm.checks.results import asks_for_a_quantity, result
from tinyllm.checks.sameness import same

PIECES = [
    "\n", "`", "1", '"', "f(", "= ", "[", "1,111,111 ", "do not use ", "end with ", "answer is ", "\\boxed{",
    "def f(\n", "```python\n", "assert f(", "write words with not use ", "letter a ", "between 3 and ", ". ",
    "1,", "minus ", "$1 ", "1.5 ", "five ", "1 hour 1 minute ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES, ids=[repr(piece) for piece in PIECES])
def test_a_text_of_one_piece_over_and_over_is_read_in_a_moment(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for question in (asks_for_code, another_language, asks_for_a_quantity, rules, task_of, wanted_language):
        question(text)
    for answer in (blocks, result, numbers, language_of):
        answer(text)
    for unit in UNITS:
        counted(text, unit)
    assert same(result(text), result(text)) or not result(text).strip() or not numbers(result(text))
    alike(text[:4000], text[:4000])


@pytest.mark.parametrize("head", ["Write a function f(x). f(1)", "Answer: 1", "1 square", "minus"])
def test_nothing_at_great_length_behind_what_begins_well_is_read_in_a_moment(head: str) -> None:
    text = head + " " * 20_000 + "x"
    assert not task_of(text).examples
    assert numbers(text) == figures_of(head)
    assert figures(text) == figures(head)


def figures_of(text: str) -> tuple[Fraction, ...]:
    return tuple(each.value for each in figures(text))


def test_what_is_asked_is_found_before_and_behind_much_material() -> None:
    material = "Some line of a log file. " * 10_000
    assert rules(f"Answer in two sentences.\n{material}")
    assert rules(f"{material}\nAnswer in two sentences.")
    assert asks_for_code(f"{material}\nWrite a Python function that reads this.")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 5000 + "]" * 5000, "9" * 10_000])
async def test_json_that_no_reader_can_hold_is_refused(text: str) -> None:
    verdict = await CHECKS["json_schema"].run(Judged("q", text), None)
    assert "not JSON" in verdict.because
