"""Machines and services that tools act on in tests: an sshd, a mail server, a desktop, a Docker engine, a cluster."""

import io
import json
import os
import pwd
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import free_port, listens
from tests.tools.counterparts import Counterpart
from tests.tools.kube_wire import TOKEN, WHEN, Api, api_serving
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


APPLETS = (
    "sh",
    "ls",
    "cat",
    "echo",
    "sleep",
    "id",
    "touch",
    "wc",
    "yes",
    "env",
    "ip",
    "mount",
    "true",
    "printf",
)


@pytest.fixture(scope="session")
def dockerd() -> Iterator[Path]:
    """The socket of a real Docker engine of our own, with one image: busybox, made here."""
    program, busybox = shutil.which("dockerd", path="/usr/sbin:/usr/bin:/usr/local/bin"), Path("/bin/busybox")
    if not program or os.geteuid() != 0:
        pytest.skip("no Docker engine can be started (dockerd was not found, or this is not root)")
    if not busybox.exists():
        pytest.skip("there is nothing to make an image of (busybox-static is not installed)")
    # Its socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="dk", dir="/tmp"))
    (folder / "daemon.json").write_text("{}")
    process = subprocess.Popen(
        [program, "--config-file", folder / "daemon.json", "--data-root", folder / "data", "--exec-root",
         folder / "exec", "--pidfile", folder / "pid", "-H", f"unix://{folder}/d.sock", "--bridge=none",
         "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--log-level=error"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not answers(folder / "d.sock"):
            assert process.poll() is None, "dockerd ended before it was ready"
        links = {f"bin/{name}": "busybox" for name in APPLETS}
        load(folder / "d.sock", "busybox:latest", {"bin/busybox": busybox.read_bytes()}, links)
        yield folder / "d.sock"
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def asking(socket: Path) -> httpx.Client:
    return httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://docker", timeout=30)


def answers(socket: Path) -> bool:
    try:
        with asking(socket) as client:
            return client.get("/_ping").status_code == 200
    except httpx.HTTPError:
        return False


def load(
    socket: Path, image: str, files: Mapping[str, bytes], links: Mapping[str, str] | None = None
) -> None:
    """An image without a registry: an archive of these files."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in ("tmp", "etc", "proc", "dev", "sys"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        for name, content in files.items():
            file = tarfile.TarInfo(name)
            file.size, file.mode = len(content), 0o755
            tar.addfile(file, io.BytesIO(content))
        for name, target in (links or {}).items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    repo, _, tag = image.partition(":")
    with asking(socket) as client:
        made = client.post(
            "/images/create", params={"fromSrc": "-", "repo": repo, "tag": tag}, content=archive.getvalue()
        )
        assert made.status_code == 200, made.text


@pytest.fixture
def docker_counterpart(dockerd: Path) -> Iterator[Counterpart]:
    """A real engine, with one container that runs."""
    with asking(dockerd) as client:
        order = {
            "Image": "busybox",
            "Cmd": ["sh", "-c", "trap exit TERM; echo it is ready; sleep 600 & wait"],
            "HostConfig": {"NetworkMode": "none"},
        }
        made = client.post("/containers/create", params={"name": "standing"}, json=order)
        assert made.status_code == 201, made.text
        client.post("/containers/standing/start")
        while "it is ready" not in client.get("/containers/standing/logs", params={"stdout": "1"}).text:
            pass
        yield Counterpart(connections={"engine": {"service": "docker", "socket": str(dockerd)}})
        for each in client.get("/containers/json", params={"all": "1"}).json():
            client.delete(f"/containers/{each['Id']}", params={"force": "1"})


@pytest.fixture(scope="session")
def standing_api() -> Iterator[Api]:
    with api_serving() as api:
        yield api


@pytest.fixture
def kube_api(standing_api: Api) -> Api:
    """A shop in one namespace, a bank in another."""
    api = standing_api
    api.objects.clear()
    api.logs.clear()
    api.forbidden, api.token = "", TOKEN
    web = "/apis/apps/v1/namespaces/shop/deployments/web"
    pod = "/api/v1/namespaces/shop/pods/web-1"
    container = {"name": "web", "image": "web:1"}
    api.put(web, metadata={"labels": {"app": "web"}}, spec={"replicas": 2, "template": {"spec": {"containers": [container]}}},
            status={"readyReplicas": 2})  # fmt: skip
    api.put(pod, metadata={"labels": {"app": "web"}}, spec={"containers": [container], "nodeName": "n1"},
            status={"phase": "Running", "containerStatuses": [
                {"name": "web", "restartCount": 3, "image": "web:1", "imageID": "", "ready": True, "state": {}}]})  # fmt: skip
    api.put("/api/v1/namespaces/shop/events/e1", type="Warning", reason="BackOff", message="Back-off restarting",
            involvedObject={"kind": "Pod", "name": "web-1"}, lastTimestamp=WHEN)  # fmt: skip
    api.put(
        "/api/v1/namespaces/bank/pods/vault", spec={"containers": [container]}, status={"phase": "Running"}
    )
    api.logs[pod] = "".join(f"line {n}\n" for n in range(1, 501))
    api.asked.clear()
    return api


def kubeconfig(api: Api, **user: str) -> str:
    return json.dumps(
        {
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
            "clusters": [{"name": "c", "cluster": {"server": api.url}}],
            "users": [{"name": "u", "user": user or {"token": api.token}}],
        }
    )  # fmt: skip


@pytest.fixture
def kube_counterpart(kube_api: Api, tmp_path: Path) -> Counterpart:
    """No real cluster: a server of ours that speaks its REST interface."""
    (config := tmp_path / "kubeconfig").write_text(kubeconfig(kube_api))
    return Counterpart(connections={"cluster": {"service": "kube", "kubeconfig": str(config)}})
