"""A bank is the same for a seed, marks what is right in any form, and its wrong answers are wrong and look right."""

import json
import subprocess
import sys
from pathlib import Path
from statistics import correlation, mean
from typing import Any

import pytest

from tests.testing.clients import client
from tinyllm import sandbox
from tinyllm.solvers import solve
from tinyllm.testing.bank import Item, drawn, marked, population, runs_hidden
from tinyllm.testing.bank.marking import code_of
from tinyllm.testing.bank.people import PROFILES
from tinyllm.testing.simulator import Population, Simulator
from tinyllm.testing.simulator.asked import aside
from tinyllm.testing.simulator.crowd import Crowd

ITEMS = drawn(3, 24)
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "population.py"
VERDICTS = (["right", "wrong"], ["wrong", "right"])


def of(label: str) -> list[Item]:
    return [item for item in ITEMS if item.label == label]


def crowd(items: list[Item], seed: int = 1, profile: str = "hard") -> Crowd:
    return Crowd(Population.model_validate(population(items, seed, profile)))


def rights(crowd: Crowd, name: str, topic: str) -> list[bool]:
    model = crowd.population.models[name]
    return [
        crowd._right(gold, model, "greedy", model.skills[topic])
        for gold in crowd.population.gold
        if gold.topic == topic
    ]


def test_a_bank_is_the_same_for_the_same_seed() -> None:
    assert drawn(3, 24) == ITEMS
    assert not {item.question for item in drawn(4, 24, ("math", "code"))} & {i.question for i in of("math")}
    assert len({item.question for item in ITEMS}) == len(ITEMS)


def test_right_answers_are_marked_right_in_every_form() -> None:
    assert [right for item in ITEMS for right in item.right if not marked(item, right)] == []


def test_wrong_answers_are_marked_wrong() -> None:
    assert [wrong for item in ITEMS for wrong in item.wrong if marked(item, wrong)] == []


def test_wrong_programs_run_and_fail_some_of_their_hidden_tests_only() -> None:
    passed = []
    for item in of("code"):
        name, checks = item.gold.removeprefix("assert ").split("(", 1)[0], item.gold.split("\n")
        for wrong in dict.fromkeys(item.wrong):
            code = code_of(wrong, name)
            assert not runs_hidden(item, code)
            ran = sandbox.run(
                code + "\ngood = 0\n" + "\n".join(_counted(check) for check in checks) + "\ngood"
            )
            assert ran.ok, ran.error
            passed.append(int(str(ran.value)) / len(checks))
    assert mean(passed) > 0.25
    assert mean(share > 0 for share in passed) > 0.8


def _counted(check: str) -> str:
    return f"try:\n    good += bool({check.removeprefix('assert ')})\nexcept Exception:\n    pass"


def test_programs_for_word_problems_print_what_they_are_said_to() -> None:
    for item in of("math")[:8]:
        for program, right in (*((p, True) for p in item.programs), *((p, False) for p in item.slips)):
            ran = sandbox.run(program.split("```python\n", 1)[1].split("```", 1)[0])
            assert ran.ok, ran.error
            assert (ran.stdout.strip() == item.gold) == right


def test_good_tests_fail_wrong_programs_and_poor_ones_err() -> None:
    caught, weak = [], []
    for item in of("code"):
        name = item.gold.removeprefix("assert ").split("(", 1)[0]
        reference = code_of(item.right[0], name)
        bodies = [
            tests.split("```python\n", 1)[1].split("```", 1)[0] for tests in (*item.tests, *item.poor_tests)
        ]
        good, (easy, mixed) = bodies[: len(item.tests)], bodies[len(item.tests) :]
        assert all(sandbox.run(f"{reference}\n{tests}").ok for tests in (*good, easy))
        assert not sandbox.run(f"{reference}\n{mixed}").ok
        wrong = [code_of(each, name) for each in dict.fromkeys(item.wrong)]
        caught += [not sandbox.run(f"{each}\n{good[0]}").ok for each in wrong]
        weak += [sandbox.run(f"{each}\n{easy}").ok for each in wrong]
    assert mean(caught) > 0.8
    assert mean(weak) > 0.2


def test_the_exact_solver_takes_the_sums_and_nothing_else() -> None:
    solved = {item.label for item in ITEMS if solve(item.question) is not None}
    assert solved == {"exact"}


@pytest.mark.parametrize("profile", PROFILES)
def test_models_err_as_often_as_was_published(profile: str) -> None:
    people = crowd(drawn(5, 600, ("math",)), profile=profile)
    for name in ("qwen2.5:0.5b", "qwen2.5:3b", "phi3:mini", "qwen3:8b"):
        published = PROFILES[profile]["math"][name]
        assert mean(rights(people, name, "math")) == pytest.approx(published, abs=0.055), name


def test_errors_of_two_models_correlate_as_they_do_in_reality() -> None:
    people = crowd(drawn(6, 900, ("math",)))
    small, big = rights(people, "qwen2.5:3b", "math"), rights(people, "qwen2.5:7b", "math")
    assert correlation(small, big) == pytest.approx(0.47, abs=0.12)


@pytest.mark.parametrize(
    ("around", "cue"),
    [
        ("Write tests for this function.\n\n{}", "tests"),
        ("{}\n\nGive five assert statements that a right solution passes.", "tests"),
        ("Propose some short test cases, one a line.\n{}", "tests"),
        ("Write a Python program that prints the answer.\n\n{}", "program"),
        ("{}\nSolve this with a script; write only the code.", "program"),
        ("{}", ""),
        ("You write programs. Write code that passes all tests.\n\n{}", ""),
        ("{}\nIs the answer below right? It will be tested.", ""),
    ],
)
def test_what_is_asked_is_understood_however_it_is_worded(around: str, cue: str) -> None:
    known = crowd(ITEMS).population.gold
    gold = next(gold for gold in known if gold.topic == ("math" if cue == "program" else "code"))
    found = aside(gold, [{"role": "user", "content": around.format(gold.question)}])
    assert (found.cue if found else "") == cue


def test_a_complaint_about_tests_does_not_ask_for_tests() -> None:
    gold = next(gold for gold in crowd(ITEMS).population.gold if gold.topic == "code")
    talk = [
        ("user", gold.question),
        ("assistant", gold.wrong[0]),
        ("user", "It failed. Write tests next time."),
    ]
    assert aside(gold, [{"role": role, "content": content} for role, content in talk]) is None


async def test_judges_accept_at_their_rates_and_mostly_stand_by_it() -> None:
    items, rates = drawn(7, 150, ("math",)), {}
    async with Simulator(Population.model_validate(population(items, 1))) as simulator:
        for kind in ("right", "wrong"):
            rounds = []
            for order in VERDICTS:
                schema = {
                    "type": "object",
                    "properties": {"verdict": {"enum": order}},
                    "required": ["verdict"],
                }
                rounds.append(
                    [await _accepts(simulator, item, getattr(item, kind)[0], schema) for item in items]
                )
            rates[kind] = mean(rounds[0])
            assert mean(a == b for a, b in zip(*rounds, strict=True)) > 0.8
    assert rates == {"right": pytest.approx(0.92, abs=0.07), "wrong": pytest.approx(0.25, abs=0.1)}


async def _accepts(simulator: Simulator, item: Item, answer: str, schema: dict[str, Any]) -> bool:
    content = f"Judge.\n\nQuestion: {item.question}\n\nAnswer: {answer}\n\nGive your verdict: {schema}"
    reply = await client(simulator).chat("qwen3:14b", [{"role": "user", "content": content}], format=schema)
    return bool(json.loads(reply.message.content or "")["verdict"] == "right")


def test_the_benchmark_runs_and_a_mangled_question_costs_accuracy() -> None:
    names = ("single 3B", "graph, all models", "graph, question mangled")
    chosen = [part for name in names for part in ("--only", name)]
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--items", "6", "--seeds", "1", "--json", *chosen],
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["what"].startswith("simulated population")
    found = {name: report["conditions"][name]["code"]["accuracy"]["mean"] for name in names}
    assert found["graph, question mangled"] < 0.2 < found["graph, all models"]
    assert report["conditions"]["graph, all models"]["exact"]["accuracy"]["mean"] == 1
