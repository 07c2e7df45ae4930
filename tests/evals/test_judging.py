"""A judge: another model than the one that answered, in both orders, and never a guess."""

import json
from typing import Any

import pytest

from tinyllm import evals
from tinyllm.errors import Permanent, UsageError
from tinyllm.evals.suite import Suite, parsed
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

GRAPH = {
    "name": "judged",
    "models": {"general": {"name": "small", "tier": 1}, "judge": {"name": "large", "tier": 3}},
    "nodes": {"answer": {"prompt": "Answer.", "to": "end"}},
}


def suite(judge: str = "judge: It is kind.") -> Suite:
    return parsed(f"- {{id: a, question: Say something., answer: You are nice, {judge}}}".encode(), "s.yaml")


class Models:
    """`small` answers; everybody else judges by a rule. Who was asked what is kept."""

    def __init__(self, answer: str, verdict: Any) -> None:
        self.answer, self.verdict = answer, verdict
        self.judged: list[tuple[str, str]] = []

    def __call__(self, name: str, _: Settings) -> Scripted:
        def say(messages: list[Any], **asked: Any) -> str:
            if not asked.get("format"):
                return self.answer
            text = str(messages[-1].text)
            self.judged.append((name, text))
            (choices,) = [part["enum"] for part in asked["format"]["properties"].values() if "enum" in part]
            return json.dumps({"reason": "because", "verdict": self.verdict(text, choices)})

        return Scripted(say)


def kind(text: str, choices: list[str]) -> str:
    return "right" if "lovely" in text.rsplit("The answer, ", 1)[1] else "wrong"


async def asked(models: Models, own: Settings, of: Suite, graph: Any = GRAPH) -> evals.Row:
    return (await evals.run(of, [graph], settings=own, make=models)).rows[graph["name"], "a"]


async def test_the_judge_says_right_or_wrong_and_why(own: Settings, tmp_path: Any) -> None:
    models = Models("You are lovely.", kind)
    row = await asked(models, own, suite())
    assert (row.outcome, row.judges) == ("right", ("large",))
    assert {name for name, _ in models.judged} == {"large"}
    assert len(models.judged) == 2  # in both orders
    assert all("It is kind." in text and "You are nice" in text for _, text in models.judged)
    row = await asked(Models("Go away.", kind), own, suite("judge: It is very kind."))
    assert (row.outcome, row.scores) == ("wrong", {"judge": "because"})


async def test_a_judge_that_changes_its_mind_has_no_verdict_and_is_asked_again(own: Settings) -> None:
    models = Models("Hm.", lambda _, choices: choices[0])
    row = await asked(models, own, suite())
    assert row.outcome == "failed"
    assert row.why.startswith("judge: there is no verdict: it says right in one order")
    models.verdict = lambda *_: "right"
    assert (await asked(models, own, suite())).outcome == "right"


async def test_who_answered_does_not_judge(own: Settings) -> None:
    alone = {**GRAPH, "models": {"general": {"name": "small", "tier": 1}}}
    models = Models("You are lovely.", kind)
    row = await asked(models, own, suite(), alone)
    assert (row.outcome, models.judged) == ("failed", [])
    assert "every model had a part in the answer: name another one in the case" in row.why


async def test_a_judge_that_is_not_installed_is_named_with_the_way_to_get_it(own: Settings) -> None:
    class Lacking(Models):
        def __call__(self, name: str, settings: Settings) -> Scripted:
            gone = Permanent("no such model", code="MODEL_NOT_FOUND")
            return Scripted(gone) if name == "gone:1b" else super().__call__(name, settings)

    alone = {**GRAPH, "models": {"general": {"name": "small", "tier": 1}}}
    named = suite("judge: {rubric: It is kind., model: 'gone:1b'}")
    row = await asked(Lacking("You are lovely.", kind), own, named, alone)
    assert (row.outcome, "gone:1b is not installed at http" in row.why) == ("failed", True)
    assert "tinyllm models pull gone:1b" in row.why


async def test_a_case_may_name_its_judge(own: Settings) -> None:
    models = Models("Go away.", kind)
    row = await asked(models, own, suite("judge: {rubric: It is kind., model: 'other:14b'}"))
    assert (row.outcome, {name for name, _ in models.judged}) == ("wrong", {"other:14b"})


async def test_a_graph_without_models_cannot_judge(own: Settings) -> None:
    plain = {"name": "plain", "nodes": {"t": {"kind": "transform", "value": "'hello'"}}}
    with pytest.raises(UsageError, match="has no model that could judge"):
        await asked(Models("", kind), own, suite(), plain)
