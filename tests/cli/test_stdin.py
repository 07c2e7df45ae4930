"""What is piped in beside a question is not lost, and what is merely open is left alone."""

import os
from pathlib import Path

from tests.started import DEVNULL, run


def test_a_bare_call_answers_what_is_piped_in() -> None:
    assert run(typed=b"What is 2 + 3?").stdout == "5\n"


def test_a_bare_call_shows_the_help() -> None:
    done = run(stdin=DEVNULL)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: tinyllm")


def test_a_pipe_beside_a_question_belongs_to_it() -> None:
    done = run("run", "--json", "What is 2 + 3?", typed=b"and this text as well")
    assert '"answer": "5"' not in done.stdout


def test_an_input_of_the_graph_takes_what_is_piped_in(tmp_path: Path) -> None:
    graph = tmp_path / "echo.yaml"
    graph.write_text("inputs: {text: a text}\nnodes:\n  a: {kind: transform, value: inputs.text}\n", "utf-8")
    assert run("run", "-g", str(graph), "a question", typed=b"the text").stdout == "the text\n"


def test_a_pipe_that_is_merely_open_is_left_alone() -> None:
    reading, writing = os.pipe()
    try:
        assert run("run", "What is 2 + 3?", stdin=reading).stdout == "5\n"
    finally:
        os.close(reading)
        os.close(writing)


def test_both_forms_of_json_exclude_each_other() -> None:
    assert run("run", "--json", "--jsonl", "What is 2 + 3?", stdin=DEVNULL).returncode == 2
