"""A foreign server written with the official SDK, and a project that has added it."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import no_server, process, tinyllm  # noqa: F401 - fixtures
from tinyllm.mcp.declared import Declared, Server

SMALL = str(Path(__file__).with_name("small_server.py"))
COMMAND = (sys.executable, SMALL)
TOOLS: tuple[dict[str, Any], ...] = (
    {
        "name": "add",
        "description": "Add two whole numbers.",
        "schema": {
            "type": "object",
            "properties": {"one": {"type": "integer"}, "other": {"type": "integer"}},
            "required": ["one", "other"],
            "additionalProperties": False,
        },
    },
    {
        "name": "send-mail",
        "description": "Send a mail.",
        "schema": {
            "type": "object",
            "properties": {"to": {"type": "string"}, "text": {"type": "string", "default": ""}},
            "required": ["to"],
            "additionalProperties": False,
        },
    },
)


@pytest.fixture
def project(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (home / "tinyllm.toml").write_text("")
    (home / "graphs").mkdir()
    monkeypatch.setenv("SENT", str(home / "sent"))
    return home


@pytest.fixture
def small(project: Path) -> Server:
    """Declared, as `add` would have written it."""
    server = Server("small", COMMAND, env=("SENT",), tools=TOOLS)
    declare(project, server)
    return server


def declare(project: Path, server: Server) -> None:
    Declared.read(project / "tinyllm.mcp.json").holding(server).write()
