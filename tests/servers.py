"""Real servers for tests, started on a free port and stopped again; skipped, with the reason, where not installed."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    with serving_postgres(_binary("initdb"), _binary("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def vector_server() -> Iterator[str]:
    """The same with pgvector, which Debian's packages do not have: from a package of the registry that carries both."""
    found = importlib.util.find_spec("pgserver")
    if found is None or found.origin is None:
        pytest.skip("no PostgreSQL with pgvector is installed (pgserver)")
    # A copy: the server runs as another user, who may not be able to read this environment.
    with tempfile.TemporaryDirectory(prefix="pgv", dir="/tmp") as folder:
        for name in ("pgserver", "pgserver.libs"):
            shutil.copytree(Path(found.origin).parent.with_name(name), Path(folder) / name)
        Path(folder).chmod(0o755)
        programs = Path(folder) / "pgserver" / "pginstall" / "bin"
        with serving_postgres(str(programs / "initdb"), str(programs / "postgres")) as url:
            yield url


@contextmanager
def serving_postgres(initdb: str, server: str) -> Iterator[str]:
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
    ready = Path(server).parent / "pg_isready"
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
    with _database(postgres_server) as url:
        yield url


@pytest.fixture
def postgres_with_vectors(vector_server: str) -> Iterator[str]:
    """The same, which can compare vectors."""
    import psycopg

    with _database(vector_server) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION vector")
        yield url


@contextmanager
def _database(server: str) -> Iterator[str]:
    import psycopg

    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type,call-overload,unused-ignore]
        yield f"{server}/{name}"
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
