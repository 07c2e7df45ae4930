"""Real servers for tests, started on a free port and stopped again; skipped, with the reason, where not installed."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

BINARIES = [Path("/usr/lib/postgresql") / str(version) / "bin" for version in range(19, 12, -1)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _binary(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join(map(str, BINARIES))) or shutil.which(name)
    if not found:
        pytest.skip(f"PostgreSQL is not installed ({name} was not found)")
    return found


def _owner() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server of our own, without the name of a database."""
    initdb, server, ready = _binary("initdb"), _binary("postgres"), _binary("pg_isready")
    owner = _owner()
    # Directly under /tmp: pytest's own folders are closed to other users, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    if owner:
        os.chown(folder, owner["user"], owner["group"])  # type: ignore[arg-type]
    password, port = secrets.token_hex(8), free_port()
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o644)
    subprocess.run(
        [initdb, "-D", folder / "data", "-U", "tiny", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "-E", "UTF8"],
        check=True, capture_output=True, cwd="/tmp", **owner,  # type: ignore[call-overload]
    )  # fmt: skip
    process = subprocess.Popen(
        [server, "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off",
         "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "logging_collector=off"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/tmp", **owner,  # type: ignore[call-overload]
    )  # fmt: skip
    try:
        while subprocess.run([ready, "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode:
            assert process.poll() is None, "the server ended before it was ready"
        yield f"postgresql://tiny:{password}@127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database."""
    import psycopg

    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type,call-overload,unused-ignore]
        yield f"{postgres_server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type,call-overload,unused-ignore]


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a server of our own, with its password in it."""
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("Redis is not installed (redis-server was not found)")
    password, port = secrets.token_hex(8), free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--requirepass", password, "--dir", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while not listens(port):
                assert process.poll() is None, "the server ended before it was ready"
            yield f"redis://:{password}@127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(timeout=20)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
