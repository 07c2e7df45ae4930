"""Machines and services that tools act on in tests: an sshd, a mail server, a desktop."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.servers import free_port, listens
from tests.tools.counterparts import Counterpart
from tests.tools.site import Site

SSHD = Path("/usr/sbin/sshd")


@dataclass(frozen=True)
class Machine:
    """An sshd of our own, and the files that go with it."""

    port: int
    folder: Path
    user: str

    @property
    def entry(self) -> dict[str, Any]:
        return {
            "service": "ssh", "host": "127.0.0.1", "port": self.port, "user": self.user,
            "key": str(self.folder / "id"), "known_hosts": str(self.folder / "known_hosts"),
        }  # fmt: skip


def keygen(path: Path, passphrase: str = "") -> str:
    """A key at that path; its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True)
    return path.with_suffix(".pub").read_text()


@pytest.fixture(scope="session")
def sshd() -> Iterator[Machine]:
    """A real OpenSSH server on loopback, which lets one key in."""
    if not SSHD.exists():
        pytest.skip("OpenSSH's server is not installed (/usr/sbin/sshd was not found)")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        host, own = keygen(folder / "host"), keygen(folder / "id")
        (folder / "authorized").write_text(own)
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host}")
        (folder / "config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
            "UsePAM no\nStrictModes no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n"
            "AllowAgentForwarding yes\nMaxStartups 100\nSubsystem sftp internal-sftp\n"
        )
        process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", folder / "config"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while not listens(port):
                assert process.poll() is None, "sshd ended before it was ready"
            yield Machine(port, folder, pwd.getpwuid(os.geteuid()).pw_name)
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture
def ssh_counterpart(sshd: Machine, tmp_path: Path) -> Counterpart:
    (tmp_path / "there").mkdir()
    return Counterpart(connections={"box": sshd.entry}, words={"FOLDER": str(tmp_path / "there")})


@dataclass
class Post:
    """A mail server: what it took, and what it says to recipients instead of taking."""

    port: int = 0
    letters: list[Any] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        import email
        import email.policy

        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append((tuple(envelope.rcpt_tos), letter))
        return "250 taken"


@pytest.fixture(scope="session")
def standing_post() -> Iterator[Post]:
    from aiosmtpd.controller import Controller

    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=free_port())
    controller.start()
    post.port = controller.port
    yield post
    controller.stop()


@pytest.fixture
def post(standing_post: Post) -> Post:
    """A real SMTP server on loopback, empty."""
    standing_post.letters.clear()
    standing_post.refuses.clear()
    return standing_post


@pytest.fixture
def desktop(tmp_path: Path) -> Path:
    """A program in the place of notify-send, and beside it what it was given."""
    program = tmp_path / "notifier"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "${0%/*}/shown.txt"\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def notify_counterpart(site: Site, post: Post, desktop: Path) -> Counterpart:
    """Real servers for webhooks and mail; no desktop, but a program that is called as one would be."""
    return Counterpart(
        connections={
            "team": {"service": "webhook", "url": site.has("/hook", "ok", "text/plain")},
            "office": {
                "service": "smtp", "host": "127.0.0.1", "port": post.port, "tls": "none",
                "sender": "TinyLLM <tiny@example.org>", "recipients": ["*@example.org"],
            },
            "screen": {"service": "desktop", "program": str(desktop)},
        }
    )  # fmt: skip
