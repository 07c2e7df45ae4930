"""`tinyllm batch`: from a file of rows to an exit code, and how it is told."""

import gc
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call
from tinyllm.batch import Progress
from tinyllm.cli.bar import Bar
from tinyllm.cli.many import telling
from tinyllm.testing.simulator import Reply, Script, Simulator

GRAPH = (
    "name: counting\nmodels:\n  m: {name: 'm:1b'}\nnodes:\n  answer: {prompt: Answer., model: m, to: end}\n"
)
COMMAND = ("batch", "in.jsonl", "-o", "out.jsonl", "-g", "counting")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project = tmp_path / "project"
    (project / "graphs").mkdir(parents=True)
    (project / "tinyllm.toml").write_text("")
    (project / "graphs" / "counting.yaml").write_text(GRAPH)
    (project / "in.jsonl").write_text("".join(f'"What is number {n}?"\n' for n in range(6)))
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(Script("It is so.", models=["m:1b"])) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        yield simulator


def test_the_summary_is_on_stderr_and_the_rows_are_in_the_file(
    tinyllm: Call, folder: Path, server: Simulator
) -> None:
    frozen = gc.get_freeze_count()
    done = tinyllm(*COMMAND)
    assert gc.get_freeze_count() > frozen  # what is loaded with the first row is collected no more
    assert (done.code, done.out) == (0, "")
    assert done.lines[0] == "6 rows: 6 committed"
    assert "m:1b in 6 rows" in done.lines[1]
    assert "\r" not in done.err
    assert len((folder / "out.jsonl").read_text().splitlines()) == 6
    again = tinyllm(*COMMAND).lines
    assert again[0] == "6 rows (0 asked now, 6 taken from before): 6 committed"
    assert "0 + 0 tokens" in again[1]
    (folder / "out.jsonl").unlink()
    lost = tinyllm(*COMMAND).lines
    assert lost[0] == again[0]
    assert lost[2] == "written to the output from the database, and not asked again: 6 rows"
    assert len(server.asked) == 6
    quiet = tinyllm(*COMMAND, "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    told = json.loads(tinyllm(*COMMAND, "--json").out)
    assert (told["rows"], told["committed"], told["exit_code"]) == (6, 6, 0)


def test_rows_come_from_a_pipe_and_runs_are_listed_by_their_batch(
    tinyllm: Call, folder: Path, server: Simulator
) -> None:
    command = ("batch", "-", "-o", "out.jsonl", "-g", "counting")
    done = tinyllm(*command, "--limit", "2", stdin=b'{"id": "a", "prompt": "one"}\n"two"\n"three"\n')
    assert done.lines[0] == "2 rows: 2 committed"
    listed = json.loads(tinyllm("runs", "list", "--batch", "out.jsonl", "--json").out)
    assert sorted(row["question"] for row in listed) == ["one", "two"]
    assert tinyllm("runs", "list", "--batch", "gone").code == 2
    one = tinyllm("runs", "list", "--batch", "out.jsonl", "-n", "1")
    assert (len(one.out.splitlines()), one.err) == (2, "these are the newest 1 of the batch; -n shows more\n")
    assert "tinyllm runs list --help" in tinyllm("runs", "list", "--batch").err


def test_without_a_server_it_ends_with_4_and_says_how_to_go_on(tinyllm: Call, folder: Path) -> None:
    done = tinyllm(*COMMAND)
    assert done.code == 4
    assert done.lines[0] == "0 of 6 rows: 6 open"
    assert any("no answer from the model server at" in line for line in done.lines)
    assert done.lines[-1].startswith("go on with the same command: tinyllm")
    assert (folder / "out.jsonl").read_text() == ""


def test_the_summary_says_why_rows_failed_and_where(tinyllm: Call, folder: Path, server: Simulator) -> None:
    rows = ('"one"', "", '{"qestion": "2"}', "three", "fo ur", '{"id": []}', '{"id": {}}', '"six"', '""')
    (folder / "in.jsonl").write_text("\n".join(rows))
    done = tinyllm(*COMMAND)
    assert done.lines[0] == "8 rows: 2 committed, 6 failed"
    invalid = "ROW_INVALID: {}: the row cannot be asked: "
    said = [
        "2 x " + invalid.format("first line 4") + "it is not JSON: ",
        "2 x " + invalid.format("first line 6") + "its `id` is neither text nor a whole number",
        "1 x " + invalid.format("line 3") + 'there is no question in it; did you mean "question"?',
        "1 x " + invalid.format("line 9") + "there is no question in it; a row is ",
    ]
    assert [line[: len(start)] for line, start in zip(done.lines[2:], said, strict=True)] == said
    found = json.loads(tinyllm(*COMMAND, "--json").out)
    places = [(each["rows"], each["first"], each["line"]) for each in found["reasons"]]
    assert places == [(2, 2, 4), (2, 4, 6), (1, 1, 3), (1, 7, 9)]
    with Simulator(Script({"*": Reply(status=400, error="no")}, models=["m:1b"])) as refusing:
        os.environ["OLLAMA_HOST"] = refusing.url  # `server` puts it back
        done = tinyllm(*COMMAND, "--restart")
    assert done.lines[-1] == "--retry-failed asks the rows again that failed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name the input and a file for the output"),
        (("in.jsonl",), "name the input and a file for the output"),
        (("in.jsonl", "-o", "-"), "name the input and a file for the output"),
        (("in.jsonl", "-o", "/dev/null"), "/dev/null is no file"),
        (("gone.jsonl", "-o", "out.jsonl"), "gone.jsonl cannot be read: No such file or directory"),
        (("in.jsonl", "-o", "graphs"), "graphs cannot be written: Is a directory"),
        (("in.jsonl", "-o", "in.jsonl"), "in.jsonl is the input and the output"),
        (("in.jsonl", "-o", "out.jsonl", "--retry-failed", "--restart"), "exclude each other"),
        (("in.jsonl", "-o", "out.jsonl", "-i", "[1]"), "--input is not a JSON object"),
        (("in.jsonl", "-o", "out.jsonl", "-p", "0"), "parallel"),
        (("in.jsonl", "-o", "out.jsonl", "-g", "countin"), 'did you mean "counting"?'),
    ],
)
def test_what_is_wrong_is_said(tinyllm: Call, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    done = tinyllm("batch", *arguments)
    assert (done.code, said in done.err) == (2, True), done.err
    assert len((folder / "in.jsonl").read_text().splitlines()) == 6


GROWS = """
name: sums
models:
  m: {name: "m:1b", tier: 1}
nodes:
  sums: {model: m, prompt: Add., to: check}
  check: {kind: gate, checks: [{matches: {pattern: right, whole: false}}], tries: 1, passes: end, gives_up: end}
"""


def test_afterwards_the_graph_grows_when_it_should_and_may(tinyllm: Call, folder: Path) -> None:
    def say(request: Any) -> str:
        if request.body.get("format"):
            return json.dumps({"domains": [{"name": "hard sums"}]})
        return "wrong" if "A hard" in request.text and "expert in hard sums" not in request.text else "right"

    rows = [f"A hard sum: {n} and {n}?" for n in range(4)] + [f"An easy one: {n} and {n}?" for n in range(8)]
    (folder / "in.txt").write_text("\n".join(rows))
    (folder / "graphs" / "sums.yaml").write_text(GROWS)
    command = ("batch", "in.txt", "-o", "out.jsonl", "-g", "sums", "--json")
    with Simulator(Script({"*": say}, models=["m:1b"])) as simulator:
        os.environ["OLLAMA_HOST"] = simulator.url  # `no_server` puts it back
        assert "growth" not in json.loads(tinyllm(*command, "--no-grow").out)
        assert len(simulator.asked) == len(rows)
        grew = json.loads(tinyllm(*command).out)["growth"]
        assert 0 < grew["calls"] == len(simulator.asked) - len(rows)
        assert grew["said"]
        assert json.loads(tinyllm("growth", "list", "-g", "sums", "--json").out)
    (folder / "tinyllm.toml").write_text('growth_mode = "off"\n')
    refused = tinyllm(*command, "--grow")
    assert (refused.code, "growing is off" in refused.err) == (2, True)


def test_ctrl_c_on_a_terminal_ends_with_130_and_the_same_command_goes_on(
    tinyllm: Call, folder: Path, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: list[Any] = []
    asked: list[str] = []

    def stopping(request: Any) -> str:
        asked.append(request.text)
        if len(asked) == 4:
            running[0].process.send_signal(signal.SIGINT)
        return "It is so."

    with Simulator(Script({"*": stopping}, models=["m:1b"])) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        running.append(terminal(*COMMAND, "-p", "1"))
        assert running[0].rest() == 130
        shown = running[0].text
        assert "/6  " in shown  # the bar
        assert "go on with the same command: tinyllm batch in.jsonl -o out.jsonl -g counting -p 1" in shown
        kept = (folder / "out.jsonl").read_text().splitlines()
        assert len(kept) < 6
        assert tinyllm(*COMMAND).code == 0
    assert len((folder / "out.jsonl").read_text().splitlines()) == 6
    assert len(asked) in (6, 7)  # the one that was in flight may be asked once more


def test_the_bar_says_for_which_model_it_waits_and_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.live = True
    tell = telling(bar)
    tell(Progress(6, done=2))
    tell(Progress(6, done=2, failed=1, waits={"m:1b": time.mktime((2026, 5, 1, 14, 3, 20, 0, 0, -1))}))
    assert "2/6" in (shown := capsys.readouterr().err)
    assert shown.endswith("1 failed, waits for m:1b until 14:03:20\x1b[K")
