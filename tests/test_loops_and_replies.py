"""One engine in several event loops, and a reply that is not an answer."""

import asyncio
import gc
import warnings
from pathlib import Path

import pytest

from tinyllm.engine import Engine
from tinyllm.errors import UsageError
from tinyllm.settings import load
from tinyllm.testing.simulator import Script, Simulator

ASKING = {"name": "asking", "nodes": {"a": {"prompt": "Answer."}}}
SENDING = {
    "name": "sending",
    "nodes": {
        "a": {"kind": "human", "ask": "Send it?", "choices": {"yes": "b", "no": "refuse"}},
        "b": {"kind": "transform", "value": "'sent'"},
    },
}


def test_an_engine_is_used_from_one_event_loop_after_the_other(home: Path) -> None:
    with Simulator(Script("a word")) as simulator:
        engine = Engine(ASKING, settings=load({"ollama_host": simulator.url}, {}))
        answers = [
            engine.ask_sync("first?"),
            asyncio.run(engine.ask("second?")),
            asyncio.run(engine.ask("third?")),
        ]
        asyncio.run(engine.aclose())
        del engine
        with warnings.catch_warnings():
            # The connections of loops that ended go with them, and Python says so when they are collected.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    assert [answer.answer for answer in answers] == ["a word"] * 3
    assert [answer.models for answer in answers] == [answers[0].models] * 3
    assert not any(answer.notes for answer in answers)


async def test_a_reply_that_is_no_choice_leaves_the_run_waiting(home: Path) -> None:
    async with Engine(SENDING) as engine:
        waiting = await engine.ask("go")
        assert waiting.status == "waiting"
        with pytest.raises(UsageError, match="yes or no"):
            await engine.resume(waiting.run, "maybe")
        with pytest.raises(UsageError, match="waits for an answer"):
            await engine.resume(waiting.run)
        assert (await engine.resume(waiting.run, "Y")).answer == "sent"
