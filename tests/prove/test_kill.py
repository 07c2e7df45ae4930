"""Killed anywhere, a run is before or after itself; and the checker is not blind."""

from pathlib import Path

import pytest

from tests.prove.conftest import EVIDENCE, Prove
from tests.started import run
from tinyllm.prove.controls import KILL_CONTROLS
from tinyllm.prove.shapes import SHAPES

pytestmark = pytest.mark.timeout(400)
LEAVE = ("grades", "growth", "no growth", "memory", "no memory", "memory taken back", "cache", "no cache")
HALVES = [[shape.name for shape in SHAPES][start::2] for start in (0, 1)]


def shapes(names: list[str]) -> list[str]:
    return [word for name in names for word in ("--shape", name)]


@pytest.mark.parametrize("names", HALVES, ids=["even", "odd"])
def test_a_kill_at_any_durable_write_leaves_nothing_between(prove: Prove, names: list[str]) -> None:
    found = prove("kill", "--trials", "0", *shapes(names))
    assert found["examples"] == []
    assert found["violations"] == 0
    assert set(found["every_write"]) == set(names)
    assert all(each["kills"] >= 4 for each in found["every_write"].values())


def test_three_hundred_kills_at_any_moment_leave_nothing_between(prove: Prove) -> None:
    found = prove("kill", "--trials", "300", "--no-every-write", "--seed", "7")
    assert found["examples"] == []
    assert found["random"]["kills"] >= 300
    assert found["random"]["by_shape"].keys() == {shape.name for shape in SHAPES}
    assert sum(found["random"]["by_shape"][name]["kills"] for name in LEAVE) >= 60
    assert found["most_at_95_percent"] <= 0.01
    assert found["recovery_ms"]["median"] > 0


@pytest.mark.parametrize(
    ("control", "shape", "broken"),
    [
        ("no ledger", "effects", "repeated effect"),
        ("async durability", "linear", "repeated step"),
        ("no outbox", "unsent", "delivery"),
        ("no batch", "batch", "row"),
    ],
)
def test_without_the_promise_the_checker_finds_that_it_is_broken(
    prove: Prove, control: str, shape: str, broken: str
) -> None:
    found = prove("kill", "--trials", "0", "--control", control, "--shape", shape)
    assert found["passed"]
    assert found["every_write"][shape]["violations"][broken] > 0


def test_what_counts_before_its_run_is_committed_is_found(prove: Prove) -> None:
    names = ["grades", "no growth", "no memory", "memory taken back", "no cache"]
    kills = ("--trials", "14", "--no-every-write", "--seed", "3")
    found = prove("kill", *kills, "--control", "no staging", *shapes(names))
    assert found["passed"]
    assert all(found["random"]["by_shape"][name]["violations"]["left"] > 0 for name in names)


def test_what_is_unknown_is_refused(tmp_path: Path) -> None:
    for arguments in (
        ["kill", "--shape", "star"],
        ["kill", "--control", "x"],
        ["concurrency", "--control", "x"],
    ):
        done = run("prove", *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("error  there is no")
        assert "try    choose from: " in done.stderr
    nowhere = str(tmp_path / "no" / "E.md")
    done = run("prove", "concurrency", "--processes", "1", "--runs", "1", "--evidence", nowhere)
    assert (done.returncode, "cannot be written" in done.stderr) == (2, True)


@pytest.mark.evidence
@pytest.mark.timeout(7200)
def test_every_durable_write_and_its_recovery_and_ten_thousand_moments(prove: Prove) -> None:
    found = prove("kill", "--trials", "10000", "--again", "--evidence", EVIDENCE)
    assert found["violations"] == 0
    for control in filter(None, KILL_CONTROLS):
        assert prove("kill", "--trials", "30", "--control", control, "--evidence", EVIDENCE)["passed"]
