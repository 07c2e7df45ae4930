"""Another machine, used through the front: a real sshd lets in who is known, and only a known machine is spoken to."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Call, Open
from tests.tools.counterparts import Counterpart
from tests.tools.machines import Machine, keygen
from tinyllm.errors import TinyError
from tinyllm.services import Services


@pytest.fixture
def counterpart(ssh_counterpart: Counterpart) -> Counterpart:
    return ssh_counterpart


def with_entry(services: Services, entry: dict[str, Any]) -> Services:
    return replace(services, settings=replace(services.settings, connections={"box": entry}))


async def refused(services: Services, name: str, **arguments: Any) -> TinyError:
    with pytest.raises(TinyError) as failure:
        await services.call(name, arguments)
    assert failure.value.hint
    return failure.value


async def test_a_command_runs_word_for_word(call: Call) -> None:
    told = await call("ssh_run", command=["printf", "%s|", "a b", "$HOME", "`id`", ";", "'", "*"])
    assert told == {"code": 0, "stdout": "a b|$HOME|`id`|;|'|*|", "stderr": ""}


async def test_how_it_ended_is_told(call: Call) -> None:
    told = await call("ssh_run", command=["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert told == {"code": 3, "stdout": "out\n", "stderr": "err\n"}


async def test_output_without_end_is_cut(call: Call) -> None:
    told = await call("ssh_run", command=["yes"])
    assert told["cut"]


async def test_a_command_has_its_time(services: Services) -> None:
    failure = await refused(services, "ssh_run", command=["sleep", "60"], seconds=1)
    assert failure.code == "TIMEOUT_CMD"


async def test_a_file_goes_there_and_comes_back(call: Call, workspace: Path, tmp_path: Path) -> None:
    there = tmp_path / "there" / "notes.md"
    await call("ssh_upload", source="notes.md", target=str(there))
    assert there.read_text() == (workspace / "notes.md").read_text()
    assert [path.name for path in there.parent.iterdir()] == ["notes.md"]
    there.write_bytes(b"\0new")
    await call("ssh_download", source=str(there), target="back/notes.bin")
    assert (workspace / "back" / "notes.bin").read_bytes() == b"\0new"


async def test_a_machine_that_is_not_known_is_not_spoken_to(
    services: Services, sshd: Machine, tmp_path: Path
) -> None:
    """The key's fingerprint is told, and how a person makes it known."""
    for known in (tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").write_text("")
        services = with_entry(services, {**sshd.entry, "known_hosts": str(known)})
        failure = await refused(services, "ssh_run", command=["touch", str(tmp_path / "done")])
        assert failure.code == "HOST_KEY_UNKNOWN"
        fingerprint = subprocess.run(
            ["ssh-keygen", "-lf", sshd.folder / "host.pub"], capture_output=True, text=True, check=True
        ).stdout.split()[1]
        assert fingerprint in failure.message
        assert f"ssh-keyscan -p {sshd.port} 127.0.0.1 >> {known}" in failure.hint
    assert not (tmp_path / "done").exists()


async def test_a_machine_that_changed_its_key_is_not_spoken_to(
    services: Services, sshd: Machine, tmp_path: Path
) -> None:
    other = keygen(tmp_path / "other")
    (known := tmp_path / "known").write_text(f"[127.0.0.1]:{sshd.port} {other}")
    services = with_entry(services, {**sshd.entry, "known_hosts": str(known)})
    failure = await refused(services, "ssh_run", command=["touch", str(tmp_path / "done")])
    assert failure.code == "HOST_KEY_CHANGED"
    assert "somebody may be in between" in failure.message
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize("passphrase", ["", "let me in"])
async def test_a_key_that_the_machine_does_not_know_is_not_let_in(
    services: Services, sshd: Machine, tmp_path: Path, passphrase: str
) -> None:
    keygen(tmp_path / "mine", passphrase)
    entry = {**sshd.entry, "key": str(tmp_path / "mine"), "passphrase": passphrase}
    failure = await refused(with_entry(services, entry), "ssh_run", command=["true"])
    assert failure.code == "SSH_AUTH"
    failure = await refused(with_entry(services, {**entry, "passphrase": "x"}), "ssh_run", command=["true"])
    assert failure.code == ("SSH_KEY_FILE" if passphrase else "SSH_AUTH")
    failure = await refused(
        with_entry(services, {**sshd.entry, "key": "/no/key"}), "ssh_run", command=["true"]
    )
    assert failure.code == "CONFIG_INVALID"


async def test_a_machine_that_is_not_there(services: Services, sshd: Machine, closed_port: int) -> None:
    failure = await refused(
        with_entry(services, {**sshd.entry, "port": closed_port}), "ssh_run", command=["true"]
    )
    assert failure.code == "SSH_REFUSED"


async def test_settings_of_ssh_itself_are_not_read(call: Call, home: Path, tmp_path: Path) -> None:
    """No ProxyCommand, whoever wrote it, and no agent."""
    (home / ".ssh").mkdir()
    (home / ".ssh" / "config").write_text(
        f"Host *\n  ProxyCommand touch {tmp_path}/proxied\n  ForwardAgent yes\n  StrictHostKeyChecking no\n"
    )
    told = await call("ssh_run", command=["sh", "-c", "echo agent=$SSH_AUTH_SOCK"])
    assert told["stdout"] == "agent=\n"
    assert not (tmp_path / "proxied").exists()


TRICKS: list[dict[str, Any]] = [
    {"command": ["-oProxyCommand=touch /tmp/owned", "true"]},
    {"command": ["--", "true"]},
    {"command": []},
    {"command": ["  "]},
    {"command": ["true\nid"]},
    {"command": ["true"], "connection": "-oProxyCommand=touch /tmp/owned"},
    {"command": ["true"], "connection": "root@10.0.0.1"},
    {"command": ["true"], "connection": "127.0.0.1"},
    {"command": ["true"], "host": "127.0.0.1"},
    {"command": ["true"], "options": ["ProxyCommand=id"]},
    {"command": "true; id"},
]


@pytest.mark.parametrize("arguments", TRICKS, ids=str)
async def test_options_and_hosts_of_ones_own_are_refused(
    services: Services, arguments: dict[str, Any]
) -> None:
    failure = await refused(services, "ssh_run", **arguments)
    assert failure.code in ("TOOL_INPUT", "NO_CONNECTION", "TOOL_ARGS_INVALID")


@pytest.mark.parametrize("key", ["host", "user"])
async def test_not_even_the_settings_can_say_an_option(services: Services, sshd: Machine, key: str) -> None:
    entry = {**sshd.entry, key: "-oProxyCommand=touch /tmp/owned"}
    assert (await refused(with_entry(services, entry), "ssh_run", command=["true"])).code == "CONFIG_INVALID"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ssh_upload", {"source": "../secret.txt", "target": "/tmp/x"}),
        ("ssh_upload", {"source": "notes.md", "target": "-oProxyCommand=id"}),
        ("ssh_upload", {"source": "notes.md", "target": "/no/such/folder/x"}),
        ("ssh_download", {"source": "/etc/passwd", "target": "../passwd"}),
        ("ssh_download", {"source": "/etc/passwd", "target": ".git/hooks/post-commit"}),
        ("ssh_download", {"source": "/no/such/file", "target": "x"}),
        ("ssh_download", {"source": "a\nb", "target": "x"}),
    ],
)
async def test_files_stay_where_they_belong(services: Services, name: str, arguments: dict[str, Any]) -> None:
    assert (await refused(services, name, **arguments)).kind in ("validation", "permanent")


async def test_a_person_is_shown_the_very_line(open_engine: Open) -> None:
    graph = {
        "name": "t",
        "steps": [{"id": "a", "kind": "tool", "tool": "ssh_run", "args": {"command": ["rm", "-r", "a b"]}}],
    }
    answer = await open_engine(graph).ask("go")
    assert answer.status == "waiting"
    assert "  | on the machine: rm -r 'a b'" in answer.question["question"]
