"""The shipped suites: what they call right is right by their own scorers, and what they call wrong is wrong."""

import os
import subprocess
import sys
from pathlib import Path

from tinyllm import evals
from tinyllm.evals import exact
from tinyllm.evals.scorers import Given, scored
from tinyllm.evals.suite import SHIPPED, read
from tinyllm.settings import Settings

SUITES = {path.stem: read(path) for path in sorted(SHIPPED.glob("*.*l"))}
WRITTEN = [(suite, case) for suite in SUITES.values() for case in suite.cases if case.answer]


def test_they_are_all_there() -> None:
    sizes = {name: len(suite.cases) for name, suite in SUITES.items()}
    assert sizes.keys() == {"adversarial", "code", "exact-math", "instructions", "routing", "tools"}
    assert min(sizes.values()) >= 20
    assert all(suite.name == name and suite.description for name, suite in SUITES.items())
    assert all(case.tags for suite in SUITES.values() for case in suite.cases)


def test_every_answer_is_right_and_every_wrong_one_wrong() -> None:
    """Those that a program can look at: a route and a tool call are not in an answer."""

    async def all_() -> list[str]:
        bad = []
        for suite, case in WRITTEN:
            for answer, right in ((case.answer, True), *((wrong, False) for wrong in case.wrong)):
                scores = await scored(Given(case, answer, route=case.route, tools=_tools(case.tools)))
                if any(scores.values()) is right:
                    bad.append(f"{suite.name} {case.id} {answer[:60]!r}: {scores}")
        return bad

    import asyncio

    assert asyncio.run(all_()) == []
    assert len(WRITTEN) > 100
    assert all(case.wrong for _, case in WRITTEN)


def _tools(wanted: tuple[str | tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(each if isinstance(each, str) else each[0] for each in wanted)


def test_the_suite_of_exact_mathematics_is_made_from_its_seed() -> None:
    assert exact.FILE.read_text("utf-8") == exact.text(exact.SEED)
    assert exact.text(1) != exact.text(2)


async def test_exact_mathematics_needs_no_model(offline: Settings, tmp_path: Path) -> None:
    results = await evals.run("exact-math", settings=offline, limit=60, seed=1, out=tmp_path / "r.jsonl")
    found = evals.Summary(results.of())
    assert found.right.share >= 0.95
    assert found.tiers == {"no model": 60}
    assert set(found.evidence) <= {"proved", "unchecked"}


async def test_the_embedded_router_is_measured_without_a_model(offline: Settings, tmp_path: Path) -> None:
    """Where it is unsure it asks a model, and there is none: these cases are left out here."""
    sure = [
        case
        for case in SUITES["routing"].cases
        if (answer := _routed(case.question)) is not None and answer >= 0.7
    ]
    assert len(sure) > 40
    suite = evals.Suite(
        "routing", tuple(sure), graph="assistant", only="route", where=SUITES["routing"].where
    )
    results = await evals.run(suite, settings=offline, out=tmp_path / "r.jsonl")
    assert evals.Summary(results.of()).right.share >= 0.9


def _routed(question: str) -> float | None:
    from tinyllm.routing import route

    return route(question).confidence


def test_a_wheel_carries_the_suites(tmp_path: Path) -> None:
    """They lie inside the package, where every file is a part of the wheel."""
    package = Path(evals.__file__).parent
    assert package in SHIPPED.parents or SHIPPED.parent == package
    code = "from tinyllm import evals, settings; print(len(evals.listed(settings.load())))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=dict(os.environ),
        check=True,
    )
    assert int(done.stdout) >= 6
