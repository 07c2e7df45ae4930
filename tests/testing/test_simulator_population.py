"""A population answers as its file says: neither better nor worse, and the same every time."""

from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from tests.testing.clients import client, http
from tinyllm.errors import GraphError, UsageError
from tinyllm.testing.simulator import Gold, Latency, Model, Population, Simulator, read_population, serve
from tinyllm.testing.simulator.chance import chance_of_right, normal
from tinyllm.testing.simulator.crowd import Crowd, skewed
from tinyllm.testing.simulator.model import Fault, Judging
from tinyllm.testing.simulator.reading import SMALL

QUESTIONS = tuple(
    Gold(
        question=f"How much is {n} and {n}?",
        answer=f"It is {2 * n}.",
        topic="math",
        wrong=(f"It is {2 * n + 1}.",),
    )
    for n in range(300)
)
ROUTES = {
    "type": "object",
    "properties": {
        "labels": {"type": "array", "items": {"enum": ["code", "math", "general"]}, "maxItems": 3}
    },
    "required": ["labels"],
}
VERDICT = {
    "type": "object",
    "properties": {"good": {"type": "boolean"}, "score": {"type": "integer", "minimum": 1, "maximum": 5}},
}
BETTER = {"type": "object", "properties": {"better": {"enum": ["A", "B"]}}}


def population(**more: Any) -> Population:
    fields: dict[str, Any] = {"models": {"m": {"skills": {"math": 0.25}}}, "gold": QUESTIONS, **more}
    return Population.model_validate(fields)


async def said(simulator: Simulator, text: str, model: str = "m", **more: Any) -> str:
    answer = await client(simulator).chat(model, [{"role": "user", "content": text}], **more)
    return answer.message.content or ""


async def share(simulator: Simulator, form: str = "{}", model: str = "m") -> float:
    """The part of the questions that a model gets right, put in this form."""
    calls, right = client(simulator), []
    for gold in QUESTIONS:
        message = {"role": "user", "content": form.format(gold.question)}
        answer = await calls.chat(model, [message], options={"temperature": 0})
        right.append(answer.message.content == gold.answer)
    return mean(right)


async def test_a_model_errs_as_often_as_its_skill_says() -> None:
    async with Simulator(population(seed=3)) as simulator:
        assert await share(simulator, "Think well.\n\n{}\nAnswer in one line.") == pytest.approx(
            0.75, abs=0.08
        )


async def test_a_mangled_question_is_not_recognised() -> None:
    async with Simulator(population()) as simulator:
        mangled = await said(simulator, "How much? Calculate 7 and 7.")
    assert mangled == "The result is 42."


@pytest.mark.parametrize("error", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("discrimination", [0, 1, 6])
def test_error_rates_hold_however_hard_the_questions_are(error: float, discrimination: float) -> None:
    chances = [
        chance_of_right(error, normal("difficulty", n), normal("quirk", n), discrimination, 0.55)
        for n in range(4000)
    ]
    assert mean(chances) == pytest.approx(1 - error, abs=0.02)


async def test_models_fail_together_on_hard_questions() -> None:
    crowd = Crowd(population(models={"a": {"skills": {"math": 0.5}}, "b": {"skills": {"math": 0.5}}}))
    a, b = ([crowd._right(gold, model, "greedy", 0.5) for gold in QUESTIONS] for model in crowd.models)
    both = mean(x == y for x, y in zip(a, b, strict=True))
    assert 0.6 < both < 0.95


async def test_the_same_file_gives_the_same_answers() -> None:
    answers = []
    for seed in (1, 1, 2):
        async with Simulator(population(seed=seed)) as simulator:
            answers.append([await said(simulator, gold.question) for gold in QUESTIONS[:40]])
    assert answers[0] == answers[1] != answers[2]


async def test_routes_are_chosen_by_what_the_question_is_about() -> None:
    gold = [Gold(question="Both?", answer="Yes.", topic="code+math")]
    async with Simulator(population(gold=gold)) as simulator:
        assert await said(simulator, "Fix this python function", format=ROUTES) == '{"labels": ["code"]}'
        assert await said(simulator, "What percent of 4 is 1?", format=ROUTES) == '{"labels": ["math"]}'
        assert await said(simulator, "How are you?", format=ROUTES) == '{"labels": ["general"]}'
        assert await said(simulator, "Both?", format=ROUTES) == '{"labels": ["code", "math"]}'
    wrong = {"m": {"skills": {"routing": 1.0}}}
    async with Simulator(population(models=wrong)) as simulator:
        assert "code" not in await said(simulator, "Fix this python function", format=ROUTES)


async def test_a_judge_accepts_at_its_rates() -> None:
    judge = {"m": {"judging": {"accepts_right": 0.9, "accepts_wrong": 0.2}}}
    rates = {}
    async with Simulator(population(models=judge)) as simulator:
        for kind in ("answer", "wrong"):
            verdicts = []
            for gold in QUESTIONS[:150]:
                shown = gold.answer if kind == "answer" else gold.wrong[0]
                verdict = await said(simulator, f"Question: {gold.question}\nAnswer: {shown}", format=VERDICT)
                verdicts.append(verdict == '{"good": true, "score": 5}')
            rates[kind] = mean(verdicts)
    assert rates["answer"] == pytest.approx(0.9, abs=0.08)
    assert rates["wrong"] == pytest.approx(0.2, abs=0.1)


async def test_a_judge_knows_the_code_of_an_answer_by_itself() -> None:
    judge = {"m": {"judging": {"accepts_right": 1.0, "accepts_wrong": 0.0}}}
    gold = [{"question": "Double it.", "answer": "Sure:\n```python\ndef f(n):\n    return 2 * n\n```\nDone."}]
    async with Simulator(population(models=judge, gold=gold)) as simulator:
        right = await said(simulator, "Double it.\n\ndef f(n):\n    return 2 * n", format=VERDICT)
        wrong = await said(simulator, "Double it.\n\ndef f(n):\n    return 3 * n", format=VERDICT)
    assert (right, wrong) == ('{"good": true, "score": 5}', '{"good": false, "score": 1}')


async def test_of_two_answers_a_judge_takes_the_right_one_wherever_it_stands() -> None:
    judge = {"m": {"judging": {"accepts_right": 1.0, "prefers_first": 0.0}}}
    gold = QUESTIONS[7]
    async with Simulator(population(models=judge)) as simulator:
        first = await said(simulator, f"{gold.question} A: {gold.answer} B: {gold.wrong[0]}", format=BETTER)
        second = await said(simulator, f"{gold.question} A: {gold.wrong[0]} B: {gold.answer}", format=BETTER)
    assert (first, second) == ('{"better": "A"}', '{"better": "B"}')


async def test_a_tool_is_called_first_where_it_is_offered() -> None:
    gold = [
        {
            "question": "2 + 2?",
            "answer": "It is 4.",
            "tool": {"name": "calc", "arguments": {"expression": "2 + 2"}},
        }
    ]
    models = {"m": {"capabilities": ["completion", "tools"], "skills": {"default": 0}}}
    tool = {
        "type": "function",
        "function": {"name": "calc", "parameters": {"type": "object", "properties": {}}},
    }
    async with Simulator(population(models=models, gold=gold)) as simulator:
        messages: list[Any] = [{"role": "user", "content": "2 + 2?"}]
        asked = await client(simulator).chat("m", messages, tools=[tool])
        messages += [asked.message, {"role": "tool", "content": "4", "tool_name": "calc"}]
        answer = await client(simulator).chat("m", messages, tools=[tool])
        assert await said(simulator, "2 + 2?") == "It is 4."
    assert asked.message.tool_calls
    assert asked.message.tool_calls[0].function.arguments == {"expression": "2 + 2"}
    assert answer.message.content == "It is 4."


async def test_a_cue_beside_the_question_asks_for_something_else() -> None:
    gold = [
        {
            "question": "Add two numbers.",
            "answer": "def add...",
            "asides": [{"cue": "write tests", "answer": "assert add..."}],
        }
    ]
    async with Simulator(population(models={"m": {"skills": {"default": 0}}}, gold=gold)) as simulator:
        assert await said(simulator, "Please Write Tests for: Add two numbers.") == "assert add..."
        assert await said(simulator, "Add two numbers.") == "def add..."


@pytest.mark.parametrize(
    ("fault", "status", "ending"),
    [
        ("error", 500, b""),
        ("busy", 503, b""),
        ("crash", 200, b'{"error":'),
        ("silent", 200, b'"done":false}\n'),
    ],
)
async def test_faults_strike_with_their_rate(fault: Any, status: int, ending: bytes) -> None:
    models = {"m": {"faults": [{"fault": fault, "rate": 1}]}}
    async with Simulator(population(models=models)) as simulator:
        body = {"model": "m", "messages": [{"role": "user", "content": "What now, and why not?"}]}
        response = await http(simulator).post("/api/chat", json=body)
    assert response.status_code == status
    assert ending in response.content.rsplit(b"\n", 2)[-2 if b"\n" in response.content else -1] + b"\n"


async def test_what_models_do_wrong_inside_a_good_answer() -> None:
    models = {
        name: Model(faults=(Fault(fault=name, rate=1),)) for name in ("empty", "cut", "loop", "violate")
    }
    async with Simulator(population(models=models)) as simulator:
        calls, messages = client(simulator), [{"role": "user", "content": "?"}]
        assert (await calls.chat("empty", messages)).message.content == ""
        assert (await calls.chat("cut", messages)).done_reason == "length"
        assert " and so on and so on" in ((await calls.chat("loop", messages)).message.content or "")
        assert (
            await calls.chat("violate", messages, format=VERDICT)
        ).message.content == '[{"unexpected": true}]'


async def test_latency_is_that_of_the_file() -> None:
    models = {"m": Model(latency=Latency(first=2, token=0.1), judging=Judging())}
    async with Simulator(population(models=models, scale=0.01)) as simulator:
        answer = await client(simulator).chat("m", [{"role": "user", "content": "?"}])
    assert answer.eval_count == 26
    assert (answer.total_duration or 0) >= 20_000_000 + 26 * 1_000_000 - 1_000_000


async def test_replies_in_the_file_come_first() -> None:
    models = {"m": {"replies": ["first", {"text": "second", "done_reason": "length"}]}}
    async with Simulator(population(models=models)) as simulator:
        assert [await said(simulator, "?") for _ in range(3)] == ["first", "second", "second"]


@pytest.mark.parametrize("draw", [0.1, 0.3, 0.6, 0.9])
def test_a_wrong_number_is_another_number(draw: float) -> None:
    assert skewed("It is 18.", draw) != "It is 18."
    assert skewed("nothing to count", draw) != "nothing to count"


async def test_the_shipped_population_knows_its_questions() -> None:
    shipped = read_population(SMALL)
    assert {"qwen2.5:0.5b", "qwen2.5:3b", "granite-code:3b", "phi3:mini", "qwen3:8b", "qwen3:14b"} <= set(
        shipped.models
    )
    async with Simulator(shipped, scale=0) as simulator:
        known = [await said(simulator, gold.question, "qwen3:14b") == gold.answer for gold in shipped.gold]
        names = [model.model for model in (await client(simulator).list()).models]
    assert mean(known) >= 0.7
    assert names == list(shipped.models)


async def test_serving_says_where_and_ends_when_cancelled(tmp_path: Path) -> None:
    import asyncio

    file = tmp_path / "crowd.yaml"
    file.write_text("models:\n  tiny:\n")
    lines: asyncio.Queue[str] = asyncio.Queue()
    serving = asyncio.create_task(serve(file, "127.0.0.1", 0, lines.put_nowait))
    line = await lines.get()
    assert "simulated models at http://127.0.0.1:" in line
    assert line.endswith(": tiny:latest")
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


BROKEN: list[tuple[str, str]] = [
    ("modls: {m: {}}", "line 1: there is no key `modls`; did you mean `models`?"),
    ("seed: 1", "line 1: models: is missing"),
    ("models:\n  m:\n    skils: {}", "line 3: there is no key `models.m.skils`; did you mean `skills`?"),
    (
        "models:\n  m:\n    latency:\n      frist: 1",
        "line 4: there is no key `models.m.latency.frist`; did you mean `first`?",
    ),
    ("models: {}", "line 1: models: dictionary should have at least 1 item"),
    ("models:\n  a b: {}", "line 1: models: 'a b' is not the name of a model; write it like qwen2.5:3b"),
    ("models:\n  m: {slots: many}", "line 2: models.m.slots: has to be a whole number"),
    ("models:\n  m: {skills: {code: 3}}", "line 2: models.m.skills: the error rate of code is 3"),
    (
        "models:\n  m: {skills: {cooking: .3}}",
        "m has a skill in 'cooking', which no question and no topic is about",
    ),
    (
        "models:\n  m:\n    faults:\n      - {fault: fire, rate: 1}",
        "line 4: models.m.faults.0.fault: input should be 'error'",
    ),
    (
        "models:\n  m:\n    replies:\n      - {txt: hi}",
        "line 4: there is no key `models.m.replies.0.txt`; did you mean `text`?",
    ),
    ("models: {m: {}}\ngold:\n  - {question: hi}", "line 3: gold.0.answer: is missing"),
    ("models: {m: {}}\nmodels: {n: {}}", "line 2: `models` stands here for the second time"),
    ("a: &a [1]\nmodels: *a", "references are not taken here"),
    ("models: {m: [", "did not find expected node content"),
    ("- 1", "this is no population: it has no `models:`"),
    ("", "this is no population: it has no `models:`"),
    ("a: !!python/object:os.system x", "line 1: could not determine a constructor"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=[each[1][:40] for each in BROKEN])
def test_a_broken_file_says_what_and_where(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "crowd.yaml"
    file.write_text(text)
    with pytest.raises(GraphError) as failure:
        read_population(file)
    assert message in failure.value.message
    assert failure.value.where == str(file)
    assert (failure.value.exit_code, bool(failure.value.hint)) == (3, True)


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "crowd.yaml"
    file.write_text("sed: 1\nmodels:\n  m: {slots: 0}\n")
    with pytest.raises(GraphError, match=r"2 things are wrong:\n  line 3.*\n  line 1: .*did you mean `seed`"):
        read_population(file)


def test_a_file_that_cannot_be_read_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        read_population(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="is a folder"):
        read_population(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GraphError, match="not text"):
        read_population(tmp_path / "binary")


async def test_of_a_tool_or_an_answer_the_model_gives_the_answer() -> None:
    call = {"type": "object", "properties": {"tool": {"const": "calc"}, "arguments": {"type": "object"}}}
    answer = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    async with Simulator(population()) as simulator:
        reply = await said(simulator, QUESTIONS[7].question, format={"anyOf": [call, answer]})
    assert reply.startswith('{"answer": "It is ')
