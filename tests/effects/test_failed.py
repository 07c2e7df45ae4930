"""A call that failed and was survived is told again by a replay, and made again by a resumed run."""

import asyncio
from typing import Any

import pytest

from tinyllm.effects.failed import again, told
from tinyllm.engine import Engine
from tinyllm.errors import BadReply, NotAnswered, Permanent, TimedOut, TinyError, Unavailable
from tinyllm.guard.breaker import Resting
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted
from tinyllm.toolkit import Tool


def broken(*_: Any, **__: Any) -> str:
    raise Permanent("the model is broken", hint="mend it")


@pytest.mark.parametrize(
    "failure",
    [
        TimedOut("late", code="MODEL_STALLED", retry="none"),
        NotAnswered("no", hint="more", where="a"),
        BadReply("bad", retry="fallback_model"),
        Unavailable("gone", code="MODEL_SERVER_DOWN"),
        Resting("it rests"),
    ],
)
def test_a_failure_comes_back_as_whoever_handles_it_knew_it(failure: TinyError) -> None:
    kept = told(failure, lambda _: failure)
    assert kept is not None
    same = again(kept)
    assert isinstance(failure, type(same))
    assert same.as_dict() == failure.as_dict()
    assert (same.deserves.retry, same.deserves.falls_back, same.exit_code) == (
        failure.deserves.retry, failure.deserves.falls_back, failure.exit_code,
    )  # fmt: skip


def test_a_stop_is_no_failure() -> None:
    assert told(asyncio.CancelledError(), lambda _: Permanent("no")) is None


async def lookup(word: str) -> str:
    """Look a word up."""
    raise ConnectionResetError(f"{word} cannot be looked up")


async def post(text: str) -> str:
    """Post a text."""
    raise TimeoutError(f"nobody took {text}")


TOOLS = (Tool("lookup", lookup, "read", "none"), Tool("post", post, "idempotent", "none"))


def called(name: str, **arguments: Any) -> Any:
    from langchain_core.messages import AIMessage

    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": name}])


DRAFT = {"prompt": "Draft.", "model": "small", "to": "check"}
ELSEWHERE = {"kind": "transform", "value": "'elsewhere, after ' ~ failures[0].message", "to": "end"}
SPLIT = {
    "split": {"kind": "router", "model": "split", "routes": {"a": "1", "b": "2"}, "fan_out": "merge", "default": "a"},
    "a": {"prompt": "A.", "model": "small", "to": "merge"},
    "b": {"prompt": "B.", "model": "small", "on_error": "merge", "to": "merge"},
    "merge": {"kind": "transform", "value": "outputs.a ~ '!'", "to": "end"},
}  # fmt: skip


def no_b(messages: Any, **_: Any) -> str:
    """Routes to both, answers in one of them, and cannot in the other."""
    if "B." in messages[0].text:
        raise Permanent("B is broken")
    return "A" if "A." in messages[0].text else '{"labels": ["a", "b"]}'


@pytest.mark.parametrize(
    ("nodes", "chats", "answer"),
    [
        pytest.param(
            {"draft": {**DRAFT, "to": "end", "on_error": "other"}, "other": ELSEWHERE},
            {"small": Scripted(broken)},
            "elsewhere, after small:1b: the model is broken",
            id="on_error",
        ),
        pytest.param(
            {"draft": DRAFT, "check": {"kind": "gate", "judge": "big"}},
            {"small": Scripted("fine"), "big": Scripted(broken)},
            "fine",
            id="judge",
        ),
        pytest.param(
            {"draft": DRAFT, "check": {"kind": "gate", "checks": [{"matches": {"pattern": "x"}}], "tries": 1, "escalates": "big"}},
            {"small": Scripted("fine"), "big": Scripted(broken)},
            "fine",
            id="escalation",
        ),
        pytest.param(
            {"say": {"prompt": "Say.", "model": "small", "tools": ["lookup", "post"], "allow": ["*"]}},
            {"small": Scripted(called("lookup", word="w"), called("post", text="t"), "no luck")},
            "no luck",
            id="tools of a model",
        ),
        pytest.param(
            {
                "get": {"kind": "tool", "tool": "lookup", "args": {"word": "w"}, "to": "end", "on_error": "other"},
                "other": ELSEWHERE,
            },
            {},
            "elsewhere, after w cannot be looked up",
            id="a tool",
        ),
        pytest.param(SPLIT, {"split": Scripted(no_b), "small": Scripted(no_b)}, "A!", id="branches"),
    ],
)  # fmt: skip
async def test_a_run_that_survived_failures_is_replayed(
    offline: Settings, nodes: dict[str, Any], chats: dict[str, Scripted], answer: str
) -> None:
    def opened(**chats: Scripted) -> Engine:
        graph = {"models": {name: f"{name}:1b" for name in chats}, "nodes": nodes, "allow": ["*"]}
        make = lambda name, _: chats[name.removesuffix(":1b")]  # noqa: E731
        return Engine(graph, settings=offline, tools=TOOLS, make=make)

    async with opened(**chats) as online:
        run = await online.ask("q")
    assert run.answer == answer
    silent = {name: Scripted("nobody may be asked") for name in chats}
    async with opened(**silent) as replaying:
        same = await replaying.replay(run.run)
    assert (same.answer, same.path, same.status, same.failures) == (
        run.answer, run.path, run.status, run.failures,
    )  # fmt: skip
    assert not any(each.calls for each in silent.values())


async def test_what_failed_before_a_stop_is_asked_again_and_then_replayed(offline: Settings) -> None:
    nodes = {
        "draft": {"prompt": "Draft.", "model": "small", "to": "end", "on_error": "wait"},
        "wait": {"kind": "human", "ask": "Go on?", "to": "again"},
        "again": {"prompt": "Again.", "model": "small", "to": "end"},
    }
    script = Scripted(broken, broken, "done")
    graph = {"models": {"small": "small:1b"}, "nodes": nodes}
    async with Engine(graph, settings=offline, make=lambda *_: script) as engine:
        waiting = await engine.ask("q")
        runs = engine.transactions
        assert [line.state for line in await runs.effects(waiting.run)] == ["failed"]
        await runs.rollback(waiting.run)
        await runs.rollback(waiting.run, to=0)
        assert (await engine.resume(waiting.run)).status == "waiting"  # it was asked again, and failed again
        assert (await engine.resume(waiting.run, "yes")).status == "committed"
        asked = len(script.calls)
        assert (await engine.replay(waiting.run)).answer == "done"
        assert len(script.calls) == asked
