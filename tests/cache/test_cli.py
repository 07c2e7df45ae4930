"""What is kept, as a person sees and clears it; and how often it was of use."""

import json
from pathlib import Path

import pytest

from tests.cache.conftest import MODEL, Counted
from tests.cli.conftest import Call, tinyllm

__all__ = ["tinyllm"]
GRAPH = f"name: plain\nnodes:\n  say: {{prompt: Answer., model: '{MODEL}', temperature: 0}}\n"


@pytest.fixture(autouse=True)
def project(server: Counted, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "plain.yaml").write_text(GRAPH)
    monkeypatch.setenv("OLLAMA_HOST", server.simulator.url)
    monkeypatch.setenv("TINYLLM_DATABASE", str(home / "t.db"))


def test_a_second_run_says_where_its_answer_is_from(tinyllm: Call, server: Counted) -> None:
    ask = ("run", "-g", "plain.yaml", "Who?")
    assert tinyllm(*ask).out == "reply 1\n"
    again = tinyllm(*ask, "--trace", "-v")
    assert (again.out, server.asked) == ("reply 1\n", 1)
    assert f"{MODEL}: no call, the reply is kept from before" in again.err
    assert "0 + 0 tokens" in again.err
    assert "cached" in tinyllm("runs", "show", "last").out
    found = json.loads(tinyllm(*ask, "--json").out)
    assert (found["tokens"], found["models"]) == ({"in": 0, "out": 0}, [MODEL])
    assert tinyllm(*ask, "--no-cache").out == "reply 2\n"
    assert tinyllm("chat", "-g", "plain.yaml", "--no-cache", "-q", stdin=b"Who?\n").out.strip() == "reply 3"
    assert tinyllm(*ask).out == "reply 1\n"


def test_the_hit_rate_of_each_model_and_of_all(tinyllm: Call) -> None:
    for question in ("a", "a", "a", "b"):
        tinyllm("run", "-g", "plain.yaml", question)
    rows = {row["target"]: row for row in json.loads(tinyllm("health", "--json").out)}
    for row in (rows[MODEL], rows["(all)"]):
        assert (row["cached"], row["missed"], row["hit_rate"], row["calls"]) == (2, 2, 0.5, 2)
    assert "50%" in tinyllm("health").out
    found = json.loads(tinyllm("cache", "stats", "--json").out)
    assert (found["replies"], found["models"][0]["hits"], found["rates"][0]["hit_rate"]) == (2, 2, 0.5)
    assert found["bytes"] > 0
    assert [line.split()[:2] for line in tinyllm("cache", "stats").out.splitlines()[1:]] == [[MODEL, "2"]]


def test_what_is_kept_is_listed_and_cleared(tinyllm: Call, server: Counted) -> None:
    assert "no reply is kept" in tinyllm("cache", "list").err
    tinyllm("run", "-g", "plain.yaml", "a secret question")
    [row] = json.loads(tinyllm("cache", "list", "--json").out)
    assert (row["reply"], row["model"], row["digest"]) == ("reply 1", MODEL, server.digest)
    shown = tinyllm("cache", "list").out
    assert "reply 1" in shown
    assert "secret" not in shown
    for command in ("clear", "list"):
        other = tinyllm("cache", command, "--model", "other")
        assert (other.code, "nothing of 'other' is kept" in other.err, MODEL in other.err) == (2, True, True)
    assert tinyllm("cache", "clear", "--older", "1").err == "dropped 0 replies\n"
    assert json.loads(tinyllm("cache", "clear", "--json").out) == {"dropped": 1}
    tinyllm("run", "-g", "plain.yaml", "a secret question")
    assert server.asked == 2


def test_the_setting_is_checked(tinyllm: Call, home: Path) -> None:
    (home / "tinyllm.toml").write_text("cache = false\ncache_size = 8\n")
    assert '"off"' in tinyllm("config", "show", "--json").out
    assert "it is off" in tinyllm("cache", "stats").err
    (home / "tinyllm.toml").write_text('cache = "perhaps"\n')
    refused = tinyllm("cache", "stats")
    assert refused.code == 3
    assert "should be on or off" in refused.err


def test_questions_are_asked_beforehand(tinyllm: Call, server: Counted, home: Path) -> None:
    rows = ['{"question": "a"}', '"b"', '{"question": 1}', '{"question": "a", "thread": "t"}']
    (home / "q.jsonl").write_text("\n".join(rows))
    done = tinyllm("cache", "warm", "q.jsonl", "-g", "plain.yaml", "-p", "1", "--json")
    found = json.loads(done.out)
    assert (done.code, found["rows"], found["asked"], found["there"], found["failed"]) == (1, 4, 2, 1, 1)
    assert [(each["code"], each["first"], each["line"]) for each in found["reasons"]] == [
        ("ROW_INVALID", 2, 3)
    ]
    told = tinyllm("cache", "warm", "q.jsonl", "-g", "plain.yaml", "-p", "1").err
    assert told.startswith("4 rows (1 failed): ")
    assert "1 x ROW_INVALID: line 3: the row cannot be asked: its `question` is not text" in told
    assert [tinyllm("run", "-g", "plain.yaml", word).out for word in "ab"] == ["reply 1\n", "reply 2\n"]
    assert server.asked == 2
    assert "t" not in {row["thread"] for row in json.loads(tinyllm("runs", "list", "--json").out)}
    again = tinyllm("cache", "warm", "-", "-g", "plain.yaml", stdin=b'"a"\n"b"\n')
    assert (again.code, again.err) == (0, "2 rows: 0 replies are kept now, 2 were there\n")


def test_warming_changes_nothing_and_waits_for_nobody(tinyllm: Call, server: Counted, home: Path) -> None:
    (home / "plain.yaml").write_text(
        "name: plain\nallow: ['files_write']\nnodes:\n"
        f"  say: {{prompt: Answer., model: '{MODEL}', to: may}}\n"
        "  may: {kind: human, ask: Go on?, choices: {'yes': write, 'no': end}}\n"
        "  write: {kind: tool, tool: files_write, args: {path: x.txt, content: x}, to: end}\n"
    )
    done = tinyllm("cache", "warm", "-", "-g", "plain.yaml", stdin=b'"a"\n')
    assert done.code == 0
    assert "calls drawn by chance: 1;" in done.err
    assert "and were given up: 1" in done.err
    assert [row["status"] for row in json.loads(tinyllm("runs", "list", "--json").out)] == ["rolled_back"]
    (home / "plain.yaml").write_text(
        "name: plain\nallow: ['files_write']\nnodes:\n"
        "  write: {kind: tool, tool: files_write, args: {path: x.txt, content: x}, to: end}\n"
    )
    assert tinyllm("cache", "warm", "-", "-g", "plain.yaml", stdin=b'"a"\n').code == 1
    assert not (home / "x.txt").exists()
    refused = tinyllm("cache", "warm", "nowhere.jsonl")
    assert (refused.code, "cannot be read" in refused.err) == (2, True)


def test_warming_stops_where_no_server_answers(
    tinyllm: Call, home: Path, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{closed_port}")
    done = tinyllm("cache", "warm", "-", "-g", "plain.yaml", stdin=b'"a"\n' * 50)
    assert done.code == 4
    assert "no answer from the model server" in done.err
    monkeypatch.setenv("TINYLLM_CACHE", "off")
    assert "the cache is off" in tinyllm("cache", "warm", "-", "-g", "plain.yaml", stdin=b'"a"\n').err
