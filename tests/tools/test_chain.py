"""Query a table, compute, write a file: asked for, recorded, killed in between, and taken back."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.started import run
from tests.tools.chain import ASKS, engine
from tests.tools.conftest import Open
from tinyllm.errors import TinyError


async def test_the_chain_waits_for_a_yes_that_shows_what_it_writes(
    open_engine: Open, workspace: Path
) -> None:
    chain = open_engine(ASKS, "Done.")
    waiting = await chain.ask("go")
    assert waiting.status == "waiting"
    assert "files_write wants to run" in waiting.question["question"]
    assert "to report/tax.md" in waiting.question["question"]
    assert not (workspace / "report").exists()
    answer = await chain.resume(waiting.run, "yes")
    assert str(answer) == "Done."
    assert (workspace / "report" / "tax.md").read_text() == "Tax: 85.5"


async def test_a_no_writes_nothing(open_engine: Open, workspace: Path) -> None:
    chain = open_engine(ASKS, "Done.")
    waiting = await chain.ask("go")
    with pytest.raises(TinyError, match="a person said no"):
        await chain.resume(waiting.run, "no")
    assert not (workspace / "report").exists()


async def test_what_was_done_stands_in_the_ledger(open_engine: Open, workspace: Path) -> None:
    chain = open_engine({**ASKS, "allow": ["files_write"]}, "Done.")
    answer = await chain.ask("go")
    lines = await chain.transactions.effects(answer.run)
    assert {"data_query": "read", "files_write": "idempotent", "file": "idempotent"}.items() <= {
        line.name: line.effect for line in lines
    }.items()
    assert {line.state for line in lines} == {"done"}


async def test_a_chain_that_fails_at_the_end_takes_the_file_back(open_engine: Open, workspace: Path) -> None:
    chain = open_engine({**ASKS, "allow": ["files_write"]}, RuntimeError("broken"))
    with pytest.raises(TinyError):
        await chain.ask("go")
    assert not (workspace / "report").exists()
    (row,) = await chain.transactions.runs()
    assert row.status == "rolled_back"


def killed(workspace: Path, place: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "TINYLLM_FAILPOINTS": place}
    return run(str(workspace), program="tests.tools.chain", env=environment)


@pytest.mark.parametrize("place", ["effect.after:kill@1", "intent.after:kill@2", "file.after:kill@1"])
async def test_a_chain_that_is_killed_goes_on_or_is_taken_back(place: str, workspace: Path) -> None:
    child = killed(workspace, place)
    assert child.returncode == -signal.SIGKILL, child.stderr
    async with engine(workspace, "Done.") as chain:
        (row,) = await chain.transactions.runs()
        answer = await chain.resume(row.id)
        assert str(answer) == "Done."
        assert (workspace / "report" / "tax.md").read_text() == "Tax: 85.5"
        lines = await chain.transactions.effects(row.id)
        assert sorted(line.name for line in lines if line.effect != "model") == [
            "data_query",
            "file",
            "files_write",
        ]
        assert {line.state for line in lines} == {"done"}
        assert await chain.transactions.problems() == []


async def test_a_chain_that_is_killed_and_then_fails_leaves_nothing(workspace: Path) -> None:
    killed(workspace, "file.after:kill@1")
    assert (workspace / "report" / "tax.md").exists()
    async with engine(workspace, RuntimeError("broken")) as chain:
        (row,) = await chain.transactions.runs()
        with pytest.raises(TinyError):
            await chain.resume(row.id)
    assert not (workspace / "report").exists()
