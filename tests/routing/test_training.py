"""A router trained on labels of one's own, with sentences made up here."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from tinyllm.errors import UsageError
from tinyllm.routing import Router, route
from tinyllm.routing.__main__ import main
from tinyllm.routing.fitting import Recipe
from tinyllm.routing.labelled import Row, read
from tinyllm.routing.training import folds, train

PARTS = {
    ("boats",): ("The {} of my {} leaks", ("hull", "deck", "keel"), ("sloop", "dinghy", "ketch")),
    ("bread",): ("My {} will not rise in the {}", ("dough", "sourdough", "rye"), ("oven", "pan", "bakery")),
    ("boats", "bread"): (
        "Can I bake {} in the galley of a {}?",
        ("dough", "sourdough", "rye"),
        ("sloop", "ketch", "dinghy"),
    ),
}
ENDINGS = ("", ", what now", " again", " since Monday", ", please help", " every time it rains")


def made_up() -> list[Row]:
    rows = [
        Row(sentence.format(a, b) + ending, labels, f"source {i % 3}", "CC0-1.0")
        for labels, (sentence, firsts, seconds) in PARTS.items()
        for a in firsts
        for b in seconds
        for i, ending in enumerate(ENDINGS)
    ]
    random.Random(3).shuffle(rows)
    return rows


def written(path: Path, rows: list[Row]) -> Path:
    lines = [
        json.dumps({"query": r.question, "labels": list(r.labels), "source": r.source, "license": r.licence})
        for r in rows
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def router() -> Router:
    return train(made_up())


def test_it_learns_the_labels_of_a_file(router: Router) -> None:
    assert router.route("The keel of the old ketch leaks").labels == ("boats",)
    assert router.route("The rye dough did not rise").labels == ("bread",)
    assert router.route("Can rye be baked in the galley of a ketch?").labels == ("boats", "bread")


def test_it_stands_in_for_the_shipped_router(router: Router) -> None:
    assert set(route("The hull leaks", router).probabilities) == {"boats", "bread"}


def test_saved_and_loaded_it_routes_the_same(router: Router, tmp_path: Path) -> None:
    router.save(tmp_path / "mine")
    loaded = Router.load(tmp_path / "mine")
    for row in made_up()[:40]:
        before, after = router.route(row.question), loaded.route(row.question)
        assert before.labels == after.labels
        assert before.confidence == pytest.approx(after.confidence, abs=0.05)
    loaded.save(tmp_path / "again")
    assert Router.load(tmp_path / "again").route("The hull leaks").labels == ("boats",)


def test_the_same_rows_give_the_same_bytes(router: Router, tmp_path: Path) -> None:
    router.save(tmp_path / "one")
    train(made_up()).save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_it_remembers_its_recipe_and_sources(router: Router) -> None:
    assert router.about["rows"] == len(made_up())
    assert router.about["recipe"]["decay"] == Recipe().decay
    assert ["source 0", "CC0-1.0", "boats+bread", 18] in router.about["sources"]
    assert router.about["exact on sources held out"] > 0.9


def test_rows_without_a_source_are_learned_too() -> None:
    rows = [replace(row, source="") for row in made_up()]
    assert train(rows).route("The keel of my sloop leaks").labels == ("boats",)


def test_a_label_that_only_one_source_has_is_still_learned() -> None:
    moon = [
        Row(f"When is the moon {phase} in {month}?", ("moon",), "almanac", "")
        for phase in ("full", "new")
        for month in ("May", "June", "July")
    ]
    assert train(made_up() + moon).route("When is the moon full in August?").labels == ("moon",)


@pytest.mark.parametrize("sources", [("", ""), ("here", "there")])
def test_two_rows_are_enough_to_begin_with(sources: tuple[str, str]) -> None:
    first, second = sources
    tiny = train([Row("The hull leaks", ("boats",), first, ""), Row("Dough!", ("bread",), second, "")])
    assert tiny.route("The hull leaks").labels == ("boats",)


def test_a_source_is_held_out_whole() -> None:
    rows = made_up()
    parts = folds(rows)
    assert sorted(i for part in parts for i in part) == list(range(len(rows)))
    for source in {row.source for row in rows}:
        assert sum(any(rows[i].source == source for i in part) for part in parts) == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "not JSON"),
        ("[1]", "not an object"),
        ('{"labels": ["a"]}', "no question"),
        ('{"query": "  ", "labels": ["a"]}', "no question"),
        ('{"query": "q"}', "no labels"),
        ('{"query": "q", "labels": []}', "no labels"),
        ('{"query": "q", "labels": [1]}', "a label must be a name"),
    ],
)
def test_a_wrong_line_is_named_with_its_number_and_a_remedy(line: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"query": "fine", "labels": ["a"]}}\n\n{line}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=problem) as caught:
        read(path)
    assert caught.value.where == f"{path}:3"
    assert "write the line like" in caught.value.hint


def test_a_missing_file_a_binary_and_a_single_label_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read(tmp_path / "none.jsonl")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        read(tmp_path / "binary")
    for rows in ([], [row for row in made_up() if row.labels == ("boats",)]):
        with pytest.raises(UsageError, match="nothing to tell apart"):
            train(rows)


def test_one_label_may_be_written_as_a_word(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "q", "label": "a"}', encoding="utf-8")
    assert read(path) == [Row("q", ("a",), "", "")]


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08broken", None])
def test_a_file_that_is_no_router_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "router"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="router") as caught:
        Router.load(path)
    assert caught.value.hint


def test_the_command_trains_and_evaluates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, weights = written(tmp_path / "rows.jsonl", made_up()), tmp_path / "weights"
    assert main(["train", str(rows), "-o", str(weights)]) == 0
    assert "right held out" in capsys.readouterr().out
    assert main(["evaluate", str(rows), "--router", str(weights), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exact"] > 0.95
    assert main(["evaluate", str(rows), "--router", str(weights)]) == 0
    assert "exactly right" in capsys.readouterr().out


def test_the_command_fails_in_two_lines_and_with_the_code_of_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(tmp_path / "none.jsonl")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["error", "try"]
