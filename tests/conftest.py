"""What all tests share: no network but loopback, a project of one's own, and a server that is not there."""

import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinyllm import settings
from tinyllm.settings import Settings

pytest_plugins = ["tests.servers", "tests.tools.counterparts", "tests.tools.machines"]

for name in [name for name in os.environ if name.startswith("TINYLLM_") and name != "TINYLLM_NO_SKIPS"]:
    del os.environ[name]
os.environ.pop("OLLAMA_HOST", None)
os.environ.pop("LANGCHAIN_TRACING_V2", None)


LONG = ("tests/prove/", "tests/growth/", "tests/test_readme.py", "tests/test_spec.py", "tests/memory/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, in both workers: at the end nobody waits for the last of it."""
    long = [item for item in items if item.nodeid.startswith(LONG)]
    short = [item for item in items if not item.nodeid.startswith(LONG)]
    half = len(short) // 2
    items[:] = [*long[::2], *short[:half], *long[1::2], *short[half:]]


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector of garbage need not look at them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Where everything is installed, a skipped test is a hole."""
    if (
        os.environ.get("TINYLLM_NO_SKIPS")
        and call.excinfo
        and call.excinfo.errisinstance(pytest.skip.Exception)
    ):
        call.excinfo = pytest.ExceptionInfo.from_exc_info(
            (
                AssertionError,
                AssertionError(f"skipped although nothing may be: {call.excinfo.value}"),
                call.excinfo.tb,
            )
        )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working directory of one's own: no test touches the user's."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on: bound, so that nobody else takes it, and never opened."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def offline(closed_port: int) -> Settings:
    """Settings whose model server is not there."""
    return settings.load({"ollama_host": f"http://127.0.0.1:{closed_port}"}, environment={})
