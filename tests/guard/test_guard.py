"""How one question survives: who is asked, how often, in which words, and what is made of the reply."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tinyllm.clock import Virtual
from tinyllm.engine import Engine
from tinyllm.errors import BadReply, Retryable, TimedOut, TinyError
from tinyllm.guard import Guard, read_json
from tinyllm.guard.repair import repaired
from tinyllm.guard.replies import cleaned, estimate, examined, truncated
from tinyllm.guard.retry import Retries
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.prove.held import held, left_over
from tinyllm.running import Event, Running, entered
from tinyllm.settings import Settings
from tinyllm.testing.simulator import Reply as Said
from tinyllm.testing.simulator import Script, Simulator
from tinyllm.testing.simulator.model import Model

HELLO = Ask([{"role": "user", "content": "Hello, who are you?"}])
BUSY = Retryable("busy", code="MODEL_SERVER_BUSY", breaker=False)


def replied(text: str, **more: Any) -> Reply:
    return Reply(text, "m", **{"done_reason": "stop", **more})


@asynccontextmanager
async def guarded(
    lines: dict[str, Any], entries: dict[str, Entry] | None = None, **settings: Any
) -> AsyncIterator[tuple[Guard, Simulator]]:
    models = [Model(name=name, capabilities=("completion", "tools")) for name in lines]
    async with Simulator(Script(lines, models)) as simulator:
        clock = Virtual()
        made = Models(Settings(ollama_host=simulator.url, **settings), clock=clock)
        yield Guard(made, entries or {}), simulator
        await made.aclose()


async def gave_up(simulator: Simulator) -> int:
    """How many replies the server gave up on, as soon as it has noticed."""
    for _ in range(400):
        if simulator.cancelled:
            break
        await asyncio.sleep(0.005)
    return simulator.cancelled


def text_of(reply: Reply) -> str:
    return reply.text


# Who is asked.


def test_the_chain_goes_along_the_fallbacks_then_the_tiers_upward_then_downward() -> None:
    entries = {
        key: Entry(key=key, name=f"{key}:1b", tier=tier, fallback=fallback)
        for key, tier, fallback in (
            ("small", 0, ""), ("a", 1, "b"), ("b", 2, ""), ("big", 3, ""), ("other", 1, ""),
        )
    }  # fmt: skip
    guard = Guard(Models(Settings()), entries)
    assert [entry.key for entry in guard.chain("a")] == ["a", "b", "other", "big", "small"]
    with entered(Running(model="a")):
        assert [entry.key for entry in guard.chain("small")] == ["a", "b"]


async def test_a_model_that_is_not_installed_is_not_asked_for_again_for_a_minute() -> None:
    entries = {"a": Entry(key="a", name="gone:1b", fallback="b"), "b": Entry(key="b", name="there:1b")}
    async with guarded({"there:1b": "here"}, entries) as (guard, simulator):
        assert await guard.ask("a", HELLO, text_of) == "here"
        assert await guard.ask("a", HELLO, text_of) == "here"
        assert [request.model for request in simulator.asked].count("gone:1b") == 1
        guard.clock.advance(61)  # type: ignore[attr-defined]
        await guard.ask("a", HELLO, text_of)
        assert [request.model for request in simulator.asked].count("gone:1b") == 2


async def test_nobody_queues_for_what_the_server_does_not_list(tmp_path: Path) -> None:
    models = {"a": {"name": "gone:1b", "fallback": "b"}, "b": {"name": "there:1b"}}
    say = {"prompt": "Answer.", "model": "a", "temperature": 0}
    graph = {"name": "two", "models": models, "nodes": {"say": {**say, "to": "more"}, "more": say}}
    async with Simulator(Script({"there:1b": "here"}, [Model(name="there:1b")])) as simulator:
        settings = Settings(ollama_host=simulator.url, database=str(tmp_path / "t.db"))
        async with Engine(graph, settings=settings) as engine:
            answer = await engine.ask("Well?")
        assert {request.model for request in simulator.asked} == {"there:1b"}
        assert [request.path for request in simulator.requests].count("/api/tags") == 1 + 2  # kept, twice
    fix = "gone:1b is not installed: tinyllm models pull gone:1b"
    assert answer.notes == (f"say: asked there:1b because {fix}",)


# How often.


def test_waits_are_drawn_between_nothing_and_twice_as_much_each_time() -> None:
    retries = Retries(Virtual(chance=random.Random(1)))
    firsts = [retries.wait(BUSY, 1, str(n), 100) or 0 for n in range(200)]
    seconds = [retries.wait(BUSY, 2, str(n), 100) or 0 for n in range(200)]
    assert 0 <= min(firsts) < 0.05 < 0.4 < max(firsts) <= 0.5
    assert 0.9 < max(seconds) <= 1.0
    assert retries.wait(BUSY, 3, "x", 100) is None


def test_a_budget_of_ten_retries_is_earned_back_by_good_calls() -> None:
    retries = Retries(Virtual())
    assert [retries.wait(BUSY, 1, "m", 100) is not None for _ in range(12)] == [True] * 10 + [False] * 2
    for _ in range(11):
        retries.earn("m")
    assert retries.wait(BUSY, 1, "m", 100) is not None
    assert retries.wait(BUSY, 1, "m", 100) is None
    assert retries.wait(BUSY, 1, "another", 100) is not None


def test_a_retry_after_that_the_run_cannot_wait_for_is_said() -> None:
    late = Retryable("busy", retry="retry_after", retry_after=300)
    assert Retries(Virtual()).wait(late, 1, "m", 60) is None
    assert late.hint == "the server asks to wait 300 s: try again then"
    assert Retries(Virtual()).wait(Retryable("busy", retry_after=300), 1, "m", 600) is not None
    assert Retries(Virtual()).wait(Retryable("busy", retry_after=300), 1, "m", 600, alone=False) is None


def test_a_timeout_is_not_waited_for_twice() -> None:
    assert Retries(Virtual()).wait(TimedOut("slow"), 1, "m", 600) is None


async def test_the_third_failure_is_said_as_what_it_was() -> None:
    crash = Said(status=500, error="model runner has unexpectedly stopped")
    async with guarded({"m:1b": crash}) as (guard, _):
        for _ in range(3):
            with pytest.raises(TinyError, match="unexpectedly stopped"):
                await guard.ask("m:1b", HELLO, text_of)
        with pytest.raises(TinyError, match="resting"):
            await guard.ask("m:1b", HELLO, text_of)


# In which time.


async def test_a_slow_but_steady_reply_is_heard_to_its_end() -> None:
    steady = Said("one two three four five six seven eight nine ten", delay=0.08)
    async with guarded({"m:1b": steady}, load_timeout=0.5, idle_timeout=0.5) as (guard, _):
        assert (await guard.ask("m:1b", HELLO, text_of)).endswith("ten")


async def test_a_steady_reply_that_takes_longer_than_its_model_may_is_cut() -> None:
    entries = {"m": Entry(key="m", name="m:1b", timeout=0.4)}
    async with guarded({"m:1b": Said("one two three four " * 20, delay=0.05)}, entries) as (guard, simulator):
        with pytest.raises(TinyError, match="m:1b did not finish in time") as slow:
            await guard.ask("m", HELLO, text_of)
        assert (slow.value.kind, slow.value.exit_code) == ("timeout", 124)
        assert await gave_up(simulator) == 1


async def test_a_deadline_that_is_over_sends_nothing() -> None:
    async with guarded({"m:1b": "hi"}) as (guard, simulator):
        with entered(Running(deadline=-1.0, clock=guard.clock)), pytest.raises(TinyError) as over:
            await guard.ask("m:1b", HELLO, text_of)
        assert (over.value.code, over.value.exit_code) == ("DEADLINE_EXCEEDED", 124)
        assert simulator.connections == 0


async def test_a_loop_is_stopped_while_it_is_written() -> None:
    loop = Said("and so on " * 5_000, delay=0.0005)
    async with guarded({"m:1b": [loop, "done"]}) as (guard, simulator):
        assert await guard.ask("m:1b", HELLO, text_of) == "done"
        assert await gave_up(simulator) == 1
        assert simulator.asked[0].pieces < 2_000
        assert simulator.asked[1].options["repeat_penalty"] == 1.3


async def test_a_question_cancelled_anywhere_leaves_nothing() -> None:
    chance = random.Random(5)
    said = Said("one two three four five six", first_delay=0.01, delay=0.005)
    async with guarded({"m:1b": [said]}, {"m": Entry(key="m", name="m:1b")}) as (guard, simulator):
        await guard.ask("m", HELLO, text_of)
        await guard.models.aclose()
        before = held()
        for _ in range(60):
            task = asyncio.ensure_future(guard.ask("m", HELLO, text_of))
            await asyncio.sleep(chance.uniform(0, 0.06))
            task.cancel()
            await asyncio.wait([task])
        assert await left_over(before, simulator, guard.models) == ()
        rows = await guard.breakers.shelf.all()
        assert not [row for row in rows if row.failures or row.probe]


# In which words.


def bad(code: str, message: str = "no good") -> BadReply:
    return BadReply(message, code=code)


def again(ask: Ask, failure: TinyError, said: str = "", **entry: Any) -> Ask | None:
    return repaired(ask, Entry(key="m", name="m", **entry), failure, said, Virtual(), Settings())


def test_a_cut_reply_is_asked_for_again_with_more_room_or_shorter() -> None:
    roomy = again(HELLO, bad("OUTPUT_TRUNCATED"), "x", num_predict=100)
    assert roomy is not None
    assert roomy.options["num_predict"] == 400
    shorter = again(HELLO, bad("OUTPUT_TRUNCATED"), "x")
    assert shorter is not None
    assert "num_predict" not in shorter.options
    assert "at most 150 words" in shorter.messages[-1]["content"]


def test_a_question_that_was_cut_gets_a_larger_context_up_to_a_limit() -> None:
    asks, ask = [], HELLO
    while (wider := again(ask, bad("CONTEXT_OVERFLOW"))) is not None:
        ask = wider
        asks.append(ask.options["num_ctx"])
    assert asks == [16_384, 32_768]


def test_a_fault_is_spelled_out_and_a_loop_is_drawn_anew() -> None:
    told = again(HELLO, bad("OUTPUT_SCHEMA", "n: 'x' is not an integer"), '{"n": "x"}')
    assert told is not None
    assert told.messages[-2:] == [
        {"role": "assistant", "content": '{"n": "x"}'},
        {
            "role": "user",
            "content": "That cannot be used: n: 'x' is not an integer. Write it again, correctly.",
        },
    ]
    drawn = again(HELLO, bad("OUTPUT_REPETITION"), "ha ha", temperature=0.0)
    assert drawn is not None
    assert (drawn.options["temperature"], drawn.options["repeat_penalty"]) == (0.2, 1.3)
    assert "seed" in drawn.options


async def test_what_was_shown_of_a_reply_that_failed_is_taken_back() -> None:
    events: list[Event] = []
    shown: list[str] = []
    cut = Said("one two three", ending="silent", after=2)
    ask = Ask(HELLO.messages, token=shown.append)
    async with guarded({"m:1b": [cut, "all of it"]}) as (guard, _):
        with entered(Running(listen=events.append, clock=guard.clock)):
            assert await guard.ask("m:1b", ask, text_of) == "all of it"
    kinds = [event.kind for event in events]
    assert kinds.index("again") < len(kinds) - 1
    assert "".join(shown).endswith("all of it")


# What is made of the reply.


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("<think>hm</think>four", "four"),
        ("<think>hm</think>\n\n<think>more</think> four", "four"),
        ("\n<thinking>hm\nhm</thinking>\nfour", "four"),
        ("[THINK]hm[/THINK]four", "four"),
        ("hm, let me see\n</think>\n\nfour", "four"),
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>four<|return|>", "four"),
        ("The `<think>` tag holds what a model thinks: `<think>…</think>`.",) * 2,
        ("Write:\n```xml\n<think>a</think>\n```\nand be done.",) * 2,
        ("a < b and b > c",) * 2,
    ],
)  # fmt: skip
def test_thoughts_are_taken_out_of_an_answer_and_stay_where_they_are_its_subject(
    said: str, text: str
) -> None:
    assert cleaned(replied(said)).text == text


@pytest.mark.parametrize(
    ("tokens_in", "estimated", "cut"),
    [(8192, 100, True), (8191, 9_000, True), (3_000, 20_000, True), (40, 50, False), (7_500, 9_000, False)],
)
def test_a_question_that_was_not_read_in_full_is_noticed(tokens_in: int, estimated: float, cut: bool) -> None:
    assert truncated(replied("x", tokens_in=tokens_in), estimated, 8192) is cut


def test_other_writing_takes_more_tokens_than_letters() -> None:
    assert estimate(Ask([{"role": "user", "content": "word " * 800}])) == 1000
    assert estimate(Ask([{"role": "user", "content": "你好" * 300}])) == 400


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (replied("x", done_reason=""), "INCOMPLETE_STREAM"),
        (replied(" "), "OUTPUT_EMPTY"),
        (replied("<think>hm"), "OUTPUT_THINKING"),
        (replied("x", done_reason="length"), "OUTPUT_TRUNCATED"),
        (replied("I'm sorry, but I can't help with that."), "OUTPUT_REFUSED"),
        (replied("so on and " * 100), "OUTPUT_REPETITION"),
    ],
)
def test_a_bad_reply_has_a_name(reply: Reply, code: str) -> None:
    with pytest.raises(BadReply) as failure:
        examined(reply, HELLO, 8192)
    assert failure.value.code == code


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize(
    "text",
    ['{"n": 4}', '```json\n{"n": 4}\n```', 'Sure: {"n": 4}. Anything else?', "{'n': 4}", '{"n": 4,}', "{n: 4}"],
)  # fmt: skip
def test_json_in_a_wrong_form_is_mended(text: str) -> None:
    assert read_json(replied(text), SCHEMA) == {"n": 4}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"n": 4, "why": "because', "OUTPUT_TRUNCATED"),
        ('{"n": "four"}', "OUTPUT_SCHEMA"),
        ("[4]", "OUTPUT_SCHEMA"),
        ("four", "OUTPUT_NOT_JSON"),
        ("", "OUTPUT_EMPTY"),
    ],
)
def test_json_with_wrong_content_is_never_mended(text: str, code: str) -> None:
    with pytest.raises(BadReply) as failure:
        read_json(replied(text), SCHEMA)
    assert failure.value.code == code


def test_a_cut_reply_is_not_mended_into_a_whole_one() -> None:
    with pytest.raises(BadReply) as failure:
        read_json(replied('{"n": 4, "m": 5', done_reason="length"), SCHEMA)
    assert failure.value.code == "OUTPUT_TRUNCATED"
