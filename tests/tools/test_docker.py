"""Containers on a real engine, through the front: they run, and nothing of this machine is in them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tools.conftest import Call, Open
from tests.tools.counterparts import Counterpart
from tests.tools.machines import asking
from tinyllm.errors import TinyError
from tinyllm.services import Services
from tinyllm.tools.daemon import LABEL


@pytest.fixture
def counterpart(docker_counterpart: Counterpart) -> Counterpart:
    return docker_counterpart


@pytest.fixture
def client(dockerd: Path) -> Any:
    with asking(dockerd) as client:
        yield client


def with_keys(services: Services, **more: Any) -> Services:
    entry = {**services.settings.connections["engine"], **more}
    return replace(services, settings=replace(services.settings, connections={"engine": entry}))


async def refused(services: Services, tool: str, /, **arguments: Any) -> TinyError:
    with pytest.raises(TinyError) as failure:
        await services.call(tool, arguments)
    assert failure.value.hint
    return failure.value


def names(client: httpx.Client) -> set[str]:
    return {each["Names"][0].lstrip("/") for each in client.get("/containers/json?all=1").json()}


async def test_a_program_runs_to_its_end(call: Call) -> None:
    told = await call("docker_run", image="busybox", command=["sh", "-c", "echo out; echo err >&2; exit 7"])
    assert (told["status"], told["code"]) == ("exited", 7)
    assert sorted(told["output"].split()) == ["err", "out"]


async def test_a_program_that_goes_on_can_be_looked_at_entered_and_stopped(
    call: Call, client: httpx.Client
) -> None:
    told = await call(
        "docker_run",
        image="busybox",
        command=["sh", "-c", "trap exit TERM; echo begun; sleep 600 & wait"],
        wait=0,
    )
    name = told["container"]
    assert told["status"] == "running"
    assert name in [each["name"] for each in await call("docker_list")]
    assert await call("docker_exec", container=name, command=["echo", "a b", "$HOME"]) == {
        "code": 0,
        "output": "a b $HOME\n",
    }
    assert (await call("docker_stats", container=name))["processes"] >= 1
    assert await call("docker_logs", container=name, lines=1) == "begun\n"
    await call("docker_stop", container=name, remove=True)
    assert name not in names(client)


async def test_it_has_no_network_few_rights_and_a_border(call: Call) -> None:
    script = "cat /proc/self/status; ls /sys/class/net; touch /workspace/x || echo read-only; cat /workspace/notes.md"
    (told) = await call("docker_run", image="busybox", command=["sh", "-c", script], folder=".")
    assert "NoNewPrivs:\t1" in told["output"]
    rights = int(
        next(line for line in told["output"].splitlines() if line.startswith("CapEff")).split()[1], 16
    )
    assert rights & ~0b10000000000 == rights & 0b11001011 | 0 or rights.bit_count() <= 6
    assert "lo\n" in told["output"]
    assert "eth" not in told["output"]
    assert "read-only" in told["output"]
    assert "Tea sells well" in told["output"]


async def test_memory_has_an_end(call: Call) -> None:
    hog = "x=0123456789abcdef; while true; do x=$x$x; done"
    told = await call("docker_run", image="busybox", command=["sh", "-c", hog], wait=30)
    assert told["code"] != 0


async def test_the_workspace_is_written_where_a_person_allows_it(services: Services, workspace: Path) -> None:
    (workspace / "out").mkdir()
    write = {"image": "busybox", "command": ["sh", "-c", "echo made > /workspace/made.txt"], "folder": "out"}
    await services.call("docker_run", write)
    assert not (workspace / "out" / "made.txt").exists()
    await with_keys(services, writable=True).call("docker_run", write)
    assert (workspace / "out" / "made.txt").read_text() == "made\n"
    assert (
        await refused(with_keys(services, writable=True), "docker_run", image="busybox", folder=".")
    ).code == "PATH_OUTSIDE"


TRICKS: dict[str, dict[str, Any]] = {
    "-v /:/": {"folder": "/"},
    "-v /etc": {"folder": "/etc"},
    "-v ..": {"folder": "../"},
    "-v docker.sock": {"folder": "/var/run/docker.sock"},
    "-v /proc": {"folder": "/proc/self/root"},
    "-v a link to /": {"folder": "root"},
    "-v a link to the socket": {"folder": "socket"},
    "-v two places": {"folder": "data:/x:rw"},
    "-v an option": {"folder": "data,readonly=false"},
    "an option for an image": {"image": "-v /:/host busybox"},
    "--privileged for an image": {"image": "--privileged"},
    "a path for an image": {"image": "../containers/standing"},
    "a word after the image": {"image": "busybox --privileged"},
    "--privileged": {"privileged": True},
    "--pid host": {"pid": "host"},
    "--cap-add": {"cap_add": ["ALL"]},
    "--device": {"devices": ["/dev/kmsg"]},
    "--security-opt": {"security_opt": ["seccomp=unconfined"]},
    "--network host": {"network": "host"},
    "--network": {"network": True},
    "-H": {"connection": "unix:///var/run/docker.sock"},
}


@pytest.mark.parametrize("trick", TRICKS)
async def test_no_way_leads_out(
    trick: str, services: Services, workspace: Path, client: httpx.Client, dockerd: Path
) -> None:
    (workspace / "root").symlink_to("/")
    (workspace / "socket").symlink_to(dockerd)
    before = names(client)
    failure = await refused(
        services, "docker_run", **{"image": "busybox", "command": ["true"], **TRICKS[trick]}
    )
    assert failure.code != "UNCLASSIFIED"
    assert names(client) == before


async def test_what_looks_like_an_option_is_a_word_in_the_container(call: Call) -> None:
    told = await call("docker_run", image="busybox", command=["echo", "--privileged", "-v", "/:/host"])
    assert told["output"] == "--privileged -v /:/host\n"


# A volume by name, and the root of this machine by its making.
SLY = {"DriverConfig": {"Name": "local", "Options": {"type": "none", "o": "bind", "device": "/"}}}


@pytest.mark.parametrize(
    "host",
    [
        {"Privileged": True},
        {"PidMode": "host"},
        {"IpcMode": "host"},
        {"PidMode": "container:other"},
        {"NetworkMode": "container:other"},
        {"CapAdd": ["SYS_ADMIN"]},
        {"Binds": ["/:/host"]},
        {"Mounts": [{"Type": "volume", "Source": "sly", "Target": "/host", "VolumeOptions": SLY}]},
        {"Binds": ["SOCKET:/var/run/docker.sock"]},
        {"Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}]},
    ],
    ids=str,
)
async def test_nothing_is_run_in_a_container_that_is_no_border(
    host: dict[str, Any], services: Services, client: httpx.Client, dockerd: Path
) -> None:
    host = json.loads(json.dumps(host).replace("SOCKET", str(dockerd)))
    order = {
        "Image": "busybox", "Cmd": ["sleep", "600"], "Labels": {LABEL: "as if it were ours"},
        "HostConfig": {"NetworkMode": "none", **host},
    }  # fmt: skip
    other = {"Image": "busybox", "Cmd": ["sleep", "600"]}
    assert client.post("/containers/create", params={"name": "other"}, json=other).status_code == 201
    assert client.post("/containers/create", params={"name": "open"}, json=order).status_code == 201
    failure = await refused(services, "docker_exec", container="open", command=["id"])
    assert failure.code == "CONTAINER_OPEN"


@pytest.mark.parametrize("container", ["../images", "standing/json?x=", "-f", "a b", "", "%2e%2e"])
async def test_a_container_is_a_name(services: Services, container: str) -> None:
    for tool, more in (
        ("docker_logs", {}),
        ("docker_stop", {}),
        ("docker_stats", {}),
        ("docker_exec", {"command": ["id"]}),
    ):
        assert (await refused(services, tool, container=container, **more)).code == "TOOL_INPUT"


async def test_what_is_not_there_is_said(services: Services, tmp_path: Path) -> None:
    missing = await refused(services, "docker_run", image="nothing:1")
    assert (missing.code, "docker pull nothing:1" in missing.hint) == ("NO_IMAGE", True)
    assert (await refused(services, "docker_logs", container="nobody")).code == "DOCKER_NOT_FOUND"
    broken = await refused(services, "docker_run", image="busybox", command=["no-such-program"])
    assert broken.code == "COMMAND_NOT_FOUND"
    none = await refused(with_keys(services, socket=str(tmp_path / "none")), "docker_list")
    assert none.code == "DOCKER_DOWN"
    assert (
        await refused(with_keys(services, images=["python:*"]), "docker_run", image="busybox")
    ).code == "IMAGE_NOT_ALLOWED"


async def test_an_image_is_built_from_the_workspace(call: Call, services: Services, workspace: Path) -> None:
    (folder := workspace / "app").mkdir()
    (folder / "Dockerfile").write_text("FROM busybox\nCOPY hello.txt /\nRUN cat /hello.txt > /copy.txt\n")
    (folder / "hello.txt").write_text("hello from the image")
    (folder / "secret").symlink_to("/etc/shadow")
    assert "built app:1" in await call("docker_build", folder="app", tag="app:1")
    told = await call("docker_run", image="app:1", command=["sh", "-c", "cat /copy.txt; ls /"])
    assert "hello from the image" in told["output"]
    (folder / "Dockerfile").write_text("FROM busybox\nCOPY secret /\n")
    failure = await refused(services, "docker_build", folder="app", tag="app:2")
    assert failure.code == "DOCKER_BUILD"
    assert (await refused(services, "docker_build", folder="data", tag="x")).code == "FILE_NOT_FOUND"


STEP = {
    "id": "run",
    "kind": "tool",
    "tool": "docker_run",
    "args": {"image": "busybox", "command": ["sleep", "600"], "wait": 0},
}
FAIL = {"id": "fail", "kind": "transform", "value": "1 + 'a'"}


async def test_what_a_failed_run_started_is_removed_when_a_person_says_so(
    open_engine: Open, client: httpx.Client
) -> None:
    before = names(client)
    engine = open_engine({"name": "t", "allow": ["docker_run"], "steps": [STEP, STEP | {"id": "two"}, FAIL]})
    with pytest.raises(TinyError):
        await engine.ask("go", approve=["docker_run:docker run --network none busybox sleep 600"])
    assert len(names(client) - before) == 2
    [row] = await engine.transactions.runs()
    done = await engine.transactions.compensate(row.id, engine.services)
    assert [(each.key, each.done) for each in done] == [("two:1:1", True), ("run:1:1", True)]
    assert names(client) == before
    assert {line.state for line in await engine.transactions.effects(row.id)} == {"compensated"}
    assert await engine.transactions.compensate(row.id, engine.services) == []


async def test_a_call_that_was_cut_short_is_found_again_by_its_key(
    open_engine: Open, client: httpx.Client
) -> None:
    """The container ran, the result was never written: it is looked for, and not started twice."""
    may = {"id": "may", "kind": "human", "ask": "?", "choices": {"yes": "end", "no": "end"}}
    graph = {"name": "t", "allow": ["docker_run"], "nodes": {"run": {**STEP, "to": "may"}, "may": may}}
    for node in graph["nodes"].values():  # type: ignore[attr-defined]
        node.pop("id")
    engine = open_engine(graph)
    waiting = await engine.ask("go")
    begun = names(client)
    await engine.transactions.rollback(waiting.run, to=1)
    await engine.transactions.store.write(
        lambda db: db.execute("UPDATE effects SET state = 'intent', result = NULL WHERE name = 'docker_run'")
    )
    again = await engine.resume(waiting.run)
    assert again.status == "waiting"
    assert names(client) == begun
