"""Many questions asked for the sake of the replies that are kept then: the answers are thrown away, and nothing is done."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tinyllm.batch.given import Given, given
from tinyllm.batch.order import Order, Progress, Tell
from tinyllm.batch.reasons import Reasons
from tinyllm.batch.resting import absent
from tinyllm.batch.source import Source
from tinyllm.engine import Engine
from tinyllm.errors import TinyError, UsageError
from tinyllm.running import Event
from tinyllm.transactions.rows import WARM, find_run

HARMLESS = ("pure", "read")  # what tools may do here


@dataclass
class Warmed:
    """What came of it."""

    rows: int = 0
    failed: int = 0
    waiting: int = 0  # would have waited for a person, and were given up: nothing is kept of them
    asked: int = 0  # replies that are kept now
    there: int = 0  # replies that were kept already
    drawn: int = 0  # calls whose replies cannot be kept
    reasons: Reasons = field(default_factory=Reasons)
    stopped: TinyError | None = None

    def heard(self, event: Event) -> None:
        if event.kind == "cached":
            self.there += not event.data["shared"]
        elif event.kind == "call":
            if event.data.get("cache") == "missed":
                self.asked += 1
            else:
                self.drawn += 1

    def fell(self, index: int, failure: TinyError) -> None:
        self.failed += 1
        self.reasons.add({"index": index, "code": failure.code, "error": str(failure), "hint": failure.hint})

    @property
    def exit_code(self) -> int:
        return self.stopped.exit_code if self.stopped else 1 if self.failed else 0

    def as_dict(self) -> dict[str, Any]:
        names = ("rows", "asked", "there", "drawn", "failed", "waiting", "exit_code")
        return {**{name: getattr(self, name) for name in names}, **self.reasons.as_dict()}


async def warm(engine: Engine, source: Source, order: Order, tell: Tell = lambda _: None) -> Warmed:
    """Every row once, several at a time, after everybody else; when no server answers it stops."""
    if engine.settings.cache == "off":
        raise UsageError(
            "the cache is off: nothing would be kept", hint="set cache = on, or TINYLLM_CACHE=on"
        )
    warmed = Warmed()
    progress = Progress(await asyncio.to_thread(source.count, order.limit))
    asking = _harmless(engine)
    wanted = engine.spec.inputs
    plain = source.plain
    rows = (
        given(record, index, wanted, plain=plain, common=bool(order.inputs))
        for index, record in enumerate(source.records(order.limit))
    )

    async with asyncio.TaskGroup() as workers:
        for _ in range(order.parallel):
            workers.create_task(_asked(asking, rows, order, warmed, lambda: _told(progress, warmed, tell)))
    await asyncio.to_thread(warmed.reasons.placed, source.lines)
    return warmed


def _told(progress: Progress, warmed: Warmed, tell: Tell) -> None:
    progress.done, progress.failed = warmed.rows, warmed.failed
    tell(progress)


def _harmless(engine: Engine) -> Engine:
    """The same engine, whose tools change nothing."""
    acting = tuple(tool.name for tool in engine.tools.tools.values() if tool.effect not in HARMLESS)
    denied = replace(engine.settings, deny=(*engine.settings.deny, *acting))
    engine.services = replace(engine.services, settings=denied)
    return engine


async def _asked(
    engine: Engine, rows: Iterator[Given], order: Order, warmed: Warmed, told: Callable[[], None]
) -> None:
    """One row after the other, as long as there are any."""
    for row in rows:
        if warmed.stopped is not None:
            return
        try:
            await _row(engine, row, order, warmed)
        except TinyError as failure:
            if failure.kind == "cancelled":
                raise
            if absent(failure, engine.settings.ollama_host):
                warmed.stopped = failure
                return
            warmed.fell(row.index, failure)
        warmed.rows += 1
        told()


async def _row(engine: Engine, row: Given, order: Order, warmed: Warmed) -> None:
    if row.fault is not None:
        raise row.fault
    id = f"{WARM}{engine.clock.chance.getrandbits(48):012x}"
    try:
        answer = await engine.ask(
            row.question,
            inputs={**order.inputs, **row.inputs},
            id=id,
            priority="background",
            model=order.model,
            timeout=order.timeout,
            listen=warmed.heard,
        )
    except asyncio.CancelledError:
        if await engine.transactions.store.read(lambda db: find_run(db, id)) is not None:
            await engine.transactions.give_up(id)  # nobody goes on with it
        raise
    if answer.status == "waiting":
        warmed.waiting += 1
        await engine.transactions.give_up(id)
