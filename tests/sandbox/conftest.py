"""The layers that this machine has, each test once per layer."""

from collections.abc import Callable

import pytest

from tinyllm.sandbox import Ran, docker, run
from tinyllm.sandbox.choosing import _LAYERS
from tinyllm.sandbox.job import Layer

Run = Callable[..., Ran]

# An engine cannot be installed like a package: without one its layer has nothing to test but its command.
LAYERS: list[Layer] = ["monty", "cpython", *(["docker"] if not docker.missing() else [])]  # type: ignore[list-item]


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> Layer:
    return _there(request.param)


@pytest.fixture(params=[name for name in LAYERS if name != "monty"])
def kernel(request: pytest.FixtureRequest) -> Layer:
    """A layer that runs all of Python."""
    return _there(request.param)


@pytest.fixture
def runs(layer: Layer) -> Run:
    def within(code: str, **more: object) -> Ran:
        return run(code, layer=layer, **{"timeout": 5.0, **more})  # type: ignore[arg-type]

    return within


def _there(name: Layer) -> Layer:
    if reason := _LAYERS[name].missing():
        pytest.skip(reason)
    return name
