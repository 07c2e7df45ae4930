"""A batch from its first open row to its last: many at once, written in order, with a bounded number in memory."""

import asyncio
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tinyllm.batch.asking import Asking
from tinyllm.batch.came import Came, Open
from tinyllm.batch.given import Given, given
from tinyllm.batch.kept import Batch, find, keep, stranger
from tinyllm.batch.order import AHEAD, Order, Progress, Tell
from tinyllm.batch.output import Output
from tinyllm.batch.reasons import INVALID
from tinyllm.batch.source import Source
from tinyllm.batch.summary import Summary
from tinyllm.batch.waking import wake
from tinyllm.engine import Engine
from tinyllm.errors import TinyError, Unavailable, UsageError
from tinyllm.store import Database
from tinyllm.transactions.rows import find_run


async def run(
    engine: Engine, source: Source, output: Output, order: Order, tell: Tell = lambda _: None
) -> Summary:
    """Ask every row that is not answered yet; what is committed is never asked again."""
    _require_apart(source, output)
    clock = engine.clock
    started = clock.monotonic()
    batch, begun = await _batch(engine, source, output, order)
    summary = Summary(batch.id, str(output.path))
    if begun:
        await _known(engine, output, order, summary)
    await wake(engine)
    summary.total = await asyncio.to_thread(source.count, order.limit)
    progress = Progress(summary.total, summary.rows)
    tell(progress)

    def waits(target: str, until: float | None) -> None:
        if until is None:
            progress.waits.pop(target, None)
        else:
            progress.waits[target] = until
        tell(progress)

    going = _Going(Asking(engine, batch, order, begun, waits), output, summary, progress, tell)
    try:
        await going.through(_rows(source, engine, order, summary.rows))
    finally:
        summary.seconds = clock.monotonic() - started
    await asyncio.to_thread(summary.reasons.placed, source.lines)
    return summary


def _require_apart(source: Source, output: Output) -> None:
    if source.origin is not None and os.path.samestat(source.origin, os.fstat(output.handle)):
        raise UsageError(
            f"{output.path} is the input and the output", hint="choose another file for the answers with -o"
        )


async def _batch(engine: Engine, source: Source, output: Output, order: Order) -> tuple[Batch, bool]:
    """The batch of this output, and whether it was begun before; a change of what it asks is refused."""
    store = engine.transactions.store
    body = {
        "digest": await asyncio.to_thread(lambda: source.digest),
        "graph": engine.base.name,
        "fingerprint": engine.base.fingerprint,
        "model": order.model,
        "default": engine.settings.model,
        "inputs": dict(order.inputs),
        "schema": engine.schema,
    }
    path = str(output.path.resolve())
    first = output.require_ours()
    found = await store.read(lambda db: find(db, path))
    if order.restart:
        output.clear()  # first: whoever is killed before the new batch is known has the old one, from the database
    elif output.empty and (found is None or found.body != body):
        pass  # nothing is lost by beginning anew
    elif found is None or (first and not first.startswith(found.run(0)[:-1])):
        raise await store.read(lambda db: stranger(db, output.path, first))
    else:
        found.require(body)
        return found, True
    id = f"{engine.clock.chance.getrandbits(40):010x}"
    made = Batch(id, path, source.name, body, engine.clock.now())

    def write(db: Database) -> None:
        keep(db, made)

    await store.write(write)
    return made, False


async def _known(engine: Engine, output: Output, order: Order, summary: Summary) -> None:
    """Count the rows that are there; from the first that is to be done again they are written anew."""
    for at, row in output.rows():
        if order.limit and summary.rows == order.limit:
            break
        if (order.retry and row["status"] == "failed") or (
            row["status"] == "waiting" and await _moved(engine, str(row.get("run", "")))
        ):
            output.cut(at)
            break
        summary.add(row)
    summary.known = summary.rows


async def _moved(engine: Engine, run: str) -> bool:
    """Somebody answered what it waited for."""
    row = await engine.transactions.store.read(lambda db: find_run(db, run))
    return row is None or row.status not in ("waiting", "in_doubt")


def _rows(source: Source, engine: Engine, order: Order, since: int) -> Iterator[Given]:
    wanted, plain = (*engine.base.inputs,), source.form != "csv" and source.plain
    for index, record in enumerate(source.records(order.limit)):
        if index >= since:
            yield given(record, index, wanted, plain=plain, common=bool(order.inputs))


@dataclass
class _Going:
    asking: Asking
    output: Output
    summary: Summary
    progress: Progress
    tell: Tell
    last: dict[str, "asyncio.Task[Came]"] = field(default_factory=dict)  # of each thread
    silent: list[Came] = field(default_factory=list)  # rows in a row for which no server was there

    async def through(self, rows: Iterator[Given]) -> None:
        """The window moves on when its first row is written."""
        parallel = self.asking.order.parallel
        places = asyncio.Semaphore(parallel)
        window: deque[asyncio.Task[Came]] = deque()
        try:
            for row in rows:
                window.append(self._begun(row, places))
                if len(window) >= parallel * AHEAD and self._written(await window.popleft()):
                    return
            while window:
                if self._written(await window.popleft()):
                    return
            if self.silent:
                self._stop()
        finally:
            for task in window:
                task.cancel()
            await asyncio.gather(*window, return_exceptions=True)

    def _begun(self, row: Given, places: asyncio.Semaphore) -> "asyncio.Task[Came]":
        before = self.last.get(row.thread) if row.thread else None

        async def work() -> Came:
            if before is not None:
                await asyncio.wait([before])  # the turns of a conversation follow each other
            async with places:
                came = await self.asking.came(row)
            self.progress.done += 1
            self.progress.failed += came["status"] == "failed"
            self.tell(self.progress)
            return came

        task = asyncio.create_task(work())
        if row.thread:
            self.last[row.thread] = task
            task.add_done_callback(lambda done: self._over(row.thread, done))
        return task

    def _over(self, thread: str, task: "asyncio.Task[Came]") -> None:
        if self.last.get(thread) is task:
            del self.last[thread]

    def _written(self, came: Came) -> bool:
        """Write it; true when no server has answered for so long that the rest is left open."""
        if isinstance(came, Open):
            self.silent.append(came)
            if len(self.silent) > 2 * self.asking.order.parallel:
                self._stop()
            return self.summary.stopped is not None
        for each in (*self.silent, came):
            self.output.add(each)
            self._counted(each)
        self.silent.clear()
        return False

    def _counted(self, came: Came) -> None:
        self.summary.add(came)
        if came["index"] in self.asking.found:
            self.asking.found.remove(came["index"])
            self.summary.restored += 1
        elif came.get("code") != INVALID:
            self.summary.spend(came)

    def _stop(self) -> None:
        first: dict[str, Any] = self.silent[0]
        kind = TinyError if first["code"] == "MODEL_NOT_FOUND" else Unavailable
        self.summary.stopped = kind(str(first["error"]), hint=str(first["hint"]), code=str(first["code"]))
