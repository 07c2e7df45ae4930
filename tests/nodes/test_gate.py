"""A gate: good answers pass, poor ones go back, and in the end it is said honestly."""

import pytest

from tests.nodes.conftest import Make
from tinyllm.checks import CHECKS, NOTHING, Check, Judged, Verdict
from tinyllm.errors import GraphError
from tinyllm.services import Services
from tinyllm.testing.scripted import Scripted


@pytest.fixture(autouse=True)
def good(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check of our own, registered as a plugin would: an answer must call itself whole."""

    async def whole(judged: Judged, services: Services, *, word: str = "whole") -> Verdict:
        return NOTHING if word in judged.answer else Verdict.bad(f"it is not {word}")

    monkeypatch.setitem(CHECKS, "whole", Check("whole", whole))


def nodes(**gate: object) -> dict[str, object]:
    return {
        "draft": {"prompt": "Draft.", "model": "small", "to": "check"},
        "check": {"kind": "gate", "checks": ["not_empty", "whole"], **gate},
    }


HALF = "half an answer"


async def test_a_good_answer_passes(engine: Make) -> None:
    answer = await engine(nodes(), small=Scripted("whole")).ask("q")
    assert (answer.answer, answer.path, answer.status) == ("whole", ("draft", "check"), "committed")


async def test_a_poor_answer_goes_back_with_what_was_wrong(engine: Make) -> None:
    small = Scripted(HALF, "whole")
    answer = await engine(nodes(tries=2), small=small).ask("q")
    assert (answer.answer, answer.path) == ("whole", ("draft", "check", "draft", "check"))
    said = [(each.type, each.text) for each in small.calls[1].messages[-2:]]
    assert said[0] == ("ai", HALF)
    assert "it is not whole" in said[1][1]


async def test_after_the_last_try_a_bigger_model_starts_afresh(engine: Make) -> None:
    small, big = Scripted(HALF), Scripted("whole")
    answer = await engine(nodes(tries=2, escalates="big"), small=small, big=big).ask("q")
    assert (answer.answer, len(small.calls), len(big.calls)) == ("whole", 2, 1)
    assert HALF not in big.calls[0].text


async def test_when_nothing_passes_the_run_refuses_and_says_what_was_tried(engine: Make) -> None:
    answer = await engine(nodes(tries=2, escalates="big"), small=Scripted(HALF), big=Scripted(HALF)).ask("q")
    assert (answer.status, answer.answer) == ("refused", HALF)
    assert len(answer.tried) == 3
    assert all("it is not whole" in attempt["because"] for attempt in answer.tried)


@pytest.mark.parametrize(
    ("said", "printed"),
    [(("open", HALF), "open"), (("open", "open too"), "open too"), ((HALF, "another half"), "another half")],
)
async def test_a_refusal_shows_the_last_attempt_that_nothing_refuted_else_the_last(
    engine: Make, monkeypatch: pytest.MonkeyPatch, said: tuple[str, str], printed: str
) -> None:
    async def sure(judged: Judged, services: Services) -> Verdict:
        return Verdict.bad("nobody confirms it", mends="open" not in judged.answer)

    monkeypatch.setitem(CHECKS, "sure", Check("sure", sure))
    small, big = Scripted(said[0]), Scripted(said[1])
    gate = nodes(checks=["sure"], tries=1, escalates="big")
    answer = await engine(gate, small=small, big=big).ask("q")
    assert (answer.status, answer.answer) == ("refused", printed)


async def test_it_may_give_up_elsewhere(engine: Make) -> None:
    graph = nodes(tries=1, gives_up="sorry") | {"sorry": {"kind": "transform", "value": "'no answer'"}}
    answer = await engine(graph, small=Scripted(HALF)).ask("q")
    assert (answer.status, answer.answer) == ("committed", "no answer")


async def test_it_may_send_a_poor_answer_elsewhere(engine: Make) -> None:
    graph = nodes(tries=2, fails="mend") | {"mend": {"prompt": "Mend.", "model": "big", "to": "end"}}
    answer = await engine(graph, small=Scripted(HALF), big=Scripted("mended")).ask("q")
    assert (answer.answer, answer.path) == ("mended", ("draft", "check", "mend"))


async def test_it_judges_the_one_that_answered_last(engine: Make) -> None:
    graph = {
        "go": {"kind": "condition", "when": "inputs.question == 'a'", "then": "a", "otherwise": "b"},
        "a": {"prompt": "x", "model": "small", "to": "check"},
        "b": {"prompt": "y", "model": "big", "to": "check"},
        "check": {"kind": "gate", "checks": ["whole"]},
    }
    small, big = Scripted(HALF, "whole"), Scripted("never asked")
    assert (await engine(graph, small=small, big=big).ask("a")).answer == "whole"
    assert big.calls == []


async def test_a_gate_that_nobody_answers_to_gives_up(engine: Make) -> None:
    answer = await engine({"check": {"kind": "gate", "escalates": "big"}}, big=Scripted("never asked")).ask(
        "q"
    )
    assert answer.status == "refused"


def test_an_unknown_check_is_no_graph(engine: Make) -> None:
    with pytest.raises(GraphError, match="there is no check 'wohle'"):
        engine(nodes(checks=["wohle"]), small=Scripted("x"))


def test_a_check_has_the_parameters_that_it_has(engine: Make) -> None:
    with pytest.raises(GraphError, match="has no parameter 'wrd'"):
        engine(nodes(checks=[{"whole": {"wrd": "half"}}]), small=Scripted("x"))


async def test_parameters_reach_the_check(engine: Make) -> None:
    answer = await engine(nodes(checks=[{"whole": {"word": "half"}}]), small=Scripted(HALF)).ask("q")
    assert (answer.status, answer.evidence) == ("committed", "unchecked")


async def test_what_is_solved_exactly_is_proved(engine: Make) -> None:
    graph = {"exact": {"kind": "solve", "to": "end", "declines": "draft"}} | nodes()
    answer = await engine(graph, small=Scripted("whole")).ask("What is 2 + 2?")
    assert (answer.answer, answer.evidence, answer.as_dict()["evidence"]) == ("4", "proved", "proved")


async def test_what_a_model_says_unchecked_is_called_so(engine: Make) -> None:
    assert (await engine(nodes(), small=Scripted("whole")).ask("q")).evidence == "unchecked"


async def test_a_refused_answer_rests_on_nothing(engine: Make) -> None:
    answer = await engine(nodes(tries=1), small=Scripted(HALF)).ask("q")
    assert (answer.status, answer.evidence) == ("refused", "unchecked")


async def test_an_answer_as_data_is_not_taken_for_a_text(engine: Make) -> None:
    shape = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}
    graph = {
        "draft": {"prompt": "x", "model": "small", "schema": shape, "to": "check"},
        "check": {"kind": "gate", "checks": ["numbers_agree", "instructions", "language"]},
    }
    big = Scripted("never asked")
    answer = await engine(graph, small=Scripted('{"total": 7}'), big=big).ask(
        "How many? Answer in two sentences."
    )
    assert (answer.status, answer.value, big.calls) == ("committed", {"total": 7}, [])


async def test_a_run_whose_answer_was_verified_can_be_replayed(engine: Make) -> None:
    graph = {
        "draft": {"prompt": "x", "model": "small", "to": "check"},
        "check": {"kind": "gate", "checks": ["code_runs", "numbers_agree"], "escalates": "big"},
    }
    question = "Write a Python function inc(n). inc(1) returns 2."
    code = "```python\ndef inc(n):\n    return n + 1\n```"
    small, big = Scripted(code.replace("+", "-"), code), Scripted(code)
    with_both = engine(graph, small=small, big=big, third=Scripted(code))
    answer = await with_both.ask(question)
    asked = len(small.calls), len(big.calls)
    again = await with_both.replay(answer.run)
    assert (again.answer, again.evidence) == (answer.answer, answer.evidence) == (code, "executed")
    assert (len(small.calls), len(big.calls)) == asked


async def test_with_one_model_for_all_nobody_is_asked_for_an_opinion(engine: Make) -> None:
    small, big = Scripted("never asked"), Scripted("Answer: 5")
    graph = nodes(checks=["numbers_agree"], escalates="small", judge="small")
    answer = await engine(graph, small=small, big=big).ask("How many legs have 2 cats?", model="big:1b")
    assert (answer.status, answer.evidence, small.calls, len(big.calls)) == ("committed", "unchecked", [], 1)
