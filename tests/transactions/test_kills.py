"""Killed at every durable write, a run is before or after it, never between."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: a kill of a process, unlike a power cut, does not ask the disk."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as made:
        yield Path(made)


def killed(folder: Path, outcome: str, again: int = 0) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.transactions.kills", str(folder), outcome, str(again)],
        capture_output=True, text=True, cwd=ROOT, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_run_killed_anywhere_and_again_is_committed_once_by_the_next_process(folder: Path) -> None:
    trials = killed(folder, "commit", again=3)
    assert len(trials) > 20
    for trial in trials:
        assert trial["statuses"] == ["committed"], trial
        assert trial["problems"] == [], trial
        assert trial["messages"] == 1, trial
        assert trial["file"] == "after", trial
        assert trial["keys"] == 1, trial
        # A reply that was heard and not yet written down is asked for again; a sent message only with its key.
        assert trial["asked"] <= 3, trial
        assert trial["sent"] <= 3, trial


def test_a_failing_run_killed_anywhere_leaves_the_workspace_as_it_was(folder: Path) -> None:
    trials = killed(folder, "fail")
    assert len(trials) > 20
    for trial in trials:
        assert trial["statuses"] == ["rolled_back"], trial
        assert trial["problems"] == [], trial
        assert trial["messages"] == 0, trial
        assert trial["file"] == "before", trial
