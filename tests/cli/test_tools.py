"""`tinyllm tools`: what there is, called by hand, under the same policy."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Call, Terminal

WRITE = ("files_write", "-a", "path=notes.txt", "-a", "content=hello")


def test_the_list_says_what_each_tool_does_and_whether_it_runs_unasked(tinyllm: Call) -> None:
    done = tinyllm("tools", "list", "calc_evaluate", "files_write")
    head, one, two = done.out.splitlines()
    assert head.split()[:4] == ["TOOL", "EFFECT", "REACH", "RUNS"]
    assert one.split()[:4] == ["calc_evaluate", "pure", "none", "unasked"]
    assert two.split()[:4] == ["files_write", "idempotent", "workspace", "asks"]


def test_the_list_as_json_has_the_promised_keys(tinyllm: Call) -> None:
    rows = json.loads(tinyllm("tools", "list", "--json").out)
    keys = ["name", "description", "effect", "reach", "extra", "available", "schema"]
    assert all(list(row) == keys for row in rows)
    assert all(row["description"] and row["schema"]["type"] == "object" for row in rows)


def test_show_says_how_to_call_it(tinyllm: Call) -> None:
    assert (
        "tinyllm tools call calc_evaluate --arg expression=…" in tinyllm("tools", "show", "calc_evaluate").out
    )


@pytest.mark.parametrize("given", [("-a", "expression=2 + 2"), ("-i", '{"expression": "2 + 2"}')])
def test_a_tool_is_called_by_hand(tinyllm: Call, given: tuple[str, str]) -> None:
    assert tinyllm("tools", "call", "calc_evaluate", *given).out == "4\n"
    found = json.loads(tinyllm("tools", "call", "calc_evaluate", *given, "--json").out)
    assert found == {"tool": "calc_evaluate", "data": "4"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("-a", "expression"), "is not NAME=VALUE"),
        (("-i", "[1]"), "is not a JSON object"),
        (("-i", "{"), "is not JSON"),
        ((), "expression is missing"),
        (("-a", "formula=1"), "it has no argument 'formula'"),
    ],
)
def test_bad_arguments_are_usage(tinyllm: Call, given: tuple[str, str], said: str) -> None:
    done = tinyllm("tools", "call", "calc_evaluate", *given)
    assert done.code == 2
    assert said in done.err


def test_where_nobody_sits_what_changes_something_needs_a_pattern(tinyllm: Call, home: Path) -> None:
    done = tinyllm("tools", "call", *WRITE)
    assert (done.code, len(done.lines), (home / "notes.txt").exists()) == (1, 2, False)
    assert "--approve files_write" in done.err
    assert tinyllm("tools", "call", *WRITE, "--approve", "files_*").code == 0
    assert (home / "notes.txt").read_text() == "hello"


def test_the_workspace_keeps_it(tinyllm: Call, home: Path) -> None:
    (home / "ws").mkdir()
    assert tinyllm("tools", "call", *WRITE, "--approve", "*", "--workspace", "ws").code == 0
    assert (home / "ws" / "notes.txt").read_text() == "hello"
    done = tinyllm("tools", "call", "files_read", "-a", "path=../secret", "--workspace", "ws")
    assert (done.code, "outside of the workspace" in done.err) == (1, True)


def test_who_sits_there_is_asked(terminal: Callable[..., Terminal], home: Path) -> None:
    at = terminal("tools", "call", *WRITE)
    at.read_until("Allow it? [yes/no]")
    at.type("maybe\n")
    at.read_until("please answer yes or no")
    at.type("yes\n")
    assert at.rest() == 0
    assert (home / "notes.txt").read_text() == "hello"


def test_who_says_no_is_heard(terminal: Callable[..., Terminal], home: Path) -> None:
    at = terminal("tools", "call", *WRITE)
    at.read_until("Allow it?")
    at.type("no\n")
    assert at.rest() == 1
    assert "a person said no" in at.text
    assert not (home / "notes.txt").exists()


@pytest.mark.parametrize(
    ("more", "code", "decision"),
    [
        ((), 6, "ask"),
        (("--approve", "files_write"), 0, "allow"),
        (("-g", "allowing.yaml"), 0, "allow"),
        (("-g", "allowing.yaml", "--node", "b"), 0, "allow"),
    ],
)
def test_the_policy_is_asked_without_a_call(
    tinyllm: Call, home: Path, more: tuple[str, ...], code: int, decision: str
) -> None:
    (home / "allowing.yaml").write_text(
        "allow: [files_*]\nnodes: {b: {kind: tool, tool: calc_evaluate, args: {expression: '1'}}}\n"
    )
    done = tinyllm("tools", "policy", "check", *WRITE, *more, "--json")
    found = json.loads(done.out)
    assert (done.code, found["decision"]) == (code, decision)
    assert found["why"]
    assert not (home / "notes.txt").exists()


def test_what_is_denied_is_never_asked(tinyllm: Call, home: Path) -> None:
    (home / "tinyllm.toml").write_text('deny = ["files_w*"]\nallow = ["*"]\n')
    assert tinyllm("tools", "policy", "check", *WRITE).code == 1
    assert "forbidden by 'files_w*'" in tinyllm("tools", "call", *WRITE, "--approve", "*").err
    assert tinyllm("tools", "list", "files_write").out.splitlines()[1].split()[3] == "never"


def test_the_policy_shows_its_lists_and_where_they_were_set(tinyllm: Call, home: Path) -> None:
    (home / "tinyllm.toml").write_text('allow = ["files_*"]\n')
    found = json.loads(tinyllm("tools", "policy", "show", "--json").out)
    assert found["allow"] == {"value": ["files_*"], "set in": str(home / "tinyllm.toml")}
    assert str(home / "tinyllm.toml") in found["never written"]


def test_doctor_says_which_secret_of_a_connection_is_not_set(tinyllm: Call, home: Path) -> None:
    entry = '[connections.shop]\nservice = "postgres"\npassword = "${env:NOBODY_SET_THIS}"\n'
    (home / "tinyllm.toml").write_text(entry)
    found = json.loads(tinyllm("tools", "doctor", "--json").out)
    row = {"name": "connection shop", "missing": ["NOBODY_SET_THIS"], "fix": "set NOBODY_SET_THIS"}
    assert row in found["tools"]


def test_doctor_says_what_to_install(tinyllm: Call) -> None:
    found = json.loads(tinyllm("tools", "doctor", "--json").out)
    assert set(found["sandbox"]) == {"monty", "cpython", "docker"}
    for row in found["tools"]:
        assert row["missing"]
        assert "install" in row["fix"]


@pytest.mark.parametrize("words", [["show"], ["call"], ["policy", "check"]])
def test_a_slip_in_a_tools_name_is_a_slip_of_usage(words: list[str], tinyllm: Call) -> None:
    failed = tinyllm("tools", *words, "calc_evalute")
    assert failed.code == 2
    assert 'did you mean "calc_evaluate"?' in failed.err


GRAPH = """
nodes:
  write: {kind: tool, tool: files_write, args: {path: out.txt, content: "{{ inputs.question }}"}}
"""


@pytest.fixture
def writing(home: Path) -> str:
    (home / "writing.yaml").write_text(GRAPH)
    return str(home / "writing.yaml")


def test_a_run_waits_for_a_yes_and_is_resumed_with_it(tinyllm: Call, home: Path, writing: str) -> None:
    done = tinyllm("run", "-g", writing, "hello there", "--json")
    found = json.loads(done.out)
    assert (done.code, found["status"], (home / "out.txt").exists()) == (6, "waiting", False)
    assert "files_write wants to run" in found["question"]["question"]
    assert tinyllm("runs", "resume", found["run"], "--answer", "yes").code == 0
    assert (home / "out.txt").read_text() == "hello there"


def test_a_run_is_given_its_yes_ahead(tinyllm: Call, home: Path, writing: str) -> None:
    assert tinyllm("run", "-g", writing, "hello", "--approve", "shell_*").code == 6
    assert tinyllm("run", "-g", writing, "hello", "--approve", "files_write").code == 0
    (home / "ws").mkdir()
    assert tinyllm("run", "-g", writing, "hi", "--approve", "files_*", "--workspace", "ws").code == 0
    assert ((home / "out.txt").read_text(), (home / "ws" / "out.txt").read_text()) == ("hello", "hi")


def test_a_run_asks_who_sits_there(terminal: Callable[..., Terminal], home: Path, writing: str) -> None:
    at = terminal("run", "-g", writing, "hello")
    at.read_until("Allow it? [yes/no]")
    at.type("yes\n")
    assert at.rest() == 0
    assert (home / "out.txt").read_text() == "hello"
