"""Programs run without a shell, and no option makes one of them run another."""

import os
from pathlib import Path

import psutil
import pytest

from tests.tools.conftest import Call
from tinyllm.errors import TinyError
from tinyllm.toolkit import Bounds, within
from tinyllm.tools import programs
from tinyllm.tools.commands import checked

TRICKS = [
    ["git", "-c", "core.sshCommand=touch x", "fetch"],
    ["git", "--upload-pack=touch x", "ls-remote"],
    ["tar", "--to-command=touch x", "-xf", "a.tar"],
    ["tar", "-cf", "a.tar", "--checkpoint=1", "--checkpoint-action=exec=id", "."],
    ["tar", "-I", "touch x", "-xf", "a.tar"],
    ["find", ".", "-exec", "id", ";"],
    ["find", ".", "-execdir", "id", "+"],
    ["find", ".", "-ok", "id", ";"],
    ["find", ".", "-delete"],
    ["find", ".", "-fprintf", "x", "%p"],
    ["find", ".", "-fls", "x"],
    ["find", "-L", "."],
    ["find", "/", "-name", "passwd"],
    ["find", ".", "-newer", "/etc/passwd"],
    ["find", "-files0-from", "names"],
    ["env", "id"],
    ["xargs", "id"],
    ["awk", 'BEGIN { system("id") }'],
    ["sed", "1e id", "notes.md"],
    ["sed", "-i", "s/a/b/", "notes.md"],
    ["ssh", "-oProxyCommand=id", "host"],
    ["python", "-c", "import os"],
    ["python3", "notes.md"],
    ["perl", "-e", "exec 'id'"],
    ["bash", "-c", "id"],
    ["sh", "notes.md"],
    ["/bin/ls"],
    ["./ls"],
    ["../ls"],
    ["ls; id"],
    ["ls", "-l", "/etc"],
    ["ls", "../"],
    ["ls", "~"],
    ["ls", "--", "../secret.txt"],
    ["cat", "data/../../secret.txt"],
    ["cat", "leak.txt"],
    ["cat", "leak/secret.txt"],
    ["sort", "-o", "notes.md", "data/sales.csv"],
    ["sort", "--output=notes.md", "data/sales.csv"],
    ["sort", "--compress-program=id", "data/sales.csv"],
    ["sort", "--compress-prog", "id", "data/sales.csv"],
    ["sort", "-T/tmp", "data/sales.csv"],
    ["sort", "-no", "notes.md"],
    ["grep", "-f", "../secret.txt", "notes.md"],
    ["grep", "-f../secret.txt", "notes.md"],
    ["grep", "--file=../secret.txt", "notes.md"],
    ["grep", "-R", "secret", "."],
    ["uniq", "data/sales.csv", "notes.md"],
    ["date", "010100002026"],
    ["date", "-s", "2026-01-01"],
    ["date", "-f", "notes.md"],
    ["file", "-f", "notes.md"],
    ["file", "-C", "-m", "notes.md"],
    ["sha256sum", "-c", "notes.md"],
    ["wc", "--files0-from=../secret.txt"],
    ["du", "--files0-from", "notes.md"],
    ["diff", "-r", ".", "data"],
    ["diff", "--to-file=../secret.txt", "notes.md"],
    ["tail", "-f", "notes.md"],
    ["od", "--read-bytes=1", "notes.md"],
    ["curl", "file:///etc/passwd"],
    ["dd", "if=../secret.txt"],
    ["cp", "../secret.txt", "."],
    ["rm", "-rf", "."],
    ["vi", "-c", ":!id"],
    ["less", "notes.md"],
    ["make"],
    ["rg", "--pre", "id", "x"],
    ["zip", "-T", "-TT", "id", "a.zip"],
    ["rsync", "-e", "id", "a", "b"],
    [],
    ["ls", "a\0b"],
]


@pytest.mark.parametrize(
    "command", TRICKS, ids=lambda command: " ".join(command).replace("\0", "0") or "nothing"
)
def test_a_trick_is_refused_and_says_what_to_do(command: list[str], workspace: Path) -> None:
    (workspace / "leak.txt").symlink_to(workspace.parent / "secret.txt")
    (workspace / "leak").symlink_to(workspace.parent)
    with within(Bounds(workspace)), pytest.raises(TinyError) as refused:
        checked(command)
    assert refused.value.hint
    assert len(TRICKS) >= 40


HONEST = [
    (["ls", "-l", "data"], "sales.csv"),
    (["grep", "-n", "-i", "tea", "notes.md"], "2:Tea sells"),
    (["head", "-2", "data/sales.csv"], "north,tea,120"),
    (["sort", "-t", ",", "-k3", "-n", "data/sales.csv"], "region"),
    (["cut", "-d,", "-f2", "data/sales.csv"], "coffee"),
    (["find", ".", "-type", "f", "-name", "*.csv", "-not", "-path", "./.git/*"], "./data/bosses.csv"),
    (["wc", "-l", "notes.md"], "3 notes.md"),
    (["date", "-u", "+%Y"], "20"),
    (["echo", "-n", "$HOME `id` ; *"], "$HOME `id` ; *"),
    (["diff", "notes.md", "data/sales.csv"], "> region"),
]


@pytest.mark.parametrize(
    ("command", "expected"), HONEST, ids=lambda value: value[0] if isinstance(value, list) else ""
)
async def test_an_honest_command_runs(command: list[str], expected: str, call: Call) -> None:
    assert expected in (await call("shell_run", command=command))["stdout"]


async def test_a_program_reads_what_it_is_given(call: Call) -> None:
    ran = await call("shell_run", command=["tr", "a-z", "A-Z"], given="tea")
    assert (ran["code"], ran["stdout"]) == (0, "TEA")


async def test_a_program_sees_no_secret(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "canary-1234567890")
    ran = await call("shell_run", command=["grep", "-a", "canary", "-"], given="nothing")
    assert "canary" not in str(ran)


async def test_a_flood_is_cut(call: Call) -> None:
    ran = await call("shell_run", command=["seq", "100000000"])
    assert ran.startswith('{"code": -9') if isinstance(ran, str) else ran["cut"]


async def test_a_program_that_does_not_end_is_ended(call: Call, workspace: Path) -> None:
    os.mkfifo(workspace / "pipe")
    with pytest.raises(TinyError, match="longer than 1 s"):
        await call("shell_run", command=["cat", "pipe"], seconds=1)


async def test_what_a_program_leaves_behind_is_ended_with_it(workspace: Path) -> None:
    script = "sleep 60 >&- 2>&- & echo $!"
    ended = await programs.run(["/bin/sh", "-c", script], workspace)
    try:
        left = psutil.Process(int(ended.stdout)).wait(timeout=5)
    except psutil.NoSuchProcess:
        left = None
    assert left is None or left < 0
