"""Look at the git repository of the workspace, and commit to it."""

import re

from tinyllm.errors import BadReply
from tinyllm.toolkit import Inside, tool
from tinyllm.tools.repository import git

COMMITS = 100
REVISION = re.compile(r"[A-Za-z0-9][\w./~^-]{0,99}")


@tool(effect="read", reach="workspace", programs=("git",))
async def status() -> str:
    """Show which files of the repository are changed, new or deleted."""
    said = await git("status", "--short", "--branch", "--ignore-submodules=all", "--no-renames")
    return said if said.count("\n") > 1 else f"{said}nothing has changed\n"


@tool(effect="read", reach="workspace", programs=("git",))
async def diff(path: str = "", revision: str = "HEAD") -> str:
    """Show what changed since a revision such as HEAD or HEAD~3, in all files or in one."""
    names = ["--", str(Inside.of(path))] if path else []
    said = await git(
        "diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", _revision(revision), *names
    )
    return said or "nothing has changed"


@tool(effect="read", reach="workspace", programs=("git",))
async def log(limit: int = 10, path: str = "") -> str:
    """Show the last commits: short hash, date, author, subject."""
    names = ["--", str(Inside.of(path))] if path else []
    many = max(1, min(limit, COMMITS))
    return await git(
        "log", f"--max-count={many}", "--date=short", "--no-show-signature", "--format=%h %ad %an: %s", *names
    )


def _shown_commit(message: str, files: list[Inside]) -> str:
    return f"git add {' '.join(map(str, files))}; git commit -m {message!r}"


@tool(effect="unsafe", reach="exec", programs=("git",), shows=_shown_commit)
async def commit(message: str, files: list[Inside]) -> str:
    """Commit some files of the workspace with a message."""
    if not message.strip() or not files:
        raise BadReply(
            "a commit needs a message and files", hint="name the files that changed", code="TOOL_INPUT"
        )
    names = [str(file) for file in files]
    await git("add", "--", *names)
    await git(
        "commit",
        "--quiet",
        "--no-verify",
        "--no-gpg-sign",
        "--no-edit",
        "--file=-",
        "--only",
        "--",
        *names,
        given=message,
        commits=True,
    )
    return await git("log", "--max-count=1", "--no-show-signature", "--format=%h %s")


def _revision(text: str) -> str:
    """A revision is a name, never an option."""
    if not REVISION.fullmatch(text):
        raise BadReply(
            f"{text[:80]!r} is not a revision", hint="write it like HEAD, HEAD~3 or a hash", code="TOOL_INPUT"
        )
    return text
