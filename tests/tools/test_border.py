"""Which containers are a border between a program and this machine, by what the engine says of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tinyllm.errors import Permanent
from tinyllm.toolkit.bounds import Bounds, within
from tinyllm.tools.daemon import confined


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path) -> Iterator[Path]:
    (folder := tmp_path / "workspace").mkdir()
    (folder / "root").symlink_to("/root")
    with within(Bounds(folder, kept=(folder / "graphs",))):
        yield folder


def container(host: dict[str, Any] | None = None, **mount: Any) -> dict[str, Any]:
    mounts = [{"Type": "bind", "RW": False, **mount}] if mount else []
    return {"Name": "/web", "Config": {}, "HostConfig": host or {}, "Mounts": mounts}


SOURCES = [
    "/", "/etc/cron.d", "/root/.ssh", "/var", "/home", "/usr/local/bin", "/var/lib/docker", "WORKSPACE/..", "WORKSPACE2",
    "WORKSPACE/root", "WORKSPACE/d.sock",
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_files_of_this_machine_are_an_open_door(source: str, workspace: Path) -> None:
    with pytest.raises(Permanent) as failure:
        confined(container(Source=source.replace("WORKSPACE", str(workspace))))
    assert failure.value.code == "CONTAINER_OPEN"


@pytest.mark.parametrize(
    "host",
    [
        {"UsernsMode": "host"},
        {"UTSMode": "host"},
        {"NetworkMode": "host"},
        {"SecurityOpt": ["no-new-privileges", "seccomp=unconfined"]},
        {"SecurityOpt": ["apparmor:unconfined"]},
        {"SecurityOpt": ["label=disable"]},
        {"MaskedPaths": []},
        {"DeviceCgroupRules": ["a *:* rwm"]},
    ],
    ids=str,
)
def test_modes_that_take_the_border_away_are_open_doors(host: dict[str, Any]) -> None:
    with pytest.raises(Permanent) as failure:
        confined(container(host))
    assert failure.value.code == "CONTAINER_OPEN"


def test_what_decides_what_may_run_is_not_written_from_a_container(workspace: Path) -> None:
    for source in (workspace, workspace / "graphs", workspace / "graphs" / "a"):
        confined(container(Source=str(source)))
        with pytest.raises(Permanent, match="what decides what may run"):
            confined(container(Source=str(source), RW=True))


def test_the_workspace_and_volumes_are_none(workspace: Path) -> None:
    confined(
        container({"SecurityOpt": ["no-new-privileges"], "MaskedPaths": ["/proc/kcore"], "UsernsMode": ""})
    )
    confined(container(Source=str(workspace / "data"), RW=True))
    confined(container(Type="volume", Source="/var/lib/docker/volumes/x/_data", RW=True))
