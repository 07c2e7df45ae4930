"""`tinyllm memory`: what is remembered, by hand."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tinyllm.testing.simulator import Simulator


def test_what_is_added_is_listed_found_and_forgotten(tinyllm: Call) -> None:
    assert tinyllm("memory", "list").out == ""
    added = tinyllm(
        "memory", "add", "The archive is kept in Room 12.", "--key", "archive", "--why", "asked twice"
    )
    assert (added.code, added.out) == (0, "archive\n")
    again = tinyllm("memory", "add", "The archive is kept in Room 14.", "-k", "archive")
    assert "it replaces: The archive is kept in Room 12." in again.err
    listed = tinyllm("memory", "list").out
    assert "archive" in listed
    assert "Room 14" in listed
    found = tinyllm("memory", "search", "where is the archive?")
    assert found.out == "archive: The archive is kept in Room 14.\n"
    assert "found by words alone" in found.err
    assert tinyllm("memory", "forget", "archive").out == "forgot archive\n"
    gone = tinyllm("memory", "forget", "archive")
    assert gone.code == 2
    assert gone.lines[1].startswith("try    `tinyllm memory list`")


def test_an_empty_list_says_of_what_it_is_the_list(tinyllm: Call) -> None:
    unknown = tinyllm("memory", "list", "--thread", "gone")
    assert (unknown.code, unknown.lines[0]) == (2, "error  there is no thread 'gone'")
    said = tinyllm("memory", "list", "--scope", "user").err
    assert said.startswith("nothing is remembered in the scope user; add something")
    assert "--scope user" in said


def test_scopes_are_apart_and_a_thread_is_named(tinyllm: Call) -> None:
    tinyllm("memory", "add", "Ada likes tea.", "--scope", "user", "-k", "drink")
    tinyllm("memory", "add", "We speak of boats.", "--thread", "t", "-k", "topic")
    assert [each["key"] for each in json.loads(tinyllm("memory", "list", "--json").out)] == ["drink"]
    there = json.loads(tinyllm("memory", "list", "--thread", "t", "--json").out)
    assert {(each["key"], each["scope"]) for each in there} == {("drink", "user"), ("topic", "thread")}
    wrong = tinyllm("memory", "add", "x", "--scope", "projekt")
    assert (wrong.code, "project" in wrong.lines[1]) == (2, True)
    nowhere = tinyllm("memory", "add", "x", "--scope", "thread")
    assert nowhere.lines[1] == "try    name one with --thread"


def test_export_and_import_are_the_way_there_and_back(tinyllm: Call, tmp_path: Path) -> None:
    tinyllm("memory", "add", "Ada likes tea.", "-k", "drink")
    lines = tinyllm("memory", "export").out
    assert tinyllm("memory", "export", str(tmp_path / "m.jsonl")).code == 0
    assert (tmp_path / "m.jsonl").read_text() == lines
    again = tinyllm("memory", "export", str(tmp_path / "m.jsonl"))
    assert (again.code, "is there already" in again.lines[0]) == (2, True)
    assert tinyllm("memory", "export", str(tmp_path / "m.jsonl"), "--force").code == 0
    nowhere = tinyllm("memory", "export", str(tmp_path / "no" / "m.jsonl"))
    assert (nowhere.code, nowhere.lines[0]) == (
        2,
        f"error  {tmp_path / 'no' / 'm.jsonl'} cannot be written: No such file or directory",
    )
    tinyllm("memory", "forget", "drink")
    assert json.loads(tinyllm("memory", "import", str(tmp_path / "m.jsonl"), "--json").out) == {"memories": 1}
    assert tinyllm("memory", "export").out == lines
    assert tinyllm("memory", "import", "-", stdin=lines.encode()).code == 0
    assert tinyllm("memory", "import", str(tmp_path / "nothing")).code == 2
    bad = tinyllm("memory", "import", "-", stdin=b"{}\n")
    assert (bad.code, "line 1" in bad.lines[0]) == (2, True)


def test_only_what_stands_counts(tinyllm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator() as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        for text in ("Ada likes tea.", "Ada likes coffee.", "Ada likes water."):
            tinyllm("memory", "add", text, "-k", "drink")
        figures = json.loads(tinyllm("memory", "stats", "--json").out)
        assert (figures["memories"], figures["vectors"], figures["rows"]) == (1, 1, 3)
        done = json.loads(tinyllm("memory", "reindex", "--json").out)
        assert (done["memories"], done["vectors"], done["rows"]) == (1, 1, 3)


def test_figures_and_a_new_index(tinyllm: Call) -> None:
    tinyllm("memory", "add", "Ada likes tea.", "-k", "drink")
    figures = json.loads(tinyllm("memory", "stats", "--json").out)
    assert (figures["memories"], figures["vectors"], figures["embedder"]) == (1, 0, "nomic-embed-text")
    assert "nomic-embed-text" in tinyllm("memory", "stats").out
    done = json.loads(tinyllm("memory", "reindex", "--json").out)
    assert done["memories"] == 1
    assert done["missing"]
    assert "by words alone" in tinyllm("memory", "reindex").err
