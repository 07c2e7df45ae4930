"""A proof as its users run it: a process of its own, which may fork because no thread runs in it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EVIDENCE = str(Path(__file__).parents[2] / "EVIDENCE.md")
PROGRAM = str(Path(sys.executable).parent / "tinyllm")
Prove = Callable[..., dict[str, Any]]


@pytest.fixture
def prove() -> Prove:
    """What a proof found; it must end as it says it did."""

    def run(*arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [PROGRAM, "prove", *arguments, "--json"], capture_output=True, text=True, check=False
        )
        assert done.stdout, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == (0 if found["passed"] else 1)
        return found

    return run
