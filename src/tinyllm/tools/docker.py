"""Work with containers on a Docker engine: run, look, stop, build. No rights of this machine go into them."""

import asyncio
import builtins
import shlex
from typing import Any

from tinyllm.effects import effect_key
from tinyllm.errors import BadReply, Permanent, TimedOut
from tinyllm.toolkit import Connection, Inside, bounds, tool
from tinyllm.toolkit.connections import connections
from tinyllm.tools.daemon import (
    LABEL,
    RIGHTS,
    Daemon,
    built,
    calling,
    engine,
    image_of,
    named,
    packed,
    unframed,
)

LINES = 200
WAIT, BUILD = 60, 300
MEMORY, PROCESSES = 512 << 20, 256
# What a program needs that changes its user and its own files; nothing that reaches out of the container.
Words = builtins.list[str]  # a tool of this file is called list
Table = builtins.list[dict[str, Any]]


@tool(effect="read", reach="net", shows=lambda all=False, **_: f"docker ps{' --all' if all else ''}")
async def list(all: bool = False, connection: str = "") -> Table:  # noqa: A001 - the word for it
    """List the containers that run, or all of them: name, image, state, command."""
    async with calling(engine(connection)) as daemon:
        found = await daemon.ask("GET", "/containers/json", params={"all": str(int(all)), "limit": "200"})
    return [
        {
            "name": each["Names"][0].lstrip("/") if each["Names"] else each["Id"][:12],
            "image": each["Image"],
            "state": each["State"],
            "status": each["Status"],
            "command": each["Command"][:200],
        }
        for each in found
    ]


# Running.


def _shown_run(
    image: str, command: Words | None = None, folder: str = "", network: bool = False, **_: Any
) -> str:
    mount = f" -v {shlex.quote(str(Inside.of(folder).path))}:/workspace" if folder else ""
    net = "" if network else " --network none"
    return f"docker run{net}{mount} {image} {shlex.join(command or ())}".rstrip()


async def _found(key: str, *, connection: str = "", wait: int = 20, **_: Any) -> dict[str, Any] | None:
    """What a call came to that was cut short: its container knows the key."""
    async with calling(engine(connection), _patience(wait)) as daemon:
        for each in await daemon.labelled(key):
            return await _told(daemon, each["Id"], wait)
    return None


async def _removed(key: str, _result: Any) -> str:
    """Stop and remove the container that this call started, on whichever engine."""
    gone = []
    for server in connections("docker"):
        async with calling(server) as daemon:
            for each in await daemon.labelled(key):
                await daemon.ask("DELETE", f"/containers/{each['Id']}", params={"force": "1", "v": "1"})
                gone.append(each["Names"][0].lstrip("/"))
    return f"removed the container {', '.join(gone)}" if gone else "its container was gone already"


@tool(
    effect="checkable",
    reach="remote",
    seconds=WAIT + 40.0,
    shows=_shown_run,
    verify=_found,
    compensate=_removed,
)
async def run(
    image: str,
    command: Words | None = None,
    folder: str = "",
    network: bool = False,
    wait: int = 20,
    connection: str = "",
) -> dict[str, Any]:
    """Run a command in a container of an image; folder of the workspace is at /workspace; wait so many seconds."""
    server = engine(connection)
    order = _order(server, image_of(image, server), command or [], folder, network)
    async with calling(server, _patience(wait)) as daemon:
        await daemon.sweep()
        made = await _made(daemon, image, order)
        return await _told(daemon, made["Id"], wait)


async def _made(daemon: Daemon, image: str, order: dict[str, Any]) -> dict[str, Any]:
    import httpx

    try:
        made: dict[str, Any] = await daemon.ask("POST", "/containers/create", json=order)
    except httpx.HTTPStatusError as failure:
        if failure.response.status_code != 404:
            raise
        raise Permanent(
            f"there is no image {image} here",
            hint=f"a person fetches it: docker pull {image}",
            code="NO_IMAGE",
        ) from failure
    return made


def _order(server: Connection, image: str, command: Words, folder: str, network: bool) -> dict[str, Any]:
    if network and not server.flag("network"):
        raise Permanent(
            f"containers of {server.name} have no network",
            hint=f"leave network out, or a person writes network = true into [connections.{server.name}]",
            code="NETWORK_NOT_ALLOWED",
        )
    return {
        "Image": image,
        **({"Cmd": command} if command else {}),
        "Labels": {LABEL: effect_key()},
        "HostConfig": {
            "NetworkMode": "default" if network else "none",
            "Mounts": [_mount(folder, server)] if folder else [],
            "CapDrop": ["ALL"],
            "CapAdd": [*RIGHTS],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": MEMORY,
            "MemorySwap": MEMORY,
            "PidsLimit": PROCESSES,
            "Privileged": False,
        },
    }


def _mount(folder: str, server: Connection) -> dict[str, Any]:
    place = Inside.of(folder)
    if not place.is_folder:
        raise BadReply(
            f"{folder} is no folder", hint="name a folder of the workspace", code="NOT_A_DIRECTORY"
        )
    writable = server.flag("writable")
    if writable:
        place.check_writable()
        if any(kept.is_relative_to(place.path) for kept in bounds().kept):
            raise Permanent(
                f"{folder} holds what decides what may run",
                hint="mount a folder below it",
                code="PATH_REFUSED",
            )
    return {"Type": "bind", "Source": str(place.path), "Target": "/workspace", "ReadOnly": not writable}


async def _told(daemon: Daemon, id: str, wait: int) -> dict[str, Any]:
    """Start it when it is not started, wait a while for its end, and say how it is."""
    import httpx

    state = (await daemon.container(id))["State"]
    if state["Status"] == "created":
        try:
            await daemon.ask("POST", f"/containers/{id}/start")
        except httpx.HTTPStatusError:
            await daemon.ask("DELETE", f"/containers/{id}", params={"force": "1"})
            raise
    try:
        async with asyncio.timeout(max(0, min(wait, WAIT))):
            await daemon.ask("POST", f"/containers/{id}/wait")
    except TimeoutError:
        pass  # it goes on, which is said
    found = await daemon.container(id)
    told = {"container": found["Name"].lstrip("/"), "status": found["State"]["Status"]}
    if told["status"] != "running":
        told["code"] = found["State"]["ExitCode"]
    if found["State"].get("OOMKilled"):
        told["because"] = f"it used more than {MEMORY >> 20} MB of memory"
    return {**told, "output": await daemon.output(id, LINES)}


def _patience(wait: int) -> float:
    return max(0, min(wait, WAIT)) + 20.0


@tool(
    effect="read",
    reach="net",
    shows=lambda container, lines=LINES, **_: f"docker logs --tail {lines} {container}",
)
async def logs(container: str, lines: int = LINES, connection: str = "") -> str:
    """Show the last lines that a container wrote."""
    async with calling(engine(connection)) as daemon:
        return await daemon.output(container, max(1, min(lines, 5_000))) or "it wrote nothing"


def _shown_exec(container: str, command: Words, **_: Any) -> str:
    return f"docker exec {container} {shlex.join(command)}"


@tool(effect="unsafe", reach="remote", seconds=WAIT + 40.0, shows=_shown_exec)
async def exec(container: str, command: Words, wait: int = 20, connection: str = "") -> dict[str, Any]:  # noqa: A001
    """Run a command in a container that runs, such as ["ls", "/data"]."""
    if not command:
        raise BadReply("there is no command", hint='write it like ["ls", "/data"]', code="TOOL_INPUT")
    limit = max(1, min(wait, WAIT))
    async with calling(engine(connection), _patience(wait)) as daemon:
        await daemon.entered(container)
        order = {"AttachStdout": True, "AttachStderr": True, "Cmd": command, "Privileged": False}
        made = await daemon.ask("POST", f"/containers/{named(container)}/exec", json=order)
        try:
            async with asyncio.timeout(limit):
                read = await daemon.stream(
                    f"/exec/{made['Id']}/start", {}, "POST", json={"Detach": False, "Tty": False}
                )
        except TimeoutError as failure:
            raise TimedOut(
                f"the command in {container} did not end within {limit} s, and goes on",
                hint="ask for less, or stop the container",
                code="TIMEOUT_CMD",
            ) from failure
        ended = await daemon.ask("GET", f"/exec/{made['Id']}/json")
    return {"code": ended["ExitCode"], "output": unframed(read).decode("utf-8", "replace")}


@tool(
    effect="idempotent",
    reach="remote",
    shows=lambda container, remove=False, **_: f"docker stop {container}{'; docker rm' if remove else ''}",
)
async def stop(container: str, remove: bool = False, connection: str = "") -> str:
    """Stop a container, and with remove=true delete it."""
    async with calling(engine(connection)) as daemon:
        await daemon.ask("POST", f"/containers/{named(container)}/stop", params={"t": "5"})
        if remove:
            await daemon.ask("DELETE", f"/containers/{named(container)}", params={"v": "1"})
    return f"stopped and removed {container}" if remove else f"stopped {container}"


@tool(effect="read", reach="net", shows=lambda container, **_: f"docker stats --no-stream {container}")
async def stats(container: str, connection: str = "") -> dict[str, Any]:
    """Show what a container uses: processor, memory, processes."""
    async with calling(engine(connection)) as daemon:
        found = await daemon.ask("GET", f"/containers/{named(container)}/stats", params={"stream": "0"})
    now, before = found["cpu_stats"], found["precpu_stats"]
    used = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    memory = found.get("memory_stats") or {}
    return {
        "cpu_percent": round(100 * used / passed * now.get("online_cpus", 1), 1) if passed > 0 else 0.0,
        "memory_mb": round(memory.get("usage", 0) / (1 << 20), 1),
        "memory_limit_mb": round(memory.get("limit", 0) / (1 << 20), 1),
        "processes": (found.get("pids_stats") or {}).get("current", 0),
    }


@tool(
    effect="idempotent",
    reach="remote",
    seconds=BUILD + 20.0,
    shows=lambda folder, tag, **_: f"docker build --network none --tag {tag} {folder}",
)
async def build(folder: Inside, tag: str, connection: str = "") -> str:
    """Build an image from a folder of the workspace with a Dockerfile in it; its steps have no network."""
    server = engine(connection)
    params = {
        "t": image_of(tag, server),
        "networkmode": "none",
        "rm": "1",
        "forcerm": "1",
        "memory": str(MEMORY),
    }
    context = await asyncio.to_thread(packed, folder)
    async with calling(server, float(BUILD)) as daemon:
        read = await daemon.stream(
            "/build", params, "POST", content=context, headers={"content-type": "application/x-tar"}
        )
    said, error = built(read)
    if error:
        raise Permanent(
            f"the image was not built: {error}", hint=f"it said:\n{said[-1_500:]}", code="DOCKER_BUILD"
        )
    return f"{said[-2_000:]}\nbuilt {tag}"
