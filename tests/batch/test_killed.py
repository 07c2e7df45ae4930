"""SIGKILL at random moments: every row once, in order, and nothing that was committed is asked again."""

import signal
from pathlib import Path

import pytest

from tests.batch.killing import Killed


def held(killed: Killed) -> None:
    rows = killed.through()
    assert killed.codes == [-signal.SIGKILL] * killed.kills + [0], killed.said
    assert [row["index"] for row in rows] == [row["id"] for row in rows] == list(range(killed.rows))
    assert [row["answer"] for row in rows] == [f"It is {n}." for n in range(killed.rows)]
    assert killed.repeated == []
    assert sorted(killed.asked) == list(range(killed.rows))
    # What was in flight at a kill was not committed, and is asked once more; nothing else is.
    assert sum(killed.asked.values()) - killed.rows <= 8 * killed.kills
    assert killed.committed[-1] == killed.rows


def test_a_batch_that_is_killed_twice_asks_every_row_once(tmp_path: Path) -> None:
    held(Killed(tmp_path, rows=30, kills=2, seed=3))


@pytest.mark.evidence
@pytest.mark.timeout(1200)
def test_a_batch_of_2000_rows_that_is_killed_five_times(tmp_path: Path) -> None:
    killed = Killed(tmp_path, rows=2000, kills=5, seed=10)
    held(killed)
    asked = sum(killed.asked.values())
    print(f"\n2,000 rows, 5 kills, {asked:,} requests, committed at the kills: {killed.committed}")
