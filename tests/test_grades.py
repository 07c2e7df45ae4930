"""Grades: every verdict is kept with its run, and a run that did not happen leaves none."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, no_server, tinyllm  # noqa: F401 - fixtures
from tinyllm.checks import CHECKS, NOTHING, Check, Judged, Verdict
from tinyllm.engine import Engine
from tinyllm.errors import Invalid, TimedOut, TinyError, Unavailable
from tinyllm.grades import Grade, outcomes, read_grades, training_pairs
from tinyllm.services import Services
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted
from tinyllm.toolkit import Tool

GATE = {"kind": "gate", "checks": ["is_42"], "tries": 2, "gives_up": "refuse"}


def engine(home: Path, nodes: dict[str, Any], *said: Any, **more: Any) -> Engine:
    wanted = Settings(database=str(home / "runs.db"), workspace=str(home), **more.pop("settings", {}))
    graph = {"name": "g", "models": {"m": "m:1b"}, "nodes": nodes}
    return Engine(graph, settings=wanted, make=lambda *_: Scripted(*said), **more)


@pytest.fixture(autouse=True)
def a_gate_that_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that knows the answer."""

    async def is_42(judged: Judged, services: Services) -> Verdict:
        return NOTHING if "42" in judged.answer else Verdict.bad("it is not 42", "executed")

    monkeypatch.setitem(CHECKS, "is_42", Check("is_42", is_42))


def gated(**gate: Any) -> dict[str, Any]:
    return {
        "math": {"prompt": "Calculate.", "model": "m", "to": "check"},
        "check": {**GATE, **gate},
    }


async def grades(asked: Engine, **wanted: Any) -> list[Grade]:
    return await asked.transactions.store.read(lambda db: read_grades(db, **wanted))


async def test_a_verdict_is_a_grade_with_all_that_it_is_about(home: Path) -> None:
    async with engine(home, gated(), "42") as asked:
        answer = await asked.ask("What is six times seven?")
        (grade,) = await grades(asked)
    assert (grade.run, grade.graph, grade.node, grade.kind) == (answer.run, "g", "math", "gate")
    assert (grade.question, grade.answer, grade.model) == ("What is six times seven?", "42", "scripted")
    assert (grade.passed, grade.fingerprint) == (True, asked.spec.mark("math"))


async def test_each_try_is_graded_and_the_node_is_judged_by_its_last(home: Path) -> None:
    async with engine(home, gated(), "41", "42") as asked:
        await asked.ask("q")
        found = await grades(asked)
    assert [grade.passed for grade in found] == [False, True]
    assert found[0].because == "it is not 42"
    assert [outcome.passed for outcome in outcomes(found)] == [True]


async def test_what_another_model_answered_is_not_the_nodes_own(home: Path) -> None:
    nodes = gated(tries=1, escalates="big:8b")

    def make(name: str, _: Settings) -> Scripted:
        return Scripted("41" if name == "m:1b" else "42", model=name)

    async with Engine(
        {"name": "g", "models": {"m": "m:1b"}, "nodes": nodes},
        settings=Settings(database=str(home / "runs.db")),
        make=make,
    ) as asked:
        assert (await asked.ask("q")).answer == "42"
        found = await grades(asked)
    assert [grade.model for grade in found] == ["m:1b", "big:8b"]
    assert [outcome.passed for outcome in outcomes(found)] == [False]


async def test_an_answer_that_was_put_right_was_not_right(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def knows(judged: Judged, services: Services) -> Verdict:
        return Verdict(passed=False, because="others say 42", evidence="agreed", instead="42")

    monkeypatch.setitem(CHECKS, "is_42", Check("is_42", knows))
    async with engine(home, gated(), "41") as asked:
        assert (await asked.ask("q")).answer == "42"
        found = await grades(asked)
    assert [(grade.passed, grade.answer) for grade in found] == [(False, "41"), (True, "42")]
    assert [(outcome.passed, outcome.answer) for outcome in outcomes(found)] == [(False, "41")]
    (pair,) = training_pairs(found, consent=True)
    assert (pair["accepted"], pair["rejected"]) == ("42", ["41"])


async def test_a_run_that_fails_leaves_no_grade(home: Path) -> None:
    nodes = {**gated(passes="then"), "then": {"kind": "transform", "value": "1 / 0"}}
    async with engine(home, nodes, "42") as asked:
        with pytest.raises(TinyError):
            await asked.ask("q")
        assert await grades(asked) == []


async def test_a_run_that_is_taken_back_takes_its_grades_with_it(home: Path) -> None:
    async with engine(home, gated(), "42") as asked:
        run = (await asked.ask("q")).run
        assert len(await grades(asked)) == 1
        await asked.transactions.rollback(run)
        assert await grades(asked) == []


async def test_a_run_that_waits_shows_no_grade_before_it_is_committed(home: Path) -> None:
    nodes = {**gated(passes="ask"), "ask": {"kind": "human", "ask": "Well?"}}
    async with engine(home, nodes, "42") as asked:
        run = (await asked.ask("q")).run
        assert await grades(asked) == []
        await asked.resume(run, "yes")
        assert [grade.run for grade in await grades(asked)] == [run]


@pytest.mark.parametrize(
    ("failure", "count"),
    [(Invalid("that is no number"), 1), (Unavailable("gone"), 0), (TimedOut("slow"), 0)],
)
async def test_a_tool_failure_is_a_grade_unless_nobody_was_there(
    home: Path, failure: TinyError, count: int
) -> None:
    async def shaky(text: str) -> str:
        """Do something."""
        raise failure

    tool = Tool("t_shaky", shaky, effect="pure", reach="none")
    nodes = {
        "a": {"kind": "tool", "tool": "t_shaky", "args": {"text": "x"}, "on_error": "b"},
        "b": {"kind": "transform", "value": "'mended'"},
    }
    async with engine(home, nodes, tools=(tool,)) as asked:
        await asked.ask("q")
        found = await grades(asked)
    assert [(grade.kind, grade.node, grade.because) for grade in found] == [
        ("tool", "a", failure.message)
    ] * count


async def test_a_model_that_is_not_there_is_nobodys_failure(home: Path) -> None:
    nodes = gated()
    nodes["math"]["on_error"] = "sorry"
    nodes["sorry"] = {"kind": "transform", "value": "'later'"}
    async with engine(home, nodes, Unavailable("gone")) as asked:
        await asked.ask("q")
        assert await grades(asked) == []


def grade(passed: bool, answer: str, **more: Any) -> Grade:
    values = {
        "graph": "g", "run": answer, "key": "check:1", "at": 1.0, "kind": "gate", "node": "math", "fingerprint": "f",
        "model": "m", "question": "q", "because": "", "evidence": "", "consent": True, **more,
    }  # fmt: skip
    return Grade(passed=passed, answer=answer, **values)


def test_pairs_hold_what_was_accepted_and_what_was_not() -> None:
    found = [grade(False, "41"), grade(True, "42"), grade(False, "f(x)", kind="tool")]
    (pair,) = training_pairs(found)
    assert (pair["question"], pair["accepted"], pair["rejected"]) == ("q", "42", ["41"])


def test_a_person_has_the_last_word_on_an_answer() -> None:
    found = [
        grade(True, "41", at=2.0),
        grade(True, "42"),
        grade(False, "41", kind="person", key="person", at=3.0),
    ]
    (pair,) = training_pairs(found)
    assert (pair["accepted"], pair["rejected"]) == ("42", ["41"])
    assert [outcome.passed for outcome in outcomes(found)] == [True, False]


def test_nothing_is_exported_that_nobody_agreed_to() -> None:
    found = [grade(True, "42", consent=False)]
    assert training_pairs(found) == []
    assert [pair["consent"] for pair in training_pairs(found, consent=True)] == [False]


def test_an_export_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "orange-elephant-77")
    (pair,) = training_pairs(
        [grade(True, "it is orange-elephant-77", question="password=hunter2hunter2", run="r")]
    )
    assert "elephant" not in json.dumps(pair)
    assert "hunter2" not in json.dumps(pair)


def test_the_command_line_rates_lists_and_exports(tinyllm: Call, home: Path) -> None:  # noqa: F811
    (home / "tinyllm.toml").write_text("[grades]\nconsent = true\n")
    assert tinyllm("run", "--json", "What is 2 + 2?").code == 0
    run = json.loads(tinyllm("runs", "list", "--json").out)[0]["run"]
    assert tinyllm("runs", "rate", run, "down", "--why", "too short").code == 0
    (listed,) = json.loads(tinyllm("grades", "list", "--json").out)
    assert (listed["passed"], listed["because"], listed["node"]) == (False, "too short", "exact")
    assert tinyllm("grades", "export").out == ""
    assert tinyllm("runs", "rate", run, "up").code == 0
    (pair,) = [json.loads(line) for line in tinyllm("grades", "export").out.splitlines()]
    assert (pair["question"], pair["accepted"], pair["consent"]) == ("What is 2 + 2?", "4", True)
    assert "VERDICT" in tinyllm("grades", "list").out


def test_what_cannot_be_rated_is_said(tinyllm: Call, home: Path) -> None:  # noqa: F811
    (home / "tinyllm.toml").write_text("")
    done = tinyllm("runs", "rate", "nothing", "up")
    assert (done.code, done.lines[0].split()[0]) == (2, "error")
    assert tinyllm("runs", "rate", "nothing", "sideways").code == 2
