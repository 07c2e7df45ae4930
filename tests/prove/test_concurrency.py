"""Many clients on one database: every history can be explained, and a bad one is not."""

import pytest

from tests.prove.conftest import EVIDENCE, Prove
from tinyllm.prove.bounds import most, wilson
from tinyllm.prove.history import FIRST, Chain, Turn, violations

pytestmark = pytest.mark.timeout(400)
BUSY = "THREAD_BUSY: the thread t is busy with the run 0123456789ab"


def test_fifty_processes_on_one_file_and_eight_on_one_thread(prove: Prove) -> None:
    found = prove("concurrency", "--processes", "50", "--shared", "8", "--runs", "2")
    assert found["examples"] == []
    assert (found["failed"], found["turns"]) == (0, 100)
    assert found["acknowledged"] >= 92  # only those who do not wait may be refused


def test_two_hundred_runs_on_postgresql_with_a_pool_of_ten(prove: Prove, postgres: str) -> None:
    found = prove(
        "concurrency", "--database", postgres, "--processes", "2", "--shared", "1", "--runs", "100", "--at-once", "25"
    )  # fmt: skip
    assert found["examples"] == []
    assert (found["database"], found["acknowledged"], found["failed"]) == ("postgresql", 200, 0)


def test_without_a_lease_the_checker_finds_lost_turns(prove: Prove) -> None:
    found = prove("concurrency", "--processes", "6", "--shared", "6", "--runs", "3", "--control", "no lease")
    assert found["passed"]
    assert "are lost" in " ".join(found["examples"])


def ok(value: str, began: float, ended: float) -> Turn:
    return Turn("t", value, "ok", began, ended)


def found(
    turns: list[Turn], values: list[str], saw: list[str] | None = None, committed: int = -1
) -> list[str]:
    seen = [FIRST, *values][:-1] if saw is None else saw
    chain = Chain("t", values, seen, len(values) if committed < 0 else committed)
    return list(violations(turns, {"t": chain}))


def test_a_history_that_an_order_explains_is_accepted() -> None:
    turns = [ok("a", 0, 2), ok("b", 1, 3), Turn("t", "c", "busy", 1, 1, BUSY)]
    assert found(turns, ["a", "b"]) == []
    assert found(turns, ["b", "a"]) == []


@pytest.mark.parametrize(
    ("turns", "values", "saw", "said"),
    [
        ([ok("a", 0, 1), ok("b", 2, 3)], ["b"], None, "lost"),
        ([ok("a", 0, 1), ok("b", 2, 3)], ["b", "a"], None, "in front of it"),
        ([ok("a", 0, 1)], ["a", "a"], None, "2 times"),
        ([ok("a", 0, 9), ok("b", 0, 9)], ["a", "b"], [FIRST, FIRST], "saw nothing and follows a"),
        ([ok("a", 0, 1)], ["a", "x"], None, "never asked for"),
        ([Turn("t", "a", "busy", 0, 1, BUSY)], ["a"], None, "was refused"),
        ([Turn("t", "a", "busy", 0, 1, "busy")], [], None, "does not name the holder"),
        ([Turn("t", "a", "failed", 0, 1, "database is locked")], [], None, "database is locked"),
    ],
)
def test_a_history_that_nothing_explains_is_found(
    turns: list[Turn], values: list[str], saw: list[str] | None, said: str
) -> None:
    assert said in " ".join(found(turns, values, saw))


def test_a_fork_is_found() -> None:
    assert "3 committed runs" in " ".join(found([ok("a", 0, 1), ok("b", 2, 3)], ["a", "b"], committed=3))


def test_no_failure_in_many_trials_is_a_bound_and_not_a_zero() -> None:
    assert most(0, 10_000) == pytest.approx(0.0003)
    assert most(0, 0) == 1.0
    low, high = wilson(5, 100)
    assert low < 0.05 < high < most(6, 100) + 0.02


@pytest.mark.evidence
@pytest.mark.timeout(3600)
def test_the_large_loads(prove: Prove, postgres: str) -> None:
    assert prove("concurrency", "--runs", "10", "--evidence", EVIDENCE)["passed"]
    many = ("--processes", "4", "--shared", "2", "--runs", "250", "--at-once", "50")
    assert prove("concurrency", "--database", postgres, *many, "--evidence", EVIDENCE)["passed"]
    few = ("--processes", "6", "--shared", "6", "--runs", "3", "--control", "no lease")
    assert prove("concurrency", *few, "--evidence", EVIDENCE)["passed"]
