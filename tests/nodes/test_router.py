"""A router: where a question goes, and where it goes when that is unclear."""

from typing import Any

import pytest

from tests.nodes.conftest import Make
from tinyllm.errors import Unavailable
from tinyllm.nodes.router import read_labels
from tinyllm.testing.scripted import Scripted

# Labels that the embedded router does not know: the model is asked.
NODES: dict[str, Any] = {
    "route": {
        "kind": "router", "model": "m", "default": "other",
        "routes": {"fish": "what swims", "fowl": "what flies", "other": "everything else"},
        "together": {"fish+fowl": "both"},
    },
    **{id: {"kind": "transform", "value": f"'{id}'"} for id in ("fish", "fowl", "other", "both")},
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "went"),
    [
        ('{"labels": ["fish"]}', "fish"),
        ('{"labels": ["fowl", "fish"]}', "both"),
        ('{"labels": ["fish", "fowl", "other"]}', "both"),
        ('{"labels": ["fowl", "other"]}', "fowl"),
        ('{"labels": "fish"}', "fish"),
        ("fish", "fish"),
        ("fish, fowl", "both"),
        ("Fish.", "fish"),
    ],
)
async def test_it_goes_where_the_model_says(engine: Make, said: str, went: str) -> None:
    answer = await engine(NODES, m=Scripted(said)).ask("q")
    assert (answer.answer, answer.path) == (went, ("route", went))


@pytest.mark.parametrize(
    "said", ["I think that depends.", "", '{"labels": []}', '{"labels": ["mammal"]}', "{", "[]"]
)
async def test_what_cannot_be_read_goes_to_the_default(engine: Make, said: str) -> None:
    answer = await engine(NODES, m=Scripted(said)).ask("q")
    assert (answer.answer, answer.route) == ("other", ())


async def test_it_asks_with_the_labels_as_a_schema(engine: Make) -> None:
    m = Scripted('{"labels": ["fish"]}')
    await engine(NODES, m=m).ask("Does it swim?")
    assert m.calls[0].kwargs["format"]["properties"]["labels"]["items"]["enum"] == ["fish", "fowl", "other"]
    assert "what swims" in m.calls[0].text
    assert m.calls[0].messages[-1].text == "Does it swim?"


async def test_a_server_that_is_not_there_is_no_unclear_route(engine: Make) -> None:
    with pytest.raises(Unavailable):
        await engine(NODES, m=Scripted(Unavailable("nobody there"))).ask("q")


@pytest.mark.parametrize("text", ["null", "7", '{"labels": {"a": 1}}', '{"labels": [[], {}, null, "fish"]}'])
def test_odd_replies_are_read_or_refused_and_nothing_else(text: str) -> None:
    from tinyllm.errors import BadReply

    try:
        assert read_labels(text, ["fish"]) == ("fish",)
    except BadReply:
        pass


KNOWN: dict[str, Any] = {
    "route": {
        "kind": "router", "model": "m", "default": "general",
        "routes": {"code": "programs", "math": "quantities", "general": "everything else"},
    },
    **{id: {"kind": "transform", "value": f"'{id}'"} for id in ("code", "math", "general")},
}  # fmt: skip


@pytest.mark.parametrize(("said", "went"), [("code", "general"), ("general", "general")])
async def test_a_small_model_cannot_send_a_question_where_its_words_all_but_exclude(
    engine: Make, said: str, went: str
) -> None:
    m = Scripted(f'{{"labels": ["{said}"]}}')
    answer = await engine(KNOWN, m=m).ask("Name the capital city of Ghana.")
    assert (answer.answer, len(m.calls)) == (went, 1)
