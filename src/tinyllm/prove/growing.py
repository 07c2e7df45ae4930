"""The graph that grows while it is killed: a model that fails at hard sums until its prompt names them."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from tinyllm.checks import CHECKS, NOTHING, Check, Judged, Verdict
from tinyllm.engine import Engine
from tinyllm.growth import Budget, Steps, grow
from tinyllm.prove.outside import Outside
from tinyllm.services import Services
from tinyllm.settings import Settings
from tinyllm.spec import GraphSpec, read
from tinyllm.testing.scripted import Scripted

TARGET: dict[str, Any] = {
    "name": "target",
    "models": {"m": {"name": "m:1b", "tier": 1}},
    "nodes": {
        "sums": {"model": "m", "prompt": "Add.", "to": "check"},
        "check": {"kind": "gate", "checks": ["right"], "tries": 1, "passes": "said", "gives_up": "end"},
        # It reads the node, which is then not split: fewer calls to be killed at.
        "said": {"kind": "transform", "value": "outputs.sums"},
    },
}
HARD, EASY = "A hard sum: {n} and {n}?", "An easy one: {n} and {n}?"


async def right(judged: Judged, services: Services) -> Verdict:  # noqa: ARG001 - the signature of a check
    return NOTHING if "right" in judged.answer else Verdict.bad("it is wrong", "executed")


@cache
def written() -> GraphSpec:
    """The graph as its file says, with the check that it needs."""
    CHECKS.setdefault("right", Check("right", right))
    return read(TARGET)


def target(settings: Settings, outside: Outside) -> Engine:
    def say(messages: list[Any], **options: Any) -> str:
        outside.called("model")
        text = "\n".join(str(message.text) for message in messages)
        if options.get("format"):
            return json.dumps({"domains": [{"name": "hard sums"}]})
        return "wrong" if "A hard" in text and "expert in hard sums" not in text else "right"

    return Engine(written(), settings=settings, make=lambda *_: Scripted(say))


def steps(settings: Settings, outside: Outside) -> Steps:
    return Steps(target(settings, outside), Budget(200))


async def asked(settings: Settings, outside: Outside, *, tried: bool) -> None:
    """What is to be learnt from: hard sums that fail, and easy ones that do not; and what a change on trial does."""
    async with target(settings, outside) as engine:
        await _sums(engine, range(4))
        if tried:
            await grow(engine)
            await _sums(engine, range(10, 34))


async def _sums(engine: Engine, numbers: Iterable[int]) -> None:
    for form in (HARD, EASY):
        for n in numbers:
            await engine.ask(form.format(n=n))
