"""One row: found among the runs, gone on with, or asked."""

from dataclasses import dataclass, field
from typing import Any

from tinyllm.batch import came
from tinyllm.batch.came import OUTSIDE, Came
from tinyllm.batch.given import Given, unfit
from tinyllm.batch.kept import Batch
from tinyllm.batch.order import Order
from tinyllm.batch.resting import Rests, Waits, absent
from tinyllm.engine import Engine
from tinyllm.errors import TinyError, UsageError
from tinyllm.execution import Options
from tinyllm.inputs import inputs_of
from tinyllm.plain import plain
from tinyllm.store import Database
from tinyllm.transactions import RunRow
from tinyllm.transactions.rows import find_run

AGAIN = (*OUTSIDE, "ABANDONED")  # a run that ended so says nothing about its row
TAKEN_UP = 4  # tries to take up one run; more is a loop
STOPS = ("DB_", "DISK_FULL", "READ_ONLY_FILESYSTEM")  # nothing that comes after it can be kept


@dataclass
class Asking:
    """An engine, and the batch that its runs belong to."""

    engine: Engine
    batch: Batch
    order: Order
    begun: bool  # rows may have been asked before
    waits: Waits  # told when a row waits for a model
    found: set[int] = field(default_factory=set)  # rows of the database that are not written yet
    rests: Rests = field(init=False)

    def __post_init__(self) -> None:
        self.rests = Rests(self.engine.services.guard.breakers, self.engine.clock, self.waits)

    async def came(self, given: Given) -> Came:
        """What comes of it; only what stops the whole batch is raised."""
        if given.fault is not None:
            return came.failed(given, given.fault)
        begun = self.begun
        while True:
            try:
                self._inputs(given)
                found = await self._found(given) if begun else await self._asked(given, 1)
            except TinyError as failure:
                if failure.code == "BATCH_CHANGED" or failure.code.startswith(STOPS) or _ours(failure):
                    raise
                away = absent(failure, self.engine.settings.ollama_host)
                if away or not await self.rests.over(failure):
                    row = came.failed(given, failure, await self._last(given))
                    return came.Open(row) if away else row
                begun = True
            else:
                self.rests.answered = self.engine.clock.monotonic()
                return found

    async def _asked(self, given: Given, attempt: int) -> Came:
        timeout = self.order.timeout
        answer = await self.engine.ask(
            given.question,
            inputs={**self.order.inputs, **given.inputs},
            thread=given.thread,
            wait=(timeout or self.engine.settings.timeout) if given.thread else 0.0,
            id=self.batch.run(given.index, attempt),
            **self._how(),
        )
        return came.answered(given, answer)

    def _how(self) -> Options:
        how: Options = {"priority": "batch", "timeout": self.order.timeout, "listen": self.rests.listening()}
        if self.order.approve:
            how["approve"] = self.order.approve
        if self.order.model:
            how["model"] = self.order.model
        return how

    async def _found(self, given: Given) -> Came:
        """The newest run of the row decides: it is committed, waits, failed, or was left in its middle."""
        for _ in range(TAKEN_UP):
            row, attempt = await self._newest(given)
            if row is None:
                return await self._asked(given, 1)
            self._require_same(given, row)
            if row.status == "committed":
                return self._known(came.recorded(given, row))
            if row.status in ("waiting", "in_doubt"):
                return self._known(came.waits(given, row))
            if row.status == "rolled_back":
                if self.order.retry or (row.error or {}).get("code") in AGAIN:
                    return await self._asked(given, attempt + 1)
                return self._known(came.recorded_failure(given, row))
            try:
                return came.answered(given, await self.engine.resume(row.id, **self._how()))
            except TinyError as failure:
                if failure.code not in ("RUN_ROLLED_BACK", "RUN_COMMITTED"):
                    raise
        raise UsageError(f"the run of row {given.index} does not come to rest", hint="`tinyllm runs list`")

    def _known(self, came: Came) -> Came:
        self.found.add(came["index"])
        return came

    async def _newest(self, given: Given) -> tuple[RunRow | None, int]:
        def look(db: Database) -> tuple[RunRow | None, int]:
            attempt, row = 1, find_run(db, self.batch.run(given.index))
            while row is not None and row.status == "rolled_back":
                later = find_run(db, self.batch.run(given.index, attempt + 1))
                if later is None:
                    break
                row, attempt = later, attempt + 1
            return row, attempt

        return await self.engine.transactions.store.read(look)

    async def _last(self, given: Given) -> str:
        """The id of the run that has just failed; none when it was never begun."""
        row, _ = await self._newest(given)
        return row.id if row is not None else ""

    def _require_same(self, given: Given, row: RunRow) -> None:
        """What stands under the id of this row was asked for this row."""
        if row.inputs != plain(self._inputs(given)):
            raise UsageError(
                f"row {given.index} is not what it was when it was asked (run {row.id})",
                hint="--restart empties the output and begins anew; or choose another output with -o",
                code="BATCH_CHANGED",
            )

    def _inputs(self, given: Given) -> Any:
        """What the graph is given for this row; where something is missing, the row is wrong."""
        try:
            return inputs_of(self.engine.base, given.question, {**self.order.inputs, **given.inputs})
        except UsageError as failure:
            raise unfit(failure.message, given.hint) from failure


def _ours(failure: TinyError) -> bool:
    """A stop, or a run that somebody else took: neither is a failure of the row."""
    return failure.kind == "cancelled" and failure.exit_code != came.WAITING
