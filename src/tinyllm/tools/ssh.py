"""Work on other machines by SSH: run a command, bring a file, fetch a file. Which machines, the settings say."""

import asyncio
import shlex
from typing import Any

from tinyllm.effects import effect_key
from tinyllm.effects.contents import digest
from tinyllm.errors import BadReply, Permanent, TimedOut
from tinyllm.toolkit import Inside, need, tool
from tinyllm.tools import writing
from tinyllm.tools.machines import EXTRA, entered, machine

OUTPUT = 100_000  # bytes of each stream
LARGEST = 16_000_000  # bytes of a file
SECONDS = 60


def _shown_run(command: list[str], connection: str = "", seconds: int = 30) -> str:  # noqa: ARG001
    return f"on {connection or 'the machine'}: {shlex.join(command)}"


@tool(effect="unsafe", reach="remote", extra=EXTRA, seconds=SECONDS + 35.0, shows=_shown_run)
async def run(command: list[str], connection: str = "", seconds: int = 30) -> dict[str, Any]:
    """Run a command such as ["df", "-h"] on another machine by SSH; each word is one argument there."""
    _check(command)
    server = machine(connection)
    async with entered(server) as there:
        process = await there.create_process(
            shlex.join(command), encoding=None, stdin=asyncio.subprocess.DEVNULL
        )
        limit = max(1, min(seconds, SECONDS))
        try:
            async with asyncio.timeout(limit):
                streams = await asyncio.gather(_read(process, process.stdout), _read(process, process.stderr))
                await process.wait_closed()
        except TimeoutError as failure:
            process.close()
            raise TimedOut(
                f"the command did not end within {limit} s, and was told to",
                hint="ask for less, or give more seconds",
                code="TIMEOUT_CMD",
            ) from failure
    out, error = (text[:OUTPUT].decode("utf-8", "replace") for text in streams)
    told = {"code": process.returncode, "stdout": out, "stderr": error}
    return {**told, "cut": True} if max(map(len, streams)) > OUTPUT else told


async def _read(process: Any, stream: Any) -> bytes:
    read = bytearray()
    while piece := await stream.read(1 << 16):
        read += piece
        if len(read) > OUTPUT:
            process.close()
            break
    return bytes(read)


def _check(command: list[str]) -> None:
    if not command or not command[0].strip() or command[0].startswith("-"):
        raise BadReply(
            "a command begins with the name of a program",
            hint='write it like ["df", "-h"]; options of ssh itself are not for you',
            code="TOOL_INPUT",
        )
    if any("\0" in word or "\n" in word for word in command):
        raise BadReply("a word of a command is one line", hint="leave line breaks out", code="TOOL_INPUT")


def _shown_upload(source: Inside, target: str, connection: str = "") -> str:
    return f"copy {source} to {connection or 'the machine'}:{target}"


@tool(effect="idempotent", reach="remote", extra=EXTRA, seconds=120.0, shows=_shown_upload)
async def upload(source: Inside, target: str, connection: str = "") -> str:
    """Copy a file of the workspace to a path on another machine by SSH; what is there is replaced."""
    path = _path(target)
    content = await asyncio.to_thread(source.read_bytes, LARGEST)
    asyncssh = need("asyncssh", extra=EXTRA)
    draft = f"{path}.{digest(effect_key().encode())[:12]}"
    async with entered(machine(connection)) as there, there.start_sftp_client() as files:
        try:
            async with files.open(draft, "wb") as file:
                await file.write(content)
            await files.posix_rename(draft, path)
        except asyncssh.SFTPError as failure:
            raise _refused(path, failure) from failure
    return f"wrote {len(content):,} bytes to {path}"


def _shown_download(source: str, target: Inside, connection: str = "") -> str:
    return f"copy {connection or 'the machine'}:{source} to {target}"


@tool(effect="idempotent", reach="remote", extra=EXTRA, seconds=120.0, shows=_shown_download)
async def download(source: str, target: Inside, connection: str = "") -> str:
    """Copy a file from another machine by SSH to a file of the workspace."""
    path = _path(source)
    target.check_writable()
    asyncssh = need("asyncssh", extra=EXTRA)
    async with entered(machine(connection)) as there, there.start_sftp_client() as files:
        try:
            async with files.open(path, "rb") as file:
                content = await file.read(LARGEST + 1)
        except asyncssh.SFTPError as failure:
            raise _refused(path, failure) from failure
    if len(content) > LARGEST:
        raise BadReply(
            f"{path} is larger than {LARGEST:,} bytes", hint="fetch a part of it", code="FILE_TOO_LARGE"
        )
    await writing.put(target, content)
    return f"wrote {len(content):,} bytes to {target}"


def _path(text: str) -> str:
    if not text.strip() or not text.isprintable() or text.startswith("-") or len(text) > 1_024:
        raise BadReply(
            f"{text[:80]!r} is not a path", hint="write it like /srv/report.csv", code="PATH_INVALID"
        )
    return text


def _refused(path: str, failure: Exception) -> Permanent:
    return Permanent(
        f"{path}: {failure}", hint="is the path right, and may this user use it?", code="REMOTE_FILE"
    )
