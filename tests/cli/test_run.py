"""`tinyllm run` and the bare question."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Call

KEYS = ["schema", "run", "status", "answer", "evidence", "route", "path", "models", "tokens", "elapsed_ms"]


@pytest.fixture(params=["yaml"])
def echo(home: Path) -> str:
    """A graph that needs no model: it says the question again."""
    path = home / "echo.yaml"
    path.write_text("nodes: {say: {kind: transform, value: inputs.question}}\n", "utf-8")
    return str(path)


def test_a_question_that_can_be_proved_needs_no_server(tinyllm: Call) -> None:
    done = tinyllm("run", "What is 2 + 2?")
    assert (done.code, done.out, done.err) == (0, "4\n", "")


def test_a_bare_question_means_run(tinyllm: Call) -> None:
    assert tinyllm("What is 15% of 240 plus 50?").out == "86\n"
    assert tinyllm("What", "is", "2", "+", "2?").out == "4\n"


def test_flags_may_come_before_a_bare_question(tinyllm: Call) -> None:
    assert json.loads(tinyllm("--json", "What is 2 + 2?").out)["answer"] == "4"


def test_a_question_may_begin_with_a_minus(tinyllm: Call) -> None:
    assert tinyllm("-5 + 3").out == "-2\n"


def test_json_is_one_object_with_the_promised_keys(tinyllm: Call) -> None:
    done = tinyllm("run", "--json", "What is 2 + 2?")
    found = json.loads(done.out)
    assert [key for key in found if key in KEYS] == KEYS
    assert (found["schema"], found["status"], found["answer"]) == ("tinyllm.run/1", "committed", "4")
    assert (found["path"], found["models"], found["tokens"]) == (["exact"], [], {"in": 0, "out": 0})


def test_a_failed_run_has_the_same_keys_and_the_failure(tinyllm: Call) -> None:
    done = tinyllm("run", "--json", "Tell me a joke")
    found = json.loads(done.out)
    assert [key for key in found if key in KEYS] == KEYS
    assert (done.code, found["status"], found["answer"]) == (4, "failed", "")
    assert found["error"]["kind"] == "retryable"
    assert found["run"]
    assert found["path"][0] == "exact"
    assert len(done.lines) == 2


def test_a_run_that_could_not_begin_has_the_same_keys(tinyllm: Call, home: Path) -> None:
    (home / "bad.yaml").write_text("nodes: {a: {kind: dance}}")
    done = tinyllm("run", "--json", "-g", "bad.yaml", "hello")
    found = json.loads(done.out)
    assert [key for key in found if key in KEYS] == KEYS
    assert (done.code, found["status"], found["run"]) == (3, "failed", "")


def test_jsonl_is_one_event_per_line_and_ends_with_the_answer(tinyllm: Call) -> None:
    events = [json.loads(line) for line in tinyllm("run", "--jsonl", "What is 2 + 2?").out.splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("begin", "end")
    assert (events[kinds.index("node")]["node"], events[-1]["answer"], events[-1]["status"]) == (
        "exact",
        "4",
        "committed",
    )
    assert events[0]["run"] == events[-1]["run"]


def test_jsonl_ends_with_the_failure_when_it_fails(tinyllm: Call) -> None:
    done = tinyllm("run", "--jsonl", "Tell me a joke")
    end = json.loads(done.out.splitlines()[-1])
    assert (end["event"], end["status"], done.code) == ("end", "failed", 4)


def test_the_question_may_come_from_a_pipe(tinyllm: Call) -> None:
    for arguments in (("run",), ("run", "-"), ("-",)):
        assert tinyllm(*arguments, stdin=b"What is 2 + 2?\n").out == "4\n", arguments


def test_a_byte_order_mark_is_no_part_of_the_question(tinyllm: Call) -> None:
    assert tinyllm("run", "-", stdin=b"\xef\xbb\xbf2 + 2").out == "4\n"


def test_trace_shows_each_step_beside_the_answer(tinyllm: Call) -> None:
    done = tinyllm("run", "--trace", "What is 2 + 2?")
    assert done.out == "4\n"
    assert done.err.startswith("exact")
    assert "→ end" in done.err


def test_verbose_shows_the_path_and_the_cost(tinyllm: Call) -> None:
    done = tinyllm("run", "-v", "What is 2 + 2?")
    assert (done.out, "exact · 0 + 0 tokens" in done.err) == ("4\n", True)


def test_quiet_says_the_answer_and_nothing_else(tinyllm: Call) -> None:
    done = tinyllm("run", "-q", "--trace", "What is 2 + 2?")
    assert (done.out, done.err) == ("4\n", "")


def test_inputs_come_as_json_or_from_a_file(tinyllm: Call, home: Path) -> None:
    (home / "g.yaml").write_text("inputs: {n: a number}\nnodes: {a: {kind: transform, value: inputs.n * 2}}")
    (home / "in.json").write_text('{"n": 4}')
    assert tinyllm("run", "-g", "g.yaml", "-i", '{"n": 21}').out == "42\n"
    assert tinyllm("run", "-g", "g.yaml", "-i", "@in.json").out == "8\n"


def test_a_graph_with_one_input_takes_the_question_for_it(tinyllm: Call, home: Path) -> None:
    (home / "g.yaml").write_text("inputs: {text: a text}\nnodes: {a: {kind: transform, value: inputs.text}}")
    assert tinyllm("run", "-g", "g.yaml", "hello").out == "hello\n"


def test_a_missing_input_is_named(tinyllm: Call, home: Path) -> None:
    (home / "g.yaml").write_text("inputs: {a: one, b: two}\nnodes: {x: {kind: transform, value: inputs.a}}")
    done = tinyllm("run", "-g", "g.yaml", "hello")
    assert (done.code, "needs the input 'a': one" in done.lines[0]) == (2, True)


def test_a_value_that_is_no_text_is_shown_as_json(tinyllm: Call, home: Path) -> None:
    (home / "g.yaml").write_text("nodes: {a: {kind: transform, value: '[1, 2]'}}")
    assert json.loads(tinyllm("run", "-g", "g.yaml", "x").out) == [1, 2]


def test_a_person_is_waited_for_where_none_sits(tinyllm: Call, home: Path) -> None:
    (home / "g.yaml").write_text("nodes: {a: {kind: human, ask: 'Really?', choices: {yes: end, no: end}}}")
    done = tinyllm("run", "--json", "-g", "g.yaml", "x")
    found = json.loads(done.out)
    assert (done.code, found["status"], found["question"]["question"]) == (6, "waiting", "Really?")
    assert found["question"]["choices"] == ["yes", "no"]


def test_a_declined_question_is_refused(tinyllm: Call, home: Path) -> None:
    (home / "g.yaml").write_text("nodes: {a: {kind: solve}}")
    done = tinyllm("run", "-v", "-g", "g.yaml", "Tell me a joke")
    assert (done.code, done.out, done.lines[0].startswith("refused")) == (5, "", True)
    assert done.lines[-1] == "evidence: unchecked"


def test_a_loop_ends_with_its_own_code(tinyllm: Call, home: Path) -> None:
    (home / "g.yaml").write_text("nodes: {a: {kind: transform, value: '1', to: a, max_visits: 3}}")
    done = tinyllm("run", "-g", "g.yaml", "x")
    assert (done.code, done.lines[0]) == (7, "error  a: the run came here more than 3 times")


def test_the_answer_is_written_whatever_the_terminal_can_show(process: Call, echo: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = process("run", "-g", echo, "naïve 世界", env=environment)
    assert (done.code, done.out) == (0, "na\\xefve \\u4e16\\u754c\n")


def test_a_shape_that_is_asked_for_keeps_the_solver_out(tinyllm: Call) -> None:
    done = tinyllm("run", "--schema", '{"type": "object"}', "What is 2 + 2?")
    assert done.code == 4


def test_what_an_answer_rests_on_is_said_when_it_is_asked_for(tinyllm: Call) -> None:
    done = tinyllm("run", "-v", "What is 2 + 2?")
    assert (done.out, done.err.count("evidence: proved\n")) == ("4\n", 1)
    found = json.loads(tinyllm("run", "--json", "What is 2 + 2?").out)
    assert found["evidence"] == "proved"
    assert "evidence  proved" in tinyllm("runs", "show", found["run"]).out
    assert json.loads(tinyllm("runs", "show", found["run"], "--json").out)["answer"]["evidence"] == "proved"


def test_the_parts_alone_print_the_object_of_a_run(tinyllm: Call) -> None:
    whole = json.loads(tinyllm("run", "--json", "What is 2 + 2?").out)
    exact = json.loads(tinyllm("run", "--only", "exact", "--json", "What is 2 + 2?").out)
    declined = tinyllm("run", "--only", "exact", "--json", "Who are you?")
    route = json.loads(tinyllm("run", "--only", "route", "--json", "What is the derivative of x^2?").out)
    for each in (exact, json.loads(declined.out), route):
        assert list(each)[: len(whole)] == list(whole)
        names = ("schema", "run", "path", "models", "tokens")
        assert [each[name] for name in names] == [whole["schema"], None, None, [], {"in": 0, "out": 0}]
    known = ("status", "answer", "evidence")
    assert [exact[name] for name in known] == [whole[name] for name in known] == ["committed", "4", "proved"]
    assert exact["value"] == "4"
    refused = json.loads(declined.out)
    assert (declined.code, [refused[name] for name in known]) == (5, ["refused", None, None])
    assert (route["status"], route["route"], route["labels"]) == ("committed", ["math"], ["math"])
