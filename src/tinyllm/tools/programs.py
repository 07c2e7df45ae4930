"""A program of this machine, run without a shell: clean environment, limits, and no process left behind."""

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyllm.errors import Permanent, TimedOut

OUTPUT = 1_000_000  # bytes of each stream
SECONDS = 20.0
FOLDERS = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"  # not the caller's: a workspace could be on it
LIMITS = {"RLIMIT_AS": 2 << 30, "RLIMIT_FSIZE": 64 << 20, "RLIMIT_NOFILE": 256, "RLIMIT_CORE": 0}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and what it wrote."""

    code: int
    stdout: str
    stderr: str
    cut: bool = False  # it wrote more than is kept


def program(name: str) -> str:
    """Where a program lies."""
    found = shutil.which(name, path=FOLDERS)
    if found is None:
        raise Permanent(f"{name} is not installed here", hint=f"install {name}", code="COMMAND_NOT_FOUND")
    return found


async def run(
    command: Sequence[str],
    folder: Path,
    *,
    given: str = "",
    more: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> Ended:
    """Run it to its end, or end it: with everything that it started."""
    child = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={"PATH": FOLDERS, "LANG": "C.UTF-8", "HOME": "/nonexistent", **(more or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    _limit(child.pid, seconds)
    try:
        async with asyncio.timeout(seconds):
            return await _ended(child, given.encode("utf-8", "replace"))
    except TimeoutError as failure:
        raise TimedOut(
            f"{Path(command[0]).name} took longer than {seconds:g} s",
            hint="ask it for less",
            code="TIMEOUT_CMD",
            retry="repair",
            breaker=False,
        ) from failure
    finally:
        _end(child.pid)
        await asyncio.shield(child.wait())


async def _ended(child: asyncio.subprocess.Process, given: bytes) -> Ended:
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    fed = asyncio.ensure_future(_feed(child.stdin, given))
    out, error = await asyncio.gather(_read(child.stdout, child.pid), _read(child.stderr, child.pid))
    await fed
    code = await child.wait()
    texts = [text[:OUTPUT].decode("utf-8", "replace") for text in (out, error)]
    return Ended(code, texts[0], texts[1], max(len(out), len(error)) > OUTPUT)


async def _feed(stdin: asyncio.StreamWriter, given: bytes) -> None:
    try:
        stdin.write(given)
        await stdin.drain()
        stdin.close()
        await stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return  # it does not read


async def _read(stream: asyncio.StreamReader, group: int) -> bytes:
    """All that it writes; whoever writes without end is ended."""
    read = bytearray()
    while piece := await stream.read(1 << 16):
        if len(read) <= OUTPUT:
            read += piece
        if len(read) > OUTPUT:
            _end(group)
    return bytes(read)


def _limit(process: int, seconds: float) -> None:
    """Limits on one process, where the system has them."""
    try:
        import resource

        for name, most in {**LIMITS, "RLIMIT_CPU": int(seconds) + 1}.items():
            resource.prlimit(process, getattr(resource, name), (most, most))
    except (ImportError, AttributeError, OSError):
        return


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
