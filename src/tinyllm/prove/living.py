"""What one process of the kill harness does with its life: end what an earlier one left, or begin."""

import asyncio
import os
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from tinyllm import failpoints
from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.prove.controls import Control, Impatient, controlled
from tinyllm.prove.growing import asked, steps
from tinyllm.prove.outside import Outside
from tinyllm.prove.rows import batched, forgotten
from tinyllm.prove.shapes import KNOWN, SAID, Shape, acted, prepared
from tinyllm.running import Event
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted
from tinyllm.transactions import RunRow, Transactions
from tinyllm.transactions.front import in_doubt

THREAD = "t"
EARLIER = "What is said before?"
QUESTION = "What is killed?"
MOST = 12  # how often a run may be taken up again by one process; more is a loop
MEANT = ("MEANT", "IN_DOUBT")  # failures that belong to a shape


def engine_of(shape: Shape, outside: Outside, control: Control = "") -> Engine:
    """The product as it is, with scripted models, and tools that leave marks."""
    prepared()
    settings = Settings(database=str(outside.database), workspace=str(outside.workspace), embedder="")
    growing = steps(settings, outside) if shape.grows else None
    engine = Engine(
        shape.graph,
        settings=settings,
        make=lambda *_: Scripted(_saying(outside)),
        tools=outside.tools(),
        growing=growing,
    )
    if cache := engine.services.guard.cache:
        cache.digests.known = {settings.model: "scripted"}
    if control and control != "no batch":
        engine.__dict__["transactions"] = controlled(control, settings)
    if control == "no staging":
        memory = Impatient(settings, lambda: engine.transactions.store)
        engine.services = replace(engine.services, kept=memory)
    if growing:
        growing.engine.__dict__["transactions"] = engine.transactions
    return engine


def _saying(outside: Outside) -> Callable[..., str]:
    def say(messages: list[Any], **_: Any) -> str:
        asked = "\n".join(str(message.text) for message in messages)
        outside.called("model")
        return "accepted now" if "not accepted" in asked else f"a reply to {len(asked)} letters"

    return say


async def live(shape: Shape, outside: Outside, control: Control = "") -> None:
    """From the start of the process to the end of the run."""

    def watched(event: Event) -> None:
        if event.kind == "node":
            outside.mark("step", event.node, str(event.data.get("visit")))

    async with engine_of(shape, outside, control) as engine:
        runs = engine.transactions
        await runs.recover()
        if shape.rows:
            await _rows(engine, shape, outside, control)
        elif await ours(runs) is None:
            await _went(outside, engine.ask(QUESTION, thread=THREAD, listen=watched))
        for _ in range(MOST):
            row = await ours(runs)
            if row is None or not await _taken_up(engine, shape, outside, row, watched):
                await engine.deliver()
                return
    raise RuntimeError(f"the run was taken up {MOST} times and does not end")


async def _rows(engine: Engine, shape: Shape, outside: Outside, control: Control) -> None:
    """The run that is looked at is the second row of a batch."""
    first, *others = [{"question": question} for question in shape.rows]
    if control == "no batch":
        await forgotten(engine, outside)
    await batched(engine, (first, {"question": QUESTION, "thread": THREAD}, *others), outside)


async def ours(runs: Transactions) -> RunRow | None:
    """The run that is being killed, once there is one."""
    return next((row for row in await runs.runs(thread=THREAD) if row.question == QUESTION), None)


async def _taken_up(
    engine: Engine, shape: Shape, outside: Outside, row: RunRow, watched: Callable[[Event], None]
) -> bool:
    """One step of a run towards its end; false when it has ended."""
    if await acted(shape, engine.transactions, row):
        return True
    if row.status in ("committed", "rolled_back"):
        return False
    if row.status == "in_doubt":
        await _told_the_truth(engine.transactions, outside, row)
    reply = "yes" if row.status == "waiting" else None
    await _went(outside, engine.resume(row.id, reply, listen=watched))
    return True


async def _told_the_truth(runs: Transactions, outside: Outside, row: RunRow) -> None:
    """A person looked what became of it."""
    for line in in_doubt(await runs.effects(row.id)):
        mark = next((mark for mark in outside.marks("call") if mark[1] == f"{row.id}:{line.key}"), None)
        result = None if mark is None else f"sent {mark[0]}"
        await runs.resolve(row.id, happened=mark is not None, result=result, key=line.key)


async def _went(outside: Outside, going: Any) -> None:
    try:
        answer = await going
    except TinyError as failure:
        if failure.code not in MEANT:
            raise
    else:
        if answer.status == "committed":
            outside.mark("ack", answer.run)


async def _said_before(shape: Shape, outside: Outside) -> None:
    """An earlier run, on a thread of its own, that was told what this one will ask."""
    said = [node for node in shape.nodes.values() if node.get("prompt") == SAID]
    if said:
        alone = replace(shape, nodes={"known": {**said[0], "to": "end"}})
        async with engine_of(alone, outside) as engine:
            await engine.ask(EARLIER)


async def seed(shape: Shape, outside: Outside) -> None:
    """One earlier turn on the thread: what must never be lost."""
    if shape.grows:
        await asked(
            Settings(database=str(outside.database), workspace=str(outside.workspace)),
            outside,
            tried=not shape.leaves,
        )
    said = [{"role": "user", "content": EARLIER}, {"role": "assistant", "content": "this"}]
    async with (
        engine_of(shape, outside) as engine,
        await engine.transactions.begin(thread=THREAD, question=EARLIER) as run,
    ):
        for key, text in KNOWN.items():
            await engine.services.memory.remember(text, key=key)
        await run.commit({"answer": "this"}, said)
    await _said_before(shape, outside)


# Between two of these nothing durable happens, so a kill anywhere is a kill at one of them.
DURABLE = ("write.before", "write.after", "file.before", "file.after", "effect.called")


def die_or_end(work: Callable[[], Coroutine[Any, Any, None]], outside: Outside, kill_at: int) -> None:
    """In a forked process: the work, killed at that passage of a durable place; never returns."""
    code, passed = 70, 0

    def passing(name: str) -> None:
        nonlocal passed
        passed += name in DURABLE
        if passed == kill_at:
            failpoints.kill(name)

    try:
        if kill_at:
            failpoints.arm("*", passing)
        code = 0 if ended(work, outside) else 70
    finally:
        os._exit(code)


def ended(work: Callable[[], Coroutine[Any, Any, None]], outside: Outside) -> bool:
    """The work in this process, with its time, or with what it failed of."""
    started = time.monotonic()
    failure = asyncio.run(_failure(work()))
    if failure:
        (outside.folder / "crash").write_text("".join(traceback.format_exception(failure)))
        return False
    outside.mark("took", f"{(time.monotonic() - started) * 1000:.1f}")
    return True


async def _failure(work: Coroutine[Any, Any, None]) -> BaseException | None:
    task = asyncio.create_task(work)
    await asyncio.wait([task])
    return task.exception()
