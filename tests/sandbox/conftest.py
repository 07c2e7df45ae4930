"""The layers that this machine has, each test once per layer."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tools.machines import load
from tinyllm.sandbox import Ran, docker, run
from tinyllm.sandbox.choosing import _LAYERS
from tinyllm.sandbox.job import Layer

Run = Callable[..., Ran]

LAYERS: list[Layer] = ["monty", "cpython"]
# A container takes a second to start: what is most dangerous is tried in one as well, the rest where there is time.
WITH_DOCKER: list[Layer] = [*LAYERS, "docker"]
LAYERS = WITH_DOCKER if os.environ.get("DOCKER_HOST") else LAYERS
PYTHON = Path("/usr/bin/python3")
LEFT_OUT = {"test", "tests", "__pycache__", "idlelib", "tkinter", "lib2to3", "ensurepip", "pydoc_data"}


@pytest.fixture(scope="session")
def python_engine(dockerd: Path) -> Iterator[None]:
    """A real engine, and an image with this machine's Python in it under the name of the usual one."""
    if not PYTHON.exists():
        pytest.skip("there is no Python to make an image of")
    load(dockerd, docker.IMAGE, _python(), {"usr/bin/python": PYTHON.resolve().name})
    known = os.environ.get("DOCKER_HOST")
    os.environ["DOCKER_HOST"] = f"unix://{dockerd}"
    docker.missing.cache_clear()
    yield
    os.environ.pop("DOCKER_HOST")
    if known is not None:
        os.environ["DOCKER_HOST"] = known
    docker.missing.cache_clear()


def _python() -> dict[str, bytes]:
    """The interpreter, its library, and what both are linked with."""
    program = PYTHON.resolve()
    library = Path("/usr/lib") / program.name
    linked = subprocess.run(
        ["ldd", program, *(library / "lib-dynload").glob("*.so")], capture_output=True, text=True, check=False
    ).stdout
    files = {program, *map(Path, re.findall(r"(/\S+\.so[.\d]*)", linked))}
    files |= {path for path in library.rglob("*") if path.is_file() and not LEFT_OUT & set(path.parts)}
    return {str(path).lstrip("/"): path.read_bytes() for path in files if path.is_file()}


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> Layer:
    return _there(request)


@pytest.fixture(params=[name for name in LAYERS if name != "monty"])
def kernel(request: pytest.FixtureRequest) -> Layer:
    """A layer that runs all of Python."""
    return _there(request)


@pytest.fixture
def runs(layer: Layer) -> Run:
    def within(code: str, **more: object) -> Ran:
        return run(code, layer=layer, **{"timeout": 5.0, **more})  # type: ignore[arg-type]

    return within


def _there(request: pytest.FixtureRequest) -> Layer:
    name: Layer = request.param
    if name == "docker":
        request.getfixturevalue("python_engine")
    if reason := _LAYERS[name].missing():
        pytest.skip(reason)
    return name
