"""Against a simulated model server: a question about code, streamed; models; and the server stopped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, Terminal
from tinyllm.testing.simulator import Model, Reply, Script, Simulator

CODE = "Write a Python function that reverses a string."
SAID = "def reverse(text):\n    return text[::-1]"
JOKE = "Tell me a joke about penguins."
ALL = ["qwen2.5:0.5b", "qwen2.5:3b", "granite-code:3b", "phi3:mini", "qwen3:8b", "qwen3:14b"]


def route(request: Any) -> str:
    """A router that knows code when it sees it, and a specialist that writes it."""
    if request.body.get("format"):
        return json.dumps({"labels": ["code" if "Python" in request.text else "general"]})
    return SAID if "Python" in request.text else "A joke."


def server(*names: str, **lines: Any) -> Simulator:
    return Simulator(
        Script(
            {"*": route, **lines},
            models=[Model(name=name, capabilities=("completion", "tools")) for name in names],
        )
    )


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with server(*ALL) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        yield simulator


def test_a_question_about_code_goes_to_the_coder(tinyllm: Call, everything: Simulator) -> None:
    found = json.loads(tinyllm("run", "--json", CODE).out)
    assert (found["status"], found["answer"], found["path"]) == (
        "committed",
        SAID,
        ["exact", "route", "code", "check"],
    )
    assert found["route"] == ["code"]
    assert "granite-code:3b" in found["models"]
    assert found["tokens"]["in"] > 0 < found["tokens"]["out"]


def test_the_context_is_asked_for_in_every_call(tinyllm: Call, everything: Simulator) -> None:
    tinyllm("run", CODE)
    assert everything.asked
    assert all(request.body["options"]["num_ctx"] >= 4096 for request in everything.asked)


def test_a_pipe_gets_the_answer_alone(tinyllm: Call, everything: Simulator) -> None:
    done = tinyllm("run", CODE)
    assert (done.code, done.out, done.err) == (0, SAID + "\n", "")


def test_a_person_sees_the_tokens_as_they_come(terminal: Any) -> None:
    """The second half of the answer is held back until the first half was seen."""

    def slowly(request: Any) -> Any:
        if request.body.get("format"):
            return route(request)
        return Reply(chunks=("def ", "reverse(text):\n", "    return ", "text[::-1]"), delay=0.3)

    with server(*ALL, **{"granite-code:3b": slowly}) as simulator:
        shown: Terminal = terminal("run", CODE, env={"OLLAMA_HOST": simulator.url})
        first = shown.read_until("def reverse")
        assert "text[::-1]" not in first
        assert shown.rest() == 0
    assert shown.text.count("text[::-1]") == 1


def test_a_spinner_turns_on_a_terminal_and_leaves_nothing_behind(terminal: Any) -> None:
    with server(*ALL, **{"granite-code:3b": Reply(SAID, first_delay=0.6)}) as simulator:
        shown: Terminal = terminal("run", CODE, env={"OLLAMA_HOST": simulator.url})
        assert shown.rest() == 0
    assert "⠋" in shown.text
    assert shown.text.replace("\r\x1b[K", "\n").strip().endswith(SAID)


def test_no_colour_means_no_colour(terminal: Any, closed_port: int) -> None:
    env = {"OLLAMA_HOST": f"127.0.0.1:{closed_port}"}
    coloured: Terminal = terminal("run", "-q", JOKE, env=env)
    plain: Terminal = terminal("run", "-q", JOKE, env={**env, "NO_COLOR": "1"})
    flag: Terminal = terminal("run", "-q", "--no-color", JOKE, env=env)
    assert [each.rest() for each in (coloured, plain, flag)] == [4, 4, 4]
    assert "\x1b[31merror" in coloured.text
    assert "\x1b[3" not in plain.text + flag.text


def test_trace_on_a_terminal_shows_the_steps_and_the_answer_once(terminal: Any) -> None:
    with server(*ALL) as simulator:
        shown: Terminal = terminal("run", "--trace", CODE, env={"OLLAMA_HOST": simulator.url})
        assert shown.rest() == 0
    lines = [line.split("\r\x1b[K")[-1].replace("\x1b[2m", "") for line in shown.text.split("\n")]
    assert [line.split()[0] for line in lines if " → " in line] == ["exact", "route", "code", "check"]
    # Once as it came; a step shows its beginning on one line.
    assert shown.text.count("\n    return text[::-1]") == 1


def test_jsonl_streams_the_tokens(tinyllm: Call, everything: Simulator) -> None:
    events = [json.loads(line) for line in tinyllm("run", "--jsonl", CODE).out.splitlines()]
    said = "".join(event["text"] for event in events if event["event"] == "token" and event["node"] == "code")
    assert (said, events[-1]["answer"]) == (SAID, SAID)


@pytest.mark.parametrize(
    "there",
    [[name] for name in ALL] + [["qwen2.5:0.5b", "qwen3:14b"], ["phi3:mini", "qwen3:8b"]],
    ids=",".join,
)
def test_any_subset_of_the_models_answers_and_says_what_stepped_in(
    tinyllm: Call, there: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(*there) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        done = tinyllm("run", "--json", CODE)
    found = json.loads(done.out)
    assert (done.code, found["answer"]) == (0, SAID)
    assert set(found["models"]) <= set(there)
    if "granite-code:3b" not in there:
        assert "granite-code:3b" in " ".join(found["notes"])


def test_with_no_model_at_all_it_says_what_to_fetch(tinyllm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(Script({"*": "hi"}, models=[Model(name="far:1b", installed=False)])) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        done = tinyllm("run", JOKE)
    assert done.code in (1, 4)
    assert len(done.lines[-2:]) == 2
    assert "pull" in done.lines[-1]


def test_a_stopped_server_is_said_at_once_in_two_lines(tinyllm: Call, closed_port: int) -> None:
    done = tinyllm("run", JOKE)
    assert (done.code, done.out, len(done.lines)) == (4, "", 2)
    assert f"no answer from the model server at http://127.0.0.1:{closed_port}" in done.lines[0]
    assert "ollama serve" in done.lines[1]


def test_a_stopped_server_is_tried_once(tinyllm: Call) -> None:
    """A refused connection is an answer: no other model of that server is asked, and none twice."""
    events = [json.loads(line)["event"] for line in tinyllm("run", "--jsonl", JOKE).out.splitlines()]
    assert "fallback" not in events
    assert events.count("call") == 0


def test_a_server_that_stopped_between_two_runs_is_said_at_once(
    tinyllm: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(*ALL) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        assert tinyllm("run", CODE).code == 0
    done = tinyllm("run", CODE)
    assert (done.code, len(done.lines)) == (4, 2)


def test_a_shape_is_followed(tinyllm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def shaped(request: Any) -> str:
        wanted = request.body.get("format") or {}
        return '{"sum": 4}' if "sum" in wanted.get("properties", {}) else '{"labels": ["general"]}'

    shape = '{"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}'
    with server(*ALL, **{"*": shaped}) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        done = tinyllm("run", "--schema", shape, "What is 2 + 2?")
    assert (done.code, json.loads(done.out)) == (0, {"sum": 4})


def test_a_model_of_the_command_line_is_the_only_one_asked(tinyllm: Call, everything: Simulator) -> None:
    found = json.loads(tinyllm("run", "--json", "-m", "qwen3:8b", CODE).out)
    assert set(found["models"]) == {"qwen3:8b"}


@pytest.mark.parametrize("graph", ["summarise", "review"])
def test_the_other_shipped_graphs_answer(tinyllm: Call, everything: Simulator, graph: str) -> None:
    done = tinyllm("run", "--json", "-g", graph, "A long text about penguins.")
    found = json.loads(done.out)
    assert (done.code, found["status"], found["answer"]) == (0, "committed", "A joke.")
    if graph == "review":
        assert sorted(found["path"]) == ["facts", "gaps", "merge", "read", "words"]


def test_only_the_last_voice_of_several_is_streamed(terminal: Any) -> None:
    def voices(request: Any) -> str:
        return "the review" if "Three readers" in request.text else "a reader's note"

    with server(*ALL, **{"*": voices}) as simulator:
        shown: Terminal = terminal("run", "-g", "review", "A text.", env={"OLLAMA_HOST": simulator.url})
        assert shown.rest() == 0
    assert "a reader's note" not in shown.text
    assert shown.text.count("the review") == 1


# --- models and doctor


def test_models_are_listed_and_shown(tinyllm: Call, everything: Simulator) -> None:
    assert [name for name in ALL if name in tinyllm("models", "list").out] == ALL
    assert sorted(each["name"] for each in json.loads(tinyllm("models", "list", "--json").out)) == sorted(ALL)
    shown = tinyllm("models", "show", "qwen3:8b")
    assert (shown.code, "tools" in shown.out) == (0, True)
    assert "capabilities" in json.loads(tinyllm("models", "show", "qwen3:8b", "--json").out)


def test_what_is_in_memory_is_listed(tinyllm: Call, everything: Simulator) -> None:
    assert "no model is in memory" in tinyllm("models", "ps").err
    tinyllm("run", "-m", "qwen3:8b", JOKE)
    assert "qwen3:8b" in tinyllm("models", "ps").out


def test_a_model_that_is_not_there_is_named_with_what_to_do(tinyllm: Call, everything: Simulator) -> None:
    done = tinyllm("models", "show", "nope:1b")
    assert (done.code != 0, len(done.lines), "nope:1b" in done.err) == (True, 2, True)


def test_a_model_is_pulled(tinyllm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script({"*": "hi"}, models=[Model(name="small:1b"), Model(name="far:2b", installed=False)])
    with Simulator(script) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        done = tinyllm("models", "pull", "far:2b")
        assert (done.code, "success" in done.err) == (0, True), done.err
        assert "far:2b" in tinyllm("models", "list").out
        missing = tinyllm("models", "pull", "nowhere:9b")
    assert (missing.code != 0, "nowhere:9b" in missing.err) == (True, True)
    assert "Traceback" not in missing.err


def test_the_doctor_is_content_with_everything(tinyllm: Call, everything: Simulator) -> None:
    done = tinyllm("doctor")
    assert (done.code, "fail" in done.out, "all 6 of the graph are installed" in done.out) == (0, False, True)


def test_the_doctor_says_what_is_missing_and_how_to_get_it(
    tinyllm: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server("qwen3:8b") as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        done = tinyllm("doctor")
    assert done.code == 0
    assert "try: tinyllm models pull qwen2.5:0.5b" in done.out


def test_the_doctor_without_a_server_warns_with_the_fix(tinyllm: Call) -> None:
    done = tinyllm("doctor", "--json")
    found = {each["check"]: each for each in json.loads(done.out)}
    assert (done.code, found["server"]["status"], found["solver"]["status"]) == (0, "warn", "ok")
    assert "ollama serve" in found["server"]["fix"]
    assert all(set(each) == {"check", "status", "said", "fix"} for each in found.values())


def test_the_doctor_finds_a_broken_graph(tinyllm: Call, home: Path) -> None:
    (home / "tinyllm.toml").write_text('graph = "mine"')
    (home / "graphs").mkdir()
    (home / "graphs" / "mine.yaml").write_text("nodes: {a: {kind: dance}}")
    done = tinyllm("doctor")
    assert (done.code, "dance" in done.out) == (1, True)
