"""Servers that begin well and then say nothing, or nothing that can be read: one error in time, and a quiet terminal."""

import logging
import sys
from pathlib import Path

import pytest

from tinyllm.errors import TinyError
from tinyllm.mcp import connection
from tinyllm.mcp.declared import Server

MUTE = """
import json, sys
print("hello, this is no message", flush=True)
for row in sys.stdin:
    asked = json.loads(row)
    if asked.get("method") == "initialize":
        result = {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "mute", "version": "1"}}
    elif asked.get("method") == "tools/list" and sys.argv[1] != "mute":
        if sys.argv[1] == "noise":
            print("no message either", flush=True)
            continue
        result = {"tools": "none"}
    elif "id" in asked and asked.get("method") != "tools/list":
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "no"}}), flush=True)
        continue
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("mute", "it did not list its tools within 2 s"),
        ("noise", "it did not list its tools within 2 s"),
        ("wrong", "its answer is none"),
    ],
)
async def test_a_server_that_lists_nothing_is_said_in_time(
    how: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(connection, "BEGIN", 2.0)
    monkeypatch.setattr(logging.getLogger("mcp"), "handlers", [])
    (program := tmp_path / "mute.py").write_text(MUTE)
    opened = connection.Connection(Server("mute", (sys.executable, str(program), how)))
    try:
        with pytest.raises(TinyError) as failure:
            await opened.tools()
    finally:
        await opened.aclose()
    assert failure.value.message == f"the MCP server mute cannot be used: {said}"
    assert "\n" not in failure.value.message
    assert capfd.readouterr().err == ""
