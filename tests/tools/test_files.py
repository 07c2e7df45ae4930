"""Files are read and changed inside the workspace, whatever a path pretends."""

import os
from pathlib import Path

import pytest

from tests.tools.conftest import Call, Open
from tinyllm.errors import TinyError

VECTORS = [
    "../secret.txt",
    "data/../../secret.txt",
    "/etc/passwd",
    "~/.ssh/id_rsa",
    "leak.txt",
    "leak/secret.txt",
    "/proc/self/environ",
    "/dev/zero",
    "data/../leak/secret.txt",
    "pipe",
    "a\0b",
    "",
    "\u202e",
    "x" * 5000,
    "file:///etc/passwd",
    "notes.md/../../secret.txt",
]
READERS = {"files_read": "path", "files_hash": "path", "data_describe": "path", "sql_tables": "database"}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path[:20].encode("unicode_escape").decode())
@pytest.mark.parametrize("name", READERS)
async def test_no_path_leads_out(name: str, path: str, call: Call, workspace: Path) -> None:
    (workspace / "leak.txt").symlink_to(workspace.parent / "secret.txt")
    (workspace / "leak").symlink_to(workspace.parent)
    os.mkfifo(workspace / "pipe")
    with pytest.raises(TinyError) as refused:
        await call(name, **{READERS[name]: path})
    assert refused.value.hint
    assert "secret outside" not in str(refused.value)


@pytest.mark.parametrize(
    "path", ["../new.txt", "leak/new.txt", "/tmp/new.txt", ".git/config", ".GIT/hooks/x", "."]
)
async def test_nothing_is_written_outside_or_where_it_would_run(
    path: str, call: Call, workspace: Path
) -> None:
    (workspace / "leak").symlink_to(workspace.parent)
    before = sorted(workspace.parent.glob("*"))
    with pytest.raises(TinyError):
        await call("files_write", path=path, content="x")
    assert sorted(workspace.parent.glob("*")) == before


async def test_a_long_file_is_read_in_parts(call: Call, workspace: Path) -> None:
    (workspace / "long.txt").write_text("".join(f"line {n}\n" for n in range(1, 1001)))
    first = await call("files_read", path="long.txt", lines=2)
    assert first == "line 1\nline 2\n\n[998 more lines: read them with start=3]"
    assert await call("files_read", path="long.txt", start=1000) == "line 1000\n"


async def test_a_patch_wants_one_place(call: Call, workspace: Path) -> None:
    with pytest.raises(TinyError, match="stands 0 times"):
        await call("files_patch", path="notes.md", old="Milk", new="Water")
    (workspace / "notes.md").write_text("a b c")
    with pytest.raises(TinyError, match="stands 2 times"):
        await call("files_patch", path="notes.md", old=" ", new="_")
    assert (workspace / "notes.md").read_text() == "a b c"


async def test_a_patch_done_twice_is_done_once(call: Call, workspace: Path) -> None:
    for _ in range(2):
        await call("files_patch", path="notes.md", old="Tea sells", new="Coffee sells")
    assert (workspace / "notes.md").read_text().count("Coffee sells") == 1


async def test_what_a_failed_run_wrote_is_taken_back(open_engine: Open, workspace: Path) -> None:
    before = (workspace / "notes.md").read_text()
    graph = {
        "name": "t",
        "allow": ["files_*"],
        "steps": [
            {
                "id": "new",
                "kind": "tool",
                "tool": "files_write",
                "args": {"path": "a/b/c.txt", "content": "x"},
            },
            {
                "id": "old",
                "kind": "tool",
                "tool": "files_patch",
                "args": {"path": "notes.md", "old": "Tea", "new": "Milk"},
            },
            {"id": "fail", "kind": "llm", "prompt": "x"},
        ],
    }
    with pytest.raises(TinyError):
        await open_engine(graph, RuntimeError("broken")).ask("go")
    assert (workspace / "notes.md").read_text() == before
    assert not (workspace / "a").exists()
