"""The Docker engine over its socket, which the settings must name: whoever may use it has the rights of root."""

import fnmatch
import io
import json
import re
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tinyllm.errors import BadReply, Permanent
from tinyllm.toolkit import Connection, Inside, bounds, connection

if TYPE_CHECKING:
    import httpx

TAKES = ("socket", "images", "writable", "network")
SECONDS = 20.0
OUTPUT = 200_000  # bytes of logs that are read
FILES, LARGEST = 2_000, 64_000_000  # of a folder that is built
LABEL = "tinyllm.key"
RIGHTS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "NET_BIND_SERVICE")  # of a container of ours
SHELF = 3600  # seconds that an ended container of ours is kept
IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]{0,200}(?:@sha256:[0-9a-f]{64})?")
CONTAINER = re.compile(r"[A-Za-z0-9][\w.-]{0,127}")


def engine(name: str) -> Connection:
    return connection("docker", name, TAKES)


@asynccontextmanager
async def calling(server: Connection, seconds: float = SECONDS) -> AsyncIterator["Daemon"]:
    import httpx

    transport = httpx.AsyncHTTPTransport(uds=server.needed("socket"))
    limits = httpx.Timeout(seconds, connect=5.0)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://docker", timeout=limits, trust_env=False
    ) as client:
        yield Daemon(client)


@dataclass(frozen=True)
class Daemon:
    """One open way to the engine."""

    client: "httpx.AsyncClient"

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """What it answers, as data; a refusal is an error in its own words."""
        response = await self.client.request(method, path, **options)
        check(response)
        return response.json() if response.content.strip() else None

    async def stream(self, path: str, params: dict[str, Any], method: str = "GET", **options: Any) -> bytes:
        """The beginning of a long answer."""
        read = bytearray()
        async with self.client.stream(method, path, params=params, **options) as response:
            if response.status_code >= 400:
                await response.aread()
                check(response)
            async for piece in response.aiter_bytes(65_536):
                read += piece
                if len(read) > OUTPUT:
                    break
        return bytes(read)

    async def container(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.ask("GET", f"/containers/{named(name)}/json")
        return found

    async def entered(self, name: str) -> None:
        """Refuse to run something in a container that is no border."""
        found = await self.container(name)
        confined(found)
        for mount in found.get("Mounts") or ():
            # What is called a volume may be any folder or device of this machine under another name.
            if mount.get("Type") == "volume":
                volume = await self.ask("GET", f"/volumes/{quote(str(mount.get('Name')), safe='')}")
                if volume.get("Options") or volume.get("Driver") != "local":
                    raise open_(found, f"its volume {volume['Name']} is made of something else")

    async def labelled(self, key: str) -> list[dict[str, Any]]:
        """The container that a call with this key started, if there is one."""
        wanted = json.dumps({"label": [f"{LABEL}={key}"]})
        found: list[dict[str, Any]] = await self.ask(
            "GET", "/containers/json", params={"all": "1", "filters": wanted}
        )
        return found

    async def sweep(self) -> None:
        """Ended containers of ours stay a while, for their output."""
        wanted = json.dumps({"label": [LABEL], "until": [f"{SHELF}s"]})
        await self.ask("POST", "/containers/prune", params={"filters": wanted})

    async def output(self, name: str, lines: int) -> str:
        """What it wrote last, both streams in their order."""
        terminal = (await self.container(name))["Config"]["Tty"]
        tail = {"stdout": "1", "stderr": "1", "tail": str(lines)}
        read = await self.stream(f"/containers/{named(name)}/logs", tail)
        return (read if terminal else unframed(read)).decode("utf-8", "replace")


def check(response: "httpx.Response") -> None:
    import httpx

    if response.status_code < 400:
        return
    try:
        said = response.json()["message"]
    except (ValueError, KeyError, TypeError):
        said = response.text[:300]
    raise httpx.HTTPStatusError(
        f"the Docker engine answered {response.status_code}: {said}",
        request=response.request,
        response=response,
    )


def named(container: str) -> str:
    """A container's name or id: never a path in the engine's interface, never an option."""
    if not CONTAINER.fullmatch(container):
        raise BadReply(
            f"{container[:80]!r} is no container", hint="docker_list shows their names", code="TOOL_INPUT"
        )
    return container


def image_of(image: str, server: Connection) -> str:
    if not IMAGE.fullmatch(image) or ".." in image or "//" in image:
        raise BadReply(
            f"{image[:80]!r} is no image", hint="write it like python:3.12-slim", code="TOOL_INPUT"
        )
    allowed = server.words("images")
    if allowed and not any(fnmatch.fnmatchcase(image, each) for each in allowed):
        raise Permanent(
            f"the image {image} is not allowed here",
            hint=f"these are: {', '.join(allowed)}; a person extends `images` of {server.name}",
            code="IMAGE_NOT_ALLOWED",
        )
    return image


def unframed(read: bytes) -> bytes:
    """Both streams of a container without a terminal: each piece has a head of eight bytes with its length."""
    out, at = bytearray(), 0
    while at + 8 <= len(read):
        size = int.from_bytes(read[at + 4 : at + 8], "big")
        out += read[at + 8 : at + 8 + size]
        at += 8 + size
    return bytes(out)


def packed(folder: Inside) -> bytes:
    """A folder of the workspace as an archive: files and folders, and no link that could lead out."""
    if not (folder / "Dockerfile").is_file:
        raise BadReply(f"{folder} has no Dockerfile", hint="write one there first", code="FILE_NOT_FOUND")
    archive, size = io.BytesIO(), 0
    start = len(folder.parts) if folder.relative != "." else 0
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for each in folder.walk(FILES):
            if ".git" in each.parts or not each.is_file:
                continue
            content = each.read_bytes(LARGEST)
            size += len(content)
            if size > LARGEST:
                raise BadReply(
                    f"{folder} holds more than {LARGEST:,} bytes",
                    hint="build a smaller folder",
                    code="FILE_TOO_LARGE",
                )
            found = tarfile.TarInfo("/".join(each.parts[start:]))
            found.size, status = len(content), each.status()
            found.mode = 0o755 if status and status.st_mode & 0o100 else 0o644
            tar.addfile(found, io.BytesIO(content))
    return archive.getvalue()


def built(read: bytes) -> tuple[str, str]:
    """The lines that a build wrote, and its error."""
    said, error = [], ""
    for line in read.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        said.append(str(told.get("stream", "")))
        error = str(told.get("error", "")) or error
    return "".join(said), error


SHARED = {
    "PidMode": "processes", "NetworkMode": "network", "IpcMode": "memory", "UsernsMode": "users", "UTSMode": "name",
}  # fmt: skip


def confined(container: dict[str, Any]) -> None:
    """Refuse a container that is no border: a program in it would have the rights of root on this machine."""
    host = container["HostConfig"]
    guards = [str(each) for each in host.get("SecurityOpt") or ()]
    more = {str(each).removeprefix("CAP_") for each in host.get("CapAdd") or ()}.difference(RIGHTS)
    devices = any(host.get(each) for each in ("Devices", "DeviceRequests", "DeviceCgroupRules"))
    doors = [
        "it is privileged" if host.get("Privileged") else "",
        *(
            f"it shares the {what} of {whose}"
            for mode, what in SHARED.items()
            if (whose := _whose(host.get(mode)))
        ),
        "it has devices of this machine" if devices else "",
        "it has more rights than others" if more else "",
        *(f"it runs with {each}" for each in guards if each.endswith(("unconfined", "disable"))),
        "it sees what others do not of /proc" if host.get("MaskedPaths") == [] else "",
        *map(_mounted, container.get("Mounts") or ()),
    ]
    if why := next(filter(None, doors), ""):
        raise open_(container, why)


def open_(container: dict[str, Any], why: str) -> Permanent:
    return Permanent(
        f"nothing is run in {container['Name'].lstrip('/')}: {why}",
        hint="a person can do it by hand; here, run a container of your own with docker_run",
        code="CONTAINER_OPEN",
    )


def _mounted(mount: dict[str, Any]) -> str:
    """What is wrong with a mount: of this machine's files, those of the workspace may be there."""
    source = str(mount.get("Source", ""))
    if mount.get("Type", "bind") != "bind":
        return ""
    path = Path(source).resolve()
    if source.endswith(".sock") or not path.is_relative_to(bounds().root):
        return f"it has {source} of this machine"
    kept = any(each.is_relative_to(path) or path.is_relative_to(each) for each in bounds().kept)
    return f"it may write {source}, which holds what decides what may run" if kept and mount.get("RW") else ""


def _whose(mode: str | None) -> str:
    """Whose it is, when a container has none of its own."""
    if mode == "host":
        return "this machine"
    return mode.replace(":", " ", 1) if mode and mode.startswith("container:") else ""
