"""A repository that somebody else prepared runs nothing and leads nowhere."""

import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tinyllm.errors import TinyError


@pytest.fixture
def ran(workspace: Path) -> Path:
    """A file that every program of a hostile repository would make."""
    return workspace.parent / "ran"


def configure(workspace: Path, name: str, value: str) -> None:
    subprocess.run(["git", "config", name, value], cwd=workspace, check=True)


HOSTILE = [
    ("core.fsmonitor", ""),
    ("core.pager", ""),
    ("core.editor", ""),
    ("core.sshCommand", ""),
    ("core.askPass", ""),
    ("diff.external", ""),
    ("diff.evil.command", "* diff=evil"),
    ("diff.evil.textconv", "* diff=evil"),
    ("filter.evil.clean", "* filter=evil"),
    ("filter.evil.smudge", "* filter=evil"),
    ("filter.evil.process", "* filter=evil"),
    ("merge.evil.driver", "* merge=evil"),
    ("gpg.program", ""),
    ("gpg.ssh.program", ""),
    ("credential.helper", ""),
    ("alias.status", ""),
    ("alias.log", ""),
    ("pager.log", ""),
    ("sequence.editor", ""),
    ("core.alternateRefsCommand", ""),
]


@pytest.mark.parametrize(("name", "attributes"), HOSTILE, ids=[name for name, _ in HOSTILE])
async def test_its_settings_run_nothing(
    name: str, attributes: str, workspace: Path, ran: Path, call: Call
) -> None:
    program = workspace / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    program.chmod(0o755)
    configure(workspace, name, f"!{program}" if name.startswith("alias") else str(program))
    configure(workspace, "commit.gpgSign", "true")
    configure(workspace, "log.showSignature", "true")
    if attributes:
        (workspace / ".gitattributes").write_text(attributes + "\n")
    (workspace / "notes.md").write_text("changed\n")
    await call("git_status")
    assert "+changed" in await call("git_diff")
    await call("git_log")
    await call("git_commit", message="Change", files=["notes.md"])
    assert not ran.exists()


HOOKS = [
    "pre-commit",
    "commit-msg",
    "prepare-commit-msg",
    "post-commit",
    "post-index-change",
    "reference-transaction",
]


async def test_its_hooks_do_not_run(workspace: Path, ran: Path, call: Call) -> None:
    (workspace / ".git" / "hooks").mkdir(exist_ok=True)
    for name in HOOKS:
        hook = workspace / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
        hook.chmod(0o755)
    (workspace / "notes.md").write_text("changed\n")
    assert "Change" in await call("git_commit", message="Change", files=["notes.md"])
    await call("git_status")
    assert not ran.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("core.worktree", "/"),
        ("include.path", "/etc/gitconfig"),
        ("includeIf.gitdir:/.path", "/etc/gitconfig"),
    ],
)
async def test_settings_that_lead_away_are_refused(
    name: str, value: str, workspace: Path, call: Call
) -> None:
    configure(workspace, name, value)
    with pytest.raises(TinyError, match="not trusted") as refused:
        await call("git_status")
    assert refused.value.code == "GIT_REFUSED"


async def test_a_repository_elsewhere_is_not_used(workspace: Path, call: Call) -> None:
    (workspace / ".git").rename(workspace.parent / "elsewhere")
    (workspace / ".git").write_text(f"gitdir: {workspace.parent / 'elsewhere'}\n")
    with pytest.raises(TinyError, match="not a git repository"):
        await call("git_status")
    (workspace / ".git").unlink()
    (workspace / ".git").symlink_to(workspace.parent / "elsewhere")
    with pytest.raises(TinyError, match="outside"):
        await call("git_status")


async def test_objects_of_another_repository_are_not_read(workspace: Path, call: Call) -> None:
    (workspace / ".git" / "objects" / "info" / "alternates").write_text("/tmp/other\n")
    with pytest.raises(TinyError, match="another repository"):
        await call("git_log")


@pytest.mark.parametrize("revision", ["--output=x", "-p", "--ext-diff", "", "HEAD --output=x", "$(id)"])
async def test_a_revision_is_never_an_option(revision: str, call: Call) -> None:
    with pytest.raises(TinyError, match="not a revision"):
        await call("git_diff", revision=revision)


async def test_only_the_named_files_are_committed(workspace: Path, call: Call) -> None:
    (workspace / "notes.md").write_text("changed\n")
    await call("git_commit", message="--amend -m x", files=["data/sales.csv"])
    assert "notes.md" in await call("git_status")
    assert "--amend -m x" in await call("git_log", path="data/sales.csv")


async def test_the_environment_of_git_counts_for_nothing(
    workspace: Path, ran: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(workspace.parent))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"touch {ran}")
    monkeypatch.setenv("GIT_PAGER", f"touch {ran}")
    assert "Begin" in await call("git_log")
    await call("git_diff")
    assert not ran.exists()


@pytest.mark.parametrize(
    "name", ["core.fsmonitor", "diff.external", "diff.evil.textconv", "filter.evil.clean"]
)
def test_git_alone_would_have_run_it(name: str, workspace: Path, ran: Path) -> None:
    """The attack works where nobody defends: else the tests above would prove nothing."""
    program = workspace / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    program.chmod(0o755)
    configure(workspace, name, str(program))
    if attributes := dict(HOSTILE)[name]:
        (workspace / ".gitattributes").write_text(attributes + "\n")
    (workspace / "notes.md").write_text("changed\n")
    subprocess.run(["git", "status"], cwd=workspace, check=False, capture_output=True)
    subprocess.run(["git", "diff"], cwd=workspace, check=False, capture_output=True)
    assert ran.exists()


async def test_a_missing_object_is_not_fetched(workspace: Path, ran: Path, call: Call) -> None:
    """A repository that promises objects elsewhere would have git run the program that fetches them."""
    program = workspace / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    for name, value in {"url": str(workspace), "promisor": "true", "uploadpack": str(program)}.items():
        configure(workspace, f"remote.origin.{name}", value)
    configure(workspace, "core.repositoryFormatVersion", "1")
    for path in (workspace / ".git" / "objects").glob("??/*"):
        path.unlink()
    for name in ("git_status", "git_diff", "git_log"):
        with pytest.raises(TinyError):
            await call(name)
    assert not ran.exists()
