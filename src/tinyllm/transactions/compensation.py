"""Compensation: what can be done about an effect that stays when its run is rolled back. A person asks for it; it is no undo."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tinyllm import failpoints
from tinyllm.clock import Clock
from tinyllm.effects import Recorded, read_ledger
from tinyllm.errors import TinyError
from tinyllm.guard.retry import Retries
from tinyllm.store import Database, Store
from tinyllm.toolkit import Toolbox
from tinyllm.transactions.undo import file_notes

# What was begun may have happened; and what failed, or was cut short, is tried again.
OPEN = ("done", "intent", "unknown", "compensating", "compensation failed")
STATE = (
    "UPDATE effects SET state = :state, ended = :now, result = CASE WHEN state = 'unknown' THEN NULL ELSE result END"
    " WHERE run = :run AND key = :key AND attempt = 0 AND state = :was"
)
PATIENCE = 60.0  # seconds of tries for one effect


class Hands(Protocol):
    """Who has the tools."""

    @property
    def tools(self) -> Toolbox: ...
    async def compensate(self, name: str, key: str, result: Any, /) -> Any: ...


def able(hands: Hands) -> frozenset[str]:
    """The tools that say what can be done afterwards."""
    return frozenset(name for name, tool in hands.tools.tools.items() if tool.compensate is not None)


Act = Callable[[str, str, Any], Awaitable[Any]]  # the tool's name, the effect's key, what it gave


@dataclass(frozen=True, slots=True)
class Compensated:
    """What became of one effect."""

    key: str
    name: str
    done: bool
    said: str


def compensable(lines: list[Recorded], able: Collection[str]) -> list[Recorded]:
    """The effects that something can be done about, the last one first."""
    found = [line for line in lines if line.name in able and line.state in OPEN]
    return sorted(found, key=lambda line: -line.number)


@dataclass(frozen=True)
class Compensation:
    """That of one run that was rolled back."""

    store: Store
    clock: Clock
    run: str
    act: Act

    async def all(self, able: Collection[str]) -> list[Compensated]:
        """Each in turn, whatever becomes of the others: in the ledger before, and after."""
        lines = await self.store.read(lambda db: read_ledger(db, self.run))
        return [await self._one(line) for line in compensable(lines, able)]

    async def _one(self, line: Recorded) -> Compensated:
        begun = await self._moved(line, "compensating")
        try:
            said = str(await self._tried(begun))
        except TinyError as failure:
            await self._moved(begun, "compensation failed", f"compensation failed: {failure}")
            return Compensated(line.key, line.name, False, str(failure))
        failpoints.hit("effect.called")
        await self._moved(begun, "compensated", f"{line.name} was compensated: {said}")
        return Compensated(line.key, line.name, True, said)

    async def _tried(self, line: Recorded) -> Any:
        retries, attempt, until = Retries(self.clock), 0, self.clock.monotonic() + PATIENCE
        while True:
            attempt += 1
            try:
                return await self.act(line.name, f"{self.run}:{line.key}", line.result)
            except TinyError as failure:
                wait = retries.wait(failure, attempt, line.name, until - self.clock.monotonic())
                if wait is None:
                    raise
                await self.clock.sleep(wait)

    async def _moved(self, line: Recorded, state: str, note: str = "") -> Recorded:
        values = {
            "run": self.run,
            "key": line.key,
            "was": line.state,
            "state": state,
            "now": self.clock.now(),
        }

        def move(db: Database) -> None:
            failpoints.hit("compensate.before")
            db.execute(STATE, values)
            file_notes(db, self.run, [note] if note else [], self.clock.now())

        await self.store.write(move)
        # What failed gave nothing: its line held the failure.
        return replace(line, state=state, result=None if line.state == "unknown" else line.result)
