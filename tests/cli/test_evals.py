"""`tinyllm eval`: from a suite to an exit code, against simulated models and against none."""

import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.cli.conftest import Call
from tests.started import Process
from tinyllm.sandbox import bubblewrap, cpython, docker, monty
from tinyllm.testing.simulator import Script, Simulator
from tinyllm.testing.simulator.reading import SMALL

GRAPH = "name: {name}\nmodels:\n  general: {{name: '{name}:1b'}}\nnodes:\n  answer: {{prompt: Answer., to: end}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a suite of twelve questions and two graphs."""
    project = tmp_path / "project"
    (project / "graphs").mkdir(parents=True)
    (project / "evals").mkdir()
    (project / "tinyllm.toml").write_text("")
    for name in ("good", "poor"):
        (project / "graphs" / f"{name}.yaml").write_text(GRAPH.format(name=name))
    cases = "".join(
        f'{{"id": "c{n}", "question": "What is number {n}?", "numeric": {n}}}\n' for n in range(12)
    )
    (project / "evals" / "counting.jsonl").write_text(cases)
    monkeypatch.chdir(project)
    return project


def say(request: Any) -> str:
    """`good` knows all numbers, `poor` the first four."""
    asked = re.search(r"number (\d+)", request.text)
    assert asked is not None
    knows = request.model.startswith("good") or int(asked[1]) < 4
    return f"It is {asked[1]}." if knows else "It is 99."


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(Script({"*": say}, models=["good:1b", "poor:1b"])) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        yield simulator


def test_a_suite_is_run_by_name_and_goes_on_by_itself(tinyllm: Call, folder: Path, server: Simulator) -> None:
    done = tinyllm("eval", "run", "counting", "-g", "good", "--json")
    found = json.loads(done.out)
    (graph,) = found["graphs"]
    assert done.code == 0
    assert graph["right"] == {"hits": 12, "cases": 12, "share": 1.0, "low": 0.7575, "high": 1.0}
    assert graph["tiers"] == {"tier 1": 12}
    assert graph["cost"]["calls"] == 12
    assert graph["ms"].keys() == {"p50", "p90", "p99"}
    assert "12/12 asked, 12 right" in done.err
    assert Path(found["results"]).parent == folder / "checkpoints" / "evals"
    again = tinyllm("eval", "run", "counting", "-g", "good")
    assert "12 of 12 cases were answered before" in again.err
    assert len(server.asked) == 12


def test_a_regression_against_a_baseline_ends_with_8(
    tinyllm: Call, folder: Path, server: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    tinyllm("eval", "run", "counting", "-g", "good", "--out", "before.jsonl")
    same = tinyllm(
        "eval", "run", "counting", "-g", "good", "--out", "again.jsonl", "--baseline", "before.jsonl"
    )
    assert same.code == 0
    done = tinyllm(
        "eval", "run", "counting", "-g", "poor", "--out", "after.jsonl", "--baseline", "before.jsonl"
    )
    assert done.code == 8
    assert done.lines[-2].startswith("error  poor is worse than before: 8 cases lost, 0 won of 12")
    lost, _, how = done.lines[-1].partition("; how c4 went: ")
    assert lost == "try    lost: c4, c5, c6, c7, c8, c9, c10, c11"
    database, *command = shlex.split(how)
    monkeypatch.setenv(*database.split("=", 1))
    shown = tinyllm(*command[1:])
    assert (shown.code, "What is number 4?" in shown.out) == (0, True), shown.err
    monkeypatch.delenv("TINYLLM_DATABASE")
    assert tinyllm("eval", "compare", "before.jsonl", "after.jsonl").code == 8
    assert tinyllm("eval", "compare", "after.jsonl", "before.jsonl").code == 0


def test_a_bare_difference_does_not(tinyllm: Call, folder: Path, server: Simulator) -> None:
    """The first seven cases: four of them are lost, which luck may do."""
    for name, code in (("good", 0), ("poor", 0)):
        given = ["--baseline", "good.jsonl"] if name == "poor" else []
        assert (
            tinyllm("eval", "run", "counting", "-g", name, "-n", "7", "-o", f"{name}.jsonl", *given).code
            == code
        )
    found = json.loads(tinyllm("eval", "compare", "good.jsonl", "poor.jsonl", "--json").out)
    assert (found["only_a_right"], found["p_worse"], found["regressed"]) == (3, 0.125, False)


@pytest.mark.parametrize(("share", "code"), [("0.3", 0), ("0.34", 8), ("1", 8), ("1.5", 2)])
def test_a_share_that_is_asked_for_is_held(
    tinyllm: Call, folder: Path, server: Simulator, share: str, code: int
) -> None:
    done = tinyllm("eval", "run", "counting", "-g", "poor", "-o", "r.jsonl", "--at-least", share, "--json")
    assert done.code == code
    if code == 8:
        assert json.loads(done.out)["graphs"][0]["right"]["hits"] == 4
        assert done.lines[-2].startswith("error  poor is right in 4 of 12 cases = 33.3%, not in ")
        assert "not right: c4, c5" in done.lines[-1]
        assert "tinyllm runs show " in done.lines[-1]


def test_cases_without_a_result_end_with_1(tinyllm: Call, folder: Path) -> None:
    (folder / "graphs" / "broken.yaml").write_text(
        "nodes: {t: {kind: transform, value: inputs.question | int // 0}}\n"
    )
    done = tinyllm("eval", "run", "counting", "-g", "broken", "-n", "2")
    assert done.code == 1
    assert done.lines[-2] == "error  2 of 2 cases of broken have no result: c0, c1"
    assert "the same command asks them again; how c0 went: TINYLLM_DATABASE=" in done.lines[-1]


@pytest.fixture
def bare() -> Iterator[pytest.MonkeyPatch]:
    """As where no sandbox is installed; undone, as where they are."""

    def forgotten() -> None:
        for layer in (monty, cpython, docker, bubblewrap):
            layer.missing.cache_clear()

    with pytest.MonkeyPatch.context() as patch:
        forgotten()
        for name in ("pydantic_monty", "pyseccomp"):
            patch.setitem(sys.modules, name, None)
        patch.setenv("PATH", "")
        yield patch
    forgotten()


MIXED = """cases:
  - {id: sum, question: What is number 3?, numeric: 3}
  - {id: code, question: What is number 4?, code: assert f() == 1}
  - {id: word, question: What is number 5?, contains: "5"}
"""


def test_without_a_sandbox_only_programs_are_left_open(
    tinyllm: Call, folder: Path, server: Simulator, bare: pytest.MonkeyPatch
) -> None:
    (folder / "mixed.yaml").write_text(MIXED)
    (folder / "programs.yaml").write_text("cases:\n" + MIXED.splitlines()[2] + "\n")
    done = tinyllm("eval", "run", "mixed.yaml", "-g", "good", "-o", "r.jsonl", "--json")
    assert done.code == 4
    assert done.lines[-2].startswith("error  1 case with `code` left open: code is not run here")
    assert "sandbox" in done.lines[-1]
    found = json.loads(done.out)
    assert (found["graphs"][0]["right"]["hits"], found["stopped"]["code"]) == (2, "SANDBOX_MISSING")
    assert [json.loads(row)["case"] for row in Path("r.jsonl").read_text().splitlines()] == ["sum", "word"]
    assert len(server.asked) == 2
    assert tinyllm("eval", "run", "programs.yaml", "-g", "good", "-o", "p.jsonl").code == 4


def test_what_was_left_open_is_asked_once_there_is_a_sandbox(
    tinyllm: Call, folder: Path, server: Simulator, bare: pytest.MonkeyPatch
) -> None:
    (folder / "mixed.yaml").write_text(MIXED)
    assert tinyllm("eval", "run", "mixed.yaml", "-g", "good", "-o", "r.jsonl").code == 4
    bare.undo()
    for layer in (monty, cpython, docker, bubblewrap):
        layer.missing.cache_clear()
    assert tinyllm("eval", "run", "mixed.yaml", "-g", "good", "-o", "r.jsonl").code == 0
    assert len(server.asked) == 3


def test_what_a_suite_says_counts_in_a_population(tinyllm: Call, folder: Path) -> None:
    question = "Why is the sky blue?"
    (folder / "sky.yaml").write_text(
        f"- {{question: {question}, answer: Air., wrong: Paint., contains: air}}\n"
    )
    made = yaml.safe_load(tinyllm("eval", "population", "sky.yaml").out)
    (found,) = [each for each in made["gold"] if each["question"] == question]
    assert (found["answer"], found["wrong"]) == ("Air.", ["Paint."])
    assert len(made["gold"]) == len(yaml.safe_load(SMALL.read_text("utf-8"))["gold"])


def test_two_graphs_side_by_side(tinyllm: Call, folder: Path, server: Simulator) -> None:
    done = tinyllm("eval", "run", "counting", "-g", "poor", "-g", "good", "-o", "both.jsonl")
    assert done.code == 0
    assert "right                      4/12 = 33.3% (13.8% to 60.9%)" in done.out
    assert "both right 4, only A 0, only B 8, neither 0" in done.out
    assert "McNemar exact p = 0.00781" in done.out
    assert "B is better than A" in done.out
    assert tinyllm("eval", "compare", "both.jsonl").code == 0
    assert tinyllm("eval", "compare", "both.jsonl#good", "both.jsonl#poor").code == 8


def test_results_are_reported_in_three_forms(tinyllm: Call, folder: Path, server: Simulator) -> None:
    tinyllm("eval", "run", "counting", "-g", "poor", "-o", "r.jsonl", "-q")
    assert "| right | 4/12 = 33.3%" in tinyllm("eval", "report", "r.jsonl").out
    root = ET.fromstring(tinyllm("eval", "report", "r.jsonl", "--format", "junit").out)
    assert (root.get("tests"), root.get("failures")) == ("12", "8")
    assert tinyllm("eval", "report", "r.jsonl", "-f", "html", "-o", "r.html").code == 0
    assert (folder / "r.html").read_text().count("<svg") == 4


def test_a_run_that_was_interrupted_goes_on_without_repeating(folder: Path) -> None:
    asked: list[str] = []
    running: list[Process] = []

    def stopping(request: Any) -> str:
        asked.append(request.text)
        if len(asked) == 5:
            running[0].send_signal(signal.SIGINT)
        return say(request)

    command = ("eval", "run", "counting", "-g", "good", "-p", "1", "-o", "r.jsonl")
    with Simulator(Script({"*": stopping}, models=["good:1b"])) as simulator:
        environment = {**os.environ, "OLLAMA_HOST": simulator.url}
        running.append(Process(command, env=environment))
        _, err = running[0].communicate(timeout=60)
        assert running[0].returncode == 130
        assert b"the same command again" in err
        kept = (folder / "r.jsonl").read_text().splitlines()
        assert 4 <= len(kept) < 12
        before = len(asked)
        again = Process(command, env=environment)
        again.communicate(timeout=60)
        assert again.returncode == 0
    assert len(asked) - before == 12 - len(kept)
    assert len((folder / "r.jsonl").read_text().splitlines()) == 12


def test_a_broken_suite_ends_with_3_and_names_every_line(tinyllm: Call, folder: Path) -> None:
    (folder / "bad.yaml").write_text("cases:\n  - {question: q, equels: 1}\n  - {question: r}\n")
    done = tinyllm("eval", "run", "bad.yaml")
    assert done.code == 3
    assert done.lines[0] == """error  bad.yaml:2: there is no field 'equels' here (did you mean "equals"?)"""
    assert done.lines[1].startswith("       bad.yaml:3: nothing says what is right")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run", "countin"), 2, 'did you mean "counting"?'),
        (("run", "gone.yaml"), 2, "there is no file gone.yaml"),
        (("run", "counting", "-g", "god"), 2, 'did you mean "good"?'),
        (("run", "counting", "--parallel", "0"), 2, "--parallel"),
        (("run", "counting", "-g", "good"), 4, "start it with `ollama serve`"),
        (("run", "counting", "-g", "good", "--baseline", "gone.jsonl"), 2, "there is no file gone.jsonl"),
        (("run", "counting", "-g", "good", "--out", "graphs"), 2, "Is a directory"),
        (("run", "counting", "-g", "good", "--out", "graphs/good.yaml"), 2, "good.yaml is no results file"),
        (("compare", "gone.jsonl"), 2, "there is no file gone.jsonl"),
        (("compare", "tinyllm.toml"), 3, "has no results in it"),
        (("report", "tinyllm.toml"), 3, "has no results in it"),
        (("report", "tinyllm.toml", "-f", "pdf"), 2, "pdf"),
    ],
)
def test_what_is_wrong_is_said(
    tinyllm: Call, folder: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = tinyllm("eval", *arguments)
    assert (done.code, said in done.err) == (code, True), done.err


def test_suites_are_listed_with_those_of_the_project(tinyllm: Call, folder: Path) -> None:
    listed = {row["name"]: row for row in json.loads(tinyllm("eval", "list", "--json").out)["suites"]}
    assert listed["counting"]["cases"] == 12
    results = folder / "checkpoints" / "evals" / "r.jsonl"
    results.parent.mkdir(parents=True)
    results.write_text("")
    said = tinyllm("eval", "list").out
    assert "counting" in said
    assert f"results: {results}" in said


@pytest.mark.usefixtures("folder")
def test_no_cases_at_all_are_refused(tinyllm: Call) -> None:
    done = tinyllm("eval", "run", "counting", "--limit", "0")
    assert (done.code, done.out) == (2, "")
    assert "--limit" in done.err
