"""A process that runs for long stays as it is."""

import pytest

from tests.prove.conftest import EVIDENCE, Prove
from tinyllm.prove.soak import Report, Sample


def test_a_hundred_runs_leave_no_file_thread_or_task_behind(prove: Prove) -> None:
    found = prove("soak", "--runs", "100")
    assert [said for said in found["failures"] if "memory" not in said] == []
    assert found["files"][0] == found["files"][1]


def sample(runs: int, rss: int, files: int = 9) -> Sample:
    return Sample(runs, rss, files, threads=1, tasks=1, database=runs * 100, log=0, ms=1.0)


def test_growth_is_told_from_noise() -> None:
    steady = Report(1_000, [sample(runs, 10**8 + (runs % 3) * 4096) for runs in range(100, 1_100, 100)])
    assert steady.failures == []
    leaking = Report(1_000, [sample(runs, 10**8 + runs * 5_000, runs) for runs in range(100, 1_100, 100)])
    assert leaking.failures == ["memory grows by 5000 bytes a run", "files grew from 300 to 1000"]


@pytest.mark.evidence
@pytest.mark.timeout(3600)
def test_ten_thousand_runs(prove: Prove) -> None:
    assert prove("soak", "--runs", "10000", "--evidence", EVIDENCE)["passed"]
