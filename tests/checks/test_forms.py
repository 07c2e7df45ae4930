"""Length, language, JSON, loops: each catches what looks right, and lets through what looks odd."""

from typing import Any

import pytest

from tests.checks.conftest import Ask
from tinyllm.checks.languages import language_of, wanted_language

ENGLISH = "The river is not as deep as it was in the spring, and that is why the boats are on the sand."
GERMAN = (
    "Der Fluss ist nicht so tief wie im Frühling, und das ist der Grund, warum die Boote auf dem Sand liegen."
)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
LOOP = "and so it goes on and on " * 60


@pytest.mark.parametrize(
    ("checks", "question", "answer"),
    [
        ([{"length": {"most": 5}}], "q", "Just these five words: yes."),
        ([{"length": {"least": 2, "unit": "sentences"}}], "q", "It is 3.5 m long. Really!"),
        (["language"], ENGLISH, "Paris."),
        (["language"], ENGLISH, ENGLISH),
        (["language"], f"Translate into German: {ENGLISH}", GERMAN),
        (["language"], "Bitte erkläre mir das auf Englisch: warum ist der Himmel blau?", ENGLISH),
        (["language"], "What is the Chinese word for tree?", "木 (mù) is the word for tree."),
        ([{"json_schema": {"schema": SCHEMA}}], "q", 'Here:\n```json\n{"city": "Ulm"}\n```'),
        ([{"matches": {"pattern": r"\d{4}"}}], "q", "In 1984."),
        ([{"json_schema": {"schema": SCHEMA}}], "q", "As code:\n```python\nx = 1\n```\nAs data:\n```json\n{\"city\": \"Ulm\"}\n```"),
        ([{"json_schema": {"schema": SCHEMA, "bare": True}}], "q", "\ufeff{\"city\": \"Ulm\"}"),
        (["not_looping"], "q", "la la la la la la " * 8),
    ],
)  # fmt: skip
async def test_a_right_answer_in_an_odd_form_passes(
    ask: Ask, checks: list[Any], question: str, answer: str
) -> None:
    got = await ask(question, checks, gate={"tries": 1}, a=answer)
    assert (got.status, got.answer) == ("committed", answer)


@pytest.mark.parametrize(
    ("checks", "question", "answer", "because"),
    [
        ([{"length": {"most": 5}}], "q", "These are six words, not five.", "at most 5"),
        ([{"length": {"least": 2, "unit": "sentences"}}], "q", "It is 3.5 m long, e.g. here.", "at least 2"),
        (["language"], ENGLISH, "这条河没有春天那么深，所以船在沙滩上。", "'zh'"),
        (["language"], ENGLISH, GERMAN, "'de'"),
        ([{"json_schema": {"schema": SCHEMA}}], "q", '{"city": 7}', "at city"),
        ([{"json_schema": {"schema": SCHEMA}}], "q", "{'city': 'Ulm'}", "not JSON"),
        ([{"json_schema": {"schema": SCHEMA, "bare": True}}], "q", '```\n{"city": "Ulm"}\n```', "not JSON"),
        ([{"json_schema": {"schema": SCHEMA}}], "q", '{"city": "Ulm", "city": "Bonn"}', "stands twice"),
        ([{"json_schema": {"schema": SCHEMA}}], "q", '{"city": "Ulm", "size": NaN}', "NaN is no number"),
        ([{"json_schema": {"schema": SCHEMA}}], "q", '{"city": "Ulm",}', "not JSON"),
        ([{"matches": {"pattern": r"\d{4}", "whole": True}}], "q", "In 1984.", "form"),
        (["not_empty"], "q", " \n ", "empty"),
    ],
)
async def test_a_wrong_answer_that_looks_right_is_caught(
    ask: Ask, checks: list[Any], question: str, answer: str, because: str
) -> None:
    draft = {"kind": "transform", "value": repr(answer)} if not answer.strip() else {}
    graph = {"draft": {"model": "", "prompt": ""} | draft} if draft else {}
    if graph:
        from tinyllm.checks import CHECKS, Judged

        assert because in (await CHECKS["not_empty"].run(Judged(question, answer), None)).because
        return
    got = await ask(question, checks, gate={"tries": 1}, a=answer)
    assert got.status == "refused"
    assert because in got.tried[0]["because"]


def test_languages_are_told_by_their_small_words() -> None:
    assert (language_of(ENGLISH), language_of(GERMAN), language_of("ok 42")) == ("en", "de", "")
    assert wanted_language("Antworte auf Deutsch: what is rain?") == "de"
