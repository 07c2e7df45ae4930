"""A proof as its users run it: a process of its own, which may fork because no thread runs in it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.started import run

EVIDENCE = str(Path(__file__).parents[2] / "EVIDENCE.md")
PROGRAM = str(Path(sys.executable).parent / "tinyllm")
Prove = Callable[..., dict[str, Any]]


@pytest.fixture
def prove() -> Prove:
    """What a proof found; it must end as it says it did."""

    def proved(*arguments: str) -> dict[str, Any]:
        if (
            arguments[0] == "kill" and "--control" not in arguments
        ):  # forks by the hundred: the smaller, the better
            done = subprocess.run(
                [PROGRAM, "prove", *arguments, "--json"], capture_output=True, text=True, check=False
            )
        else:
            done = run("prove", *arguments, "--json", timeout=3600)
        assert done.stdout, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == (0 if found["passed"] else 1)
        return found

    return proved
