"""Secrets never leave: not in a log, not in the database, not in a message, not in what is kept of odd failures."""

import base64
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from langchain_core.messages import AIMessage

from tinyllm.clock import Virtual
from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.redaction import HIDDEN, hidden, redacted, safe
from tinyllm.running import Event
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted
from tinyllm.toolkit import tool

CANARY = "canary-7f3a/9c1e+b204=d8"

SECRETS = (
    "sk-abcdefghijklmnop1234",
    "ghp_abcdefghijklmnopqrstuvwxyz012345",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.s5ZB9cPq",
    "xoxb-123456789012-abcdefghijkl",
    "hf_abcdefghijklmnopqrst",
    "glpat-abcdefghijklmnopqrst",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_is_taken_out(secret: str) -> None:
    assert redacted(f"it said {secret}, twice") == f"it said {HIDDEN}, twice"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"Authorization: Basic {base64.b64encode(CANARY.encode()).decode()}",
        f"postgresql://someone:{quote(CANARY, '')}@db/x",
        f"password={CANARY}",
        f'{{"api_key": "{CANARY}"}}',
        f"X-Amz-Signature={CANARY}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_is_called_a_secret_is_taken_out(text: str) -> None:
    assert CANARY not in redacted(text)
    assert quote(CANARY, "") not in redacted(text)
    assert base64.b64encode(CANARY.encode()).decode() not in redacted(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('log in with {"user": "a", "password": "hunter2222"} now', 'log in with {"user": "a", "password": "[redacted]"} now'),
        ("{'password': 'hunter2222 and \\'more\\''}", "{'password': '[redacted]'}"),
        ("say:\nsk-hunter2222hunter2222", "say:\n[redacted]"),
        ("say:\nBearer hunter2222", "say:\nBearer [redacted]"),
        ("password=hunter2222", "password=[redacted]"),
        ('api_key: "hunter2222', 'api_key: "[redacted]'),
    ],
)  # fmt: skip
def test_a_secret_in_json_is_taken_out_however_often_it_was_packed(text: str, left: str) -> None:
    for _ in range(4):
        assert redacted(text) == left
        text, left = json.dumps({"said": text}), json.dumps({"said": left})


@pytest.mark.parametrize(
    "text",
    ["the token budget is 300", "a basic question", "http://127.0.0.1:11434/api/chat", "12 tokens per second",
     "the secret of good tea", "bearer certificates", "qwen2.5:3b answered", "see key: value pairs"],
)  # fmt: skip
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redacted(text) == text


def test_what_the_environment_calls_a_secret_is_one_in_every_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", CANARY)
    monkeypatch.setenv("ODD_TOKEN", 'a"b\\c\nd\u00e9-Zq9x')
    texts = [os.environ["ODD_TOKEN"]]
    for _ in range(2):
        texts = [json.dumps({"said": each}, ensure_ascii=plain) for each in texts for plain in (False, True)]
        assert not [text for text in texts if "Zq9x" in safe(text)]
    coded = base64.b64encode(CANARY.encode()).decode().rstrip("=")
    for form in (CANARY, quote(CANARY, ""), coded):
        assert form not in safe(f"odd {form} end")
    assert hidden({"a": [{"b": f"x {CANARY}"}]}, (CANARY,)) == {"a": [{"b": f"x {HIDDEN}"}]}


@tool(effect="read")
async def look_around() -> str:
    """Look at what is there."""
    return f"in the drawer lies {CANARY}"


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


GRAPH = {
    "name": "curious",
    "allow": [look_around.name],
    "nodes": {"say": {"prompt": "Use the tool.", "tools": [look_around.name]}},
}


async def told(folder: Path, model: Scripted) -> tuple[str, list[Event]]:
    """Everything that a run shows: its answer or its failure, and its events."""
    events: list[Event] = []
    settings = Settings(
        database=str(folder / "t.db"), log=str(folder / "t.log"), project=folder, workspace=str(folder)
    )
    async with Engine(
        GRAPH, settings=settings, make=lambda *_: model, tools=(look_around,), clock=Virtual()
    ) as engine:
        try:
            said = str(await engine.ask("What is in the drawer?", listen=events.append))
        except TinyError as failure:
            said = str(failure.as_dict())
    return said, events


async def test_a_canary_in_the_environment_and_in_what_a_tool_finds_is_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAWER_SECRET", CANARY)
    call: dict[str, Any] = {"name": look_around.name, "args": {}, "id": "c1"}
    done = {"done_reason": "stop"}
    model = Scripted(
        [
            AIMessage("", tool_calls=[call], response_metadata=done),
            AIMessage("It is empty.", response_metadata=done),
        ]
    )
    said, events = await told(tmp_path, model)
    assert "It is empty" in said
    assert any(event.kind == "tool" for event in events)
    assert CANARY not in str([event.as_dict() for event in events])
    assert CANARY not in model.calls[-1].text
    assert CANARY.encode() not in everything_in(tmp_path)


async def test_a_canary_in_a_failure_is_kept_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_API_KEY", CANARY)
    model = Scripted(RuntimeError(f"the flux at http://someone:{CANARY}@there said: Bearer {CANARY}"))
    said, events = await told(tmp_path, model)
    assert "flux" in said
    assert CANARY not in said
    assert CANARY not in str([event.as_dict() for event in events])
    kept = everything_in(tmp_path)
    assert b"flux" in kept
    assert CANARY.encode() not in kept
