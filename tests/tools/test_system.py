"""The machine can be looked at, and its secrets cannot."""

from pathlib import Path

import pytest

from tests.tools.conftest import Call, Open

CANARY = "canary-3f9a77c1d2"


async def test_the_environment_keeps_its_secrets(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVICE_TOKEN", "DATABASE_URL", "MY_SETTING", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("SHELL", "/bin/canary")
    seen = await call("system_environment")
    assert CANARY not in str(seen)
    assert {"SERVICE_TOKEN", "MY_SETTING"} <= set(seen)
    assert seen["SHELL"] == "/bin/canary"


async def test_processes_are_listed_without_what_they_were_told(call: Call) -> None:
    listed = await call("system_processes", name="python", limit=5)
    assert listed
    assert set(listed[0]) == {"pid", "name", "user", "status", "memory_mb", "seconds"}
    assert len(await call("system_processes", limit=1)) == 1
    assert await call("system_processes", name="no such process") == []


async def test_a_secret_shows_up_nowhere(
    open_engine: Open, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that looks at everything leaves no trace of it, in files or in the database."""
    monkeypatch.setenv("SERVICE_TOKEN", CANARY)
    tools = {
        "system_environment": {},
        "system_processes": {},
        "code_run": {"code": "import os\nstr(os.environ)"},
        "shell_run": {"command": ["grep", "-a", "-s", "x", "notes.md"]},
    }
    steps = [
        {"id": f"s{n}", "kind": "tool", "tool": name, "args": args}
        for n, (name, args) in enumerate(tools.items())
    ]
    answer = await open_engine({"name": "t", "allow": ["shell_run"], "steps": steps}).ask("go")
    assert answer.status == "committed"
    kept = [path for path in workspace.parent.rglob("*") if path.is_file()]
    assert any(path.name.startswith("runs.db") for path in kept)
    assert [path for path in kept if CANARY.encode() in path.read_bytes()] == []
