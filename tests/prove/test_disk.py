"""Whole runs on a disk that is full: nothing that was answered is lost, and there is an end to it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinyllm.clock import Virtual
from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

GRAPH = {"name": "talk", "nodes": {"say": {"prompt": "Be brief."}}}
ROOM = 500_000  # bytes that are left on a disk of 8 MB


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if not mount or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here (not root)")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def refused(engine: Engine, answered: list[str]) -> TinyError:
    """Ask until it is refused; what was answered is noted."""
    for number in range(1, 500):
        try:
            await engine.ask(f"question {number}", thread="t")
        except TinyError as refusal:
            return refusal
        answered.append(f"question {number}")
    raise AssertionError("the disk did not fill")


async def test_a_conversation_survives_a_full_disk(small_disk: Path) -> None:
    clock = Virtual()
    settings = Settings(database=str(small_disk / "runs.db"))
    script = Scripted(" ".join(str(number * number) for number in range(400)))
    async with Engine(GRAPH, settings=settings, make=lambda *_: script, clock=clock) as engine:
        await engine.ask("question 0", thread="t")
        filler = small_disk / "filler"
        filler.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - ROOM))
        answered = ["question 0"]
        refusal = await refused(engine, answered)
        assert refusal.code == "DB_FULL"
        assert "free some space" in refusal.hint
        filler.unlink()
        clock.advance(60)  # a run that could not even say that it failed is let go
        await engine.ask("after it", thread="t")
        said = await engine.transactions.window("t", turns=1_000, letters=10**9)
        assert [each["content"] for each in said if each["role"] == "user"] == [*answered, "after it"]
        assert await engine.transactions.problems() == []
