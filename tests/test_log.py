"""The log: lines of JSON with the run's id, in a file of one's own or on stderr."""

import ast
import json
import re
import stat
from pathlib import Path

import pytest

from tinyllm.clock import Virtual
from tinyllm.engine import Engine
from tinyllm.log import Log
from tinyllm.running import Event
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted


async def test_every_step_of_a_run_is_one_line_with_its_id(tmp_path: Path) -> None:
    settings = Settings(log=str(tmp_path / "logs" / "run.log"), database=str(tmp_path / "t.db"))
    graph = {"name": "plain", "nodes": {"say": {"prompt": "Be brief."}}}
    async with Engine(graph, settings=settings, make=lambda *_: Scripted("four"), clock=Virtual()) as engine:
        answer = await engine.ask("What is 2 + 2, in a word?")
    lines = [json.loads(line) for line in (tmp_path / "logs" / "run.log").read_text().splitlines()]
    assert {line["run"] for line in lines} == {answer.run}
    kinds = [line["event"] for line in lines]
    assert kinds[0] == "begin"
    assert "call" in kinds
    assert "node" in kinds
    assert all(isinstance(line["at"], float) for line in lines)


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    Log(str(path)).write("r1", Event("note", data={"text": "x"}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_long_texts_are_cut_and_tokens_left_out(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    log = Log(str(path))
    log.write("r1", Event("token", data={"text": "x"}))
    log.write("r1", Event("note", data={"text": "y" * 10_000}))
    (line,) = path.read_text().splitlines()
    assert len(line) < 2_200


def test_secrets_are_taken_out_and_the_line_stays_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", 'quo"ted-and-long')
    text = 'password="quo\\"ted" then quo"ted-and-long and Bearer abcDEFghijkl'
    Log("stderr").write("r1", Event("failure", "say", {"message": text, "odd": {"nested": [text]}}))
    line = json.loads(capsys.readouterr().err)
    assert "ted-and-long" not in str(line)
    assert "abcDEFghijkl" not in str(line)
    assert line["node"] == "say"


def test_a_key_of_ours_is_shown_and_one_of_others_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    said = {"key": "check:1", "value": {"key": "hush"}, "because": "Bearer abcDEFghijkl"}
    Log("stderr").write("r1", Event("grade", "check", said))
    line = json.loads(capsys.readouterr().err)
    assert line["key"] == "check:1"
    assert "hush" not in str(line)
    assert "abcDEFghijkl" not in str(line)


def test_the_docs_list_every_event_of_the_log() -> None:
    top = Path(__file__).parent.parent
    for_others = {"token", "kept", "content", "end", "savepoint"}
    emitted = {
        str(call.args[0].value)
        for file in (top / "src/tinyllm").rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("emit", "Event")
        and call.args and isinstance(call.args[0], ast.Constant)
    }  # fmt: skip
    table = (top / "docs/health.md").read_text().split("| `event` |")[1].split("\n\n")[0]
    listed = [name for row in table.splitlines()[2:] for name in re.findall("`(\\w+)`", row.split("|")[1])]
    assert sorted(listed) == sorted(emitted - for_others)
