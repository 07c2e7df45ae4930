"""The other commands: graphs, settings, a project, completion, the simulator."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import PROGRAM, Call
from tests.started import Process
from tinyllm import __version__


def test_help_shows_five_commands_first_and_the_rest_after(tinyllm: Call) -> None:
    out = tinyllm("--help").out
    first, more = out.split("Commands:")[1].split("More:")
    assert [line.split()[0] for line in first.splitlines() if line.strip()] == [
        "run",
        "graph",
        "models",
        "doctor",
        "init",
    ]
    assert "config" in more
    assert out.endswith("\n")


def test_no_argument_shows_the_help(tinyllm: Call) -> None:
    assert "Commands:" in (done := tinyllm()).out + done.err


@pytest.mark.parametrize("name", ["run", "graph", "models", "doctor", "init", "config", "sim"])
def test_every_command_has_help(tinyllm: Call, name: str) -> None:
    done = tinyllm(name, "--help")
    assert (done.code, f"tinyllm {name}" in done.out, done.out.endswith("\n")) == (0, True, True)


def test_the_version_is_said(tinyllm: Call) -> None:
    assert (tinyllm("--version").out, tinyllm("-V").code) == (f"tinyllm {__version__}\n", 0)


def test_the_shipped_graphs_are_listed(tinyllm: Call) -> None:
    names = {each["name"] for each in json.loads(tinyllm("graph", "list", "--json").out)}
    assert {"assistant", "review", "summarise"} <= names
    assert "assistant" in tinyllm("graph", "list").out


def test_a_project_graph_is_listed_in_place_of_the_shipped_one(tinyllm: Call, home: Path) -> None:
    (home / "tinyllm.toml").touch()
    (home / "graphs").mkdir()
    (home / "graphs" / "review.yaml").write_text("description: mine\nnodes: {a: {kind: solve}}")
    (home / "graphs" / "odd.json").write_text("{")
    rows = {each["name"]: each["description"] for each in json.loads(tinyllm("graph", "list", "--json").out)}
    assert rows["review"] == "mine"
    assert rows["odd"].startswith("broken: ")


def test_validate_says_what_is_good_and_what_is_not(tinyllm: Call, home: Path) -> None:
    (home / "bad.yaml").write_text("nodes: {a: {kind: dance}}")
    done = tinyllm("graph", "validate", "assistant", "bad.yaml", "--json")
    good, bad = json.loads(done.out)
    assert (done.code, good["valid"], bad["valid"], len(bad["problems"])) == (3, True, False, 1)


@pytest.mark.parametrize("graph", ["assistant", "review", "summarise"])
def test_every_shipped_graph_is_drawn_offline_in_every_form(tinyllm: Call, graph: str) -> None:
    import xml.etree.ElementTree as ET

    assert tinyllm("graph", "draw", graph, "--format", "mermaid").out.startswith("flowchart TD")
    assert graph in tinyllm("graph", "draw", graph, "--format", "text").out
    assert ET.fromstring(tinyllm("graph", "draw", graph, "-f", "svg").out).tag.endswith("svg")


def test_a_picture_is_written_to_a_file(tinyllm: Call, home: Path) -> None:
    done = tinyllm("graph", "draw", "-f", "svg", "-o", "g.svg")
    assert (done.code, done.out, (home / "g.svg").read_text().startswith("<svg")) == (0, "", True)


def test_the_schema_is_json(tinyllm: Call) -> None:
    assert json.loads(tinyllm("graph", "schema").out)["title"] == "TinyLLM graph"


@pytest.mark.parametrize("command", ["health", "sim serve", "graph validate", "runs list"])
def test_the_help_shows_an_example(tinyllm: Call, command: str) -> None:
    assert f"Example: tinyllm {command} " in tinyllm(*command.split(), "--help").out


@pytest.mark.parametrize("word", ["log", "metrics", "trace"])
def test_what_is_no_command_has_no_help(tinyllm: Call, word: str) -> None:
    done = tinyllm(word, "--help")
    assert (done.code, done.out, f"there is no command {word!r}" in done.err) == (2, "", True)


@pytest.mark.parametrize(
    ("graph", "warned"),
    [
        ("steps: [{id: a, prompt: Answer.}]", True),
        ("steps: [{id: a, prompt: 'Answer {{ inputs.question }}'}]", False),
        (
            "steps: [{id: t, kind: transform, value: inputs}, {id: a, prompt: 'Answer {{ outputs.t }}'}]",
            False,
        ),
        ("nodes: {a: {prompt: Answer.}}", False),
        ("nodes: {t: {kind: transform, value: '1'}}", False),
    ],
)
def test_a_graph_that_never_sees_the_question_is_warned_of(
    tinyllm: Call, home: Path, graph: str, warned: bool
) -> None:
    (home / "g.yaml").write_text(graph)
    done = tinyllm("graph", "validate", "g.yaml")
    assert (done.code, "no node sees the question: add {{ inputs.question }}" in done.err) == (0, warned)


def test_init_validate_run(tinyllm: Call, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = tinyllm("init", "project")
    assert (done.code, done.out) == (0, 'cd project && tinyllm run "What is 2 + 2?"\n')
    monkeypatch.chdir(home / "project")
    assert tinyllm("graph", "validate", "hello").code == 0
    assert tinyllm("run", "What is 2 + 2?").out == "4\n"
    assert "commented" not in (home / "project" / "tinyllm.toml").read_text()
    again = tinyllm("init")
    assert (again.code, "is there already" in again.err) == (2, True)
    assert tinyllm("init", "--force").code == 0


def test_the_origin_of_every_setting_is_shown(
    tinyllm: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "tinyllm.toml").write_text("timeout = 7\n")
    monkeypatch.setenv("TINYLLM_NUM_CTX", "2048")
    rows = {each["name"]: each for each in json.loads(tinyllm("config", "show", "--json").out)}
    assert (rows["timeout"]["value"], rows["timeout"]["origin"]) == (7.0, str(home / "tinyllm.toml"))
    assert (rows["num_ctx"]["value"], rows["num_ctx"]["origin"]) == (2048, "TINYLLM_NUM_CTX")
    assert (rows["ollama_host"]["origin"], rows["model"]["origin"]) == ("OLLAMA_HOST", "default")
    assert "TINYLLM_NUM_CTX" in tinyllm("config", "show", "--origin").out


def test_the_folders_are_shown(tinyllm: Call, home: Path) -> None:
    (home / "tinyllm.toml").touch()
    found = json.loads(tinyllm("config", "path", "--json").out)
    assert (found["project"], found["graphs"]) == (str(home), str(home / "graphs"))


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("tinyllm gr", "graph"),
        ("tinyllm graph dr", "draw"),
        ("tinyllm run --tr", "--trace"),
        ("tinyllm run -g ass", "assistant"),
        ("tinyllm tools show calc_ev", "calc_evaluate"),
        ("tinyllm runs show la", "last"),
    ],
)
def test_the_shell_completes(words: str, offered: str) -> None:
    environment = {
        **os.environ,
        "_TINYLLM_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert offered in done.stdout.split()


def test_the_simulator_serves_and_stops_on_ctrl_c(home: Path) -> None:
    import signal

    with Process(["sim", "serve", "--port", "0"]) as running:
        assert running.stderr is not None
        said = running.stderr.readline().decode()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=20)
    assert "http://127.0.0.1:" in said
    assert running.returncode == 0
