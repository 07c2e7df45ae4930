"""A git repository that may be hostile: whatever in its configuration could run a program is switched off."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tinyllm.errors import BadReply, Permanent
from tinyllm.toolkit import Inside, bounds
from tinyllm.tools import programs

CONFIG = 200_000  # bytes of a configuration that is read
NOTHING = "/dev/null"
# What no repository needs to set for us to look at it, or to commit.
SAFE = {
    "core.hooksPath": NOTHING,
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.pager": "cat",
    "core.editor": "false",
    "core.askPass": "false",
    "core.sshCommand": "false",
    "core.gitProxy": "",
    "core.attributesFile": NOTHING,
    "core.excludesFile": NOTHING,
    "core.alternateRefsCommand": "",
    "credential.helper": "",
    "diff.external": "",
    "commit.gpgSign": "false",
    "gpg.program": "false",
    "log.showSignature": "false",
    "protocol.allow": "never",
    "protocol.ext.allow": "never",
    "submodule.recurse": "false",
    "status.submoduleSummary": "false",
    "diff.ignoreSubmodules": "all",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "color.ui": "false",
}
# Sections whose keys name programs, under names that only the repository knows.
RUNS = re.compile(
    r"(filter|diff|merge|gpg|mergetool|difftool|trailer|interactive)\..*\.?(clean|smudge|process|command|textconv|driver|program|cmd)",
    re.IGNORECASE,
)
LEADS_AWAY = re.compile(
    r"(include|includeif)\..*|core\.worktree|extensions\.(worktreeconfig|partialclone)", re.IGNORECASE
)


def repository() -> Path:
    """The workspace, when it is a repository of its own that leads nowhere else."""
    root = bounds().root
    folder = Inside.of(".git", root)
    if not folder.is_folder:
        raise BadReply(
            "the workspace is not a git repository", hint="make one there with `git init`", code="TOOL_INPUT"
        )
    for name in ("commondir", "objects/info/alternates", "config.worktree"):
        if (folder.path / name).exists():
            raise _refused(f"its .git/{name} leads to another repository")
    return root


def command(root: Path, *arguments: str) -> list[str]:
    """git, with everything that could run a program switched off."""
    git = programs.program("git")
    settings = {**SAFE, "safe.directory": str(root), **dict.fromkeys(_programs(git, root), "")}
    switched = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    place = [f"--git-dir={root / '.git'}", f"--work-tree={root}"]
    return [
        git,
        "--no-pager",
        "--literal-pathspecs",
        "--no-optional-locks",
        "--no-replace-objects",
        *switched,
        *place,
        *arguments,
    ]


def _programs(git: str, root: Path) -> Iterator[str]:
    """The settings of this repository that name programs; one that reads other files is refused."""
    text = Inside.of(".git/config", root).read_text(CONFIG)
    done = subprocess.run(  # noqa: S603 - argv, and text that was read within bounds
        [git, "config", "--file", "-", "--no-includes", "--null", "--name-only", "--list"],
        input=text,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
        env=ENVIRONMENT,
        cwd="/",
    )
    if done.returncode != 0:
        raise _refused("its .git/config cannot be read")
    for name in filter(None, done.stdout.split("\0")):
        if LEADS_AWAY.fullmatch(name):
            raise _refused(f"its .git/config sets {name}")
        if RUNS.fullmatch(name):
            yield name


ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": NOTHING,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_CEILING_DIRECTORIES": "/",
    "PATH": programs.FOLDERS,
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
}


@cache
def author() -> dict[str, str]:
    """Who commits: the person whose machine this is, by their own settings."""
    found = {}
    for name in ("name", "email"):
        try:
            done = subprocess.run(  # noqa: S603 - argv
                [programs.program("git"), "config", "--global", "--get", f"user.{name}"],
                capture_output=True, text=True, timeout=10, check=False, cwd="/",
            )  # fmt: skip
            found[name] = done.stdout.strip()
        except (OSError, subprocess.TimeoutExpired):
            found[name] = ""
    person, address = found["name"] or "TinyLLM", found["email"] or "tinyllm@localhost"
    return {
        "GIT_AUTHOR_NAME": person, "GIT_AUTHOR_EMAIL": address,
        "GIT_COMMITTER_NAME": person, "GIT_COMMITTER_EMAIL": address,
    }  # fmt: skip


async def git(*arguments: str, given: str = "", commits: bool = False) -> str:
    """What git says in the workspace."""
    root = repository()
    more = {**ENVIRONMENT, **(author() if commits else {})}
    ended = await programs.run(command(root, *arguments), root, given=given, more=more)
    if ended.code != 0:
        said = (ended.stderr or ended.stdout).strip()
        raise BadReply(
            f"git {arguments[0]}: {said[:400] or 'it failed'}",
            hint="look with git_status first",
            code="GIT_USAGE",
        )
    return ended.stdout


def _refused(why: str) -> Permanent:
    return Permanent(f"the repository is not trusted: {why}", hint="look at it by hand", code="GIT_REFUSED")
