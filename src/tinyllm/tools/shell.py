"""Run one of the small programs that every machine has: no shell, no pipes, only options that look."""

import shlex
from typing import Any

from tinyllm.toolkit import bounds, tool
from tinyllm.tools import programs
from tinyllm.tools.commands import checked


def _shown(command: list[str], given: str = "", seconds: int = 20) -> str:  # noqa: ARG001
    return shlex.join(command) + (f"   (reads {len(given):,} characters)" if given else "")


@tool(effect="unsafe", reach="exec", seconds=70.0, shows=_shown)
async def run(command: list[str], given: str = "", seconds: int = 20) -> dict[str, Any]:
    """Run a program such as ["ls", "-l", "data"] in the workspace; given is what it reads from standard input."""
    name, *arguments = checked(command)
    ended = await programs.run(
        [programs.program(name), *arguments], bounds().root, given=given, seconds=max(1, min(seconds, 60))
    )
    told = {"code": ended.code, "stdout": ended.stdout, "stderr": ended.stderr}
    return {**told, "cut": True} if ended.cut else told
