"""One circuit breaker per model and per host, shared by all processes through the store.

pybreaker is the state machine and nothing more: it is asked for a transition inside one short transaction and never
holds a lock over a call. Around it stand the rules it lacks: one probe at a time, at most one failure per request,
failures that lie too far apart do not add up, and a clock that may jump.
"""

import asyncio
import os
import socket
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import CircuitOpen, TinyError
from tinyllm.finishing import to_the_end
from tinyllm.guard.machine import COOLDOWN, Row, State, after_failure, after_success, half_opened, opened
from tinyllm.running import emit

WINDOW = 60.0  # failures further apart than this are not one outage
PROBE = 125.0  # how long a probe keeps its place when its caller does not say
LONGEST = 3600.0  # no probe keeps it longer, whatever the clock did
BY_HAND = "opened by hand"
AT_ONCE = ("MODEL_SERVER_DOWN",)  # a refused connection leaves nothing to count

Change = Callable[[Row], Row]  # a pure step, made inside one transaction


class Shelf(Protocol):
    """Where the rows are kept: in the store, or in this process alone."""

    async def look(self, targets: Sequence[str]) -> dict[str, Row]: ...
    async def change(self, target: str, how: Change) -> tuple[Row, Row]: ...
    async def all(self) -> list[Row]: ...


class Memory:
    """The rows of this process."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    async def look(self, targets: Sequence[str]) -> dict[str, Row]:
        return {target: self.rows[target] for target in targets if target in self.rows}

    async def change(self, target: str, how: Change) -> tuple[Row, Row]:
        before = self.rows.get(target) or Row(target)
        self.rows[target] = how(before)
        return before, self.rows[target]

    async def all(self) -> list[Row]:
        return list(self.rows.values())


class Resting(CircuitOpen):
    """A breaker that lets nothing through, and whose it is."""

    target: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that was let through; it must be told how it went, or that it does not count."""

    target: str
    probe: str = ""
    quiet: bool = True  # closed and without failures: a success changes nothing
    at: float = 0.0


@dataclass
class Breakers:
    """Admit, call outside, record."""

    shelf: Shelf = field(default_factory=Memory)
    clock: Clock = CLOCK

    async def admit(self, *targets: str, lasts: float = PROBE) -> list[Admitted]:
        """Let a call through all of them, or refuse it at once; a half-open one lets one go at a time."""
        admitted: list[Admitted] = []
        try:
            rows = await self._seen(targets)
            for target in targets:
                admitted.append(await self._admit(target, rows.get(target), lasts))  # noqa: PERF401 - undone below
        except BaseException:
            for call in admitted:
                await to_the_end(self.ignored(call))
            raise
        return admitted

    async def closed(self, target: str) -> bool:
        """Nothing speaks against it; asked without a call of one's own to be let through."""
        row = (await self._seen([target])).get(target)
        return row is None or row.state == "closed"

    async def _seen(self, targets: Sequence[str]) -> dict[str, Row]:
        try:
            return await self.shelf.look(targets)
        except Exception as failure:  # noqa: BLE001 - a broken store must not stop the models
            self._blind(failure)
            return {}

    async def _admit(self, target: str, row: Row | None, lasts: float) -> Admitted:
        now = self.clock.now()
        if row is None or row.state == "closed":
            return Admitted(target, quiet=row is None or not row.failures, at=now)
        mine = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        until = now + min(lasts, LONGEST)
        try:
            row = await self._change(target, lambda row: self._let_in(row, mine, until))
        except asyncio.CancelledError:
            await to_the_end(self.ignored(Admitted(target, probe=mine)))
            raise
        if row is None or row.state == "closed":
            return Admitted(target, quiet=row is None or not row.failures, at=now)
        if row.probe != mine:
            raise self._refusal(row)
        return Admitted(target, probe=mine, quiet=False, at=now)

    def _let_in(self, row: Row, mine: str, until: float) -> Row:
        now = self.clock.now()
        if row.state == "open" and row.opened_at > now:  # the clock stepped back: the rest begins now
            row = replace(row, opened_at=now)
        if row.state == "open" and self.rests(row) <= 0:
            row = half_opened(row, self.clock)
        # A probe that never came back, or a clock that stepped back, must not hold the place for ever.
        held = row.probe and 0 < row.probe_until - now <= LONGEST and not _dead(row.probe)
        if row.state == "half-open" and not held:
            return replace(row, probe=mine, probe_until=until)
        return row

    def rests(self, row: Row) -> float:
        """Seconds until a probe may go, whatever the clock did meanwhile."""
        since = max(0.0, self.clock.now() - row.opened_at)
        return max(0.0, min(row.opened_for, 2 * COOLDOWN) - since)

    def _refusal(self, row: Row) -> Resting:
        left = self.rests(row) if row.state == "open" else 0.0
        when = f"it is tried again in {left:.0f} s" if left else "it is being tried by another call"
        why = f", {BY_HAND}" if row.because == BY_HAND else f" after failures ({row.because})"
        refusal = Resting(
            f"{row.target} is resting{why}; {when}",
            hint=f"`tinyllm health` shows it; `tinyllm health reset {row.target}` ends the rest",
            retry_after=left,
        )
        refusal.target = row.target
        return refusal

    async def succeeded(self, call: Admitted) -> None:
        if not call.quiet:
            await self._record(call, lambda row: after_success(row, self.clock))

    async def failed(self, call: Admitted, failure: TinyError) -> None:
        await self._record(call, lambda row: self._failure(row, call, failure))

    async def ignored(self, call: Admitted) -> None:
        """It says nothing about the target's health: nothing changes, and the probe's place is free."""
        if call.probe:
            await self._record(call, lambda row: row)

    async def _record(self, call: Admitted, how: Change) -> None:
        def change(row: Row) -> Row:
            # Only the probe decides about a breaker that is not closed; a late call from before does not.
            if row.state != "closed" and (not call.probe or row.probe != call.probe):
                return row
            row = how(row)
            return replace(row, probe="", probe_until=0.0) if call.probe else row

        await self._change(call.target, change)

    async def _change(self, target: str, how: Change) -> Row | None:
        """The row after the step; nothing when the store is broken."""
        try:
            before, after = await to_the_end(self.shelf.change(target, how))
        except Exception as failure:  # noqa: BLE001 - a broken store must not stop the models
            self._blind(failure)
            return None
        if before.state != after.state:
            emit("breaker", target=target, was=before.state, now=after.state, because=after.because)
        return after

    def _failure(self, row: Row, call: Admitted, failure: TinyError) -> Row:
        now = self.clock.now()
        inside = max(0.0, now - call.at)  # waiting for a call that fails is not time between failures
        one_outage = row.failures and 0 <= now - inside - row.failed_at <= WINDOW
        if row.state == "closed":
            began = row.failed_at + inside if one_outage else now
            row = replace(row, failures=row.failures if one_outage else 0, failed_at=began)
        row = replace(row, because=failure.message[:200])
        return opened(row, self.clock) if failure.code in AT_ONCE else after_failure(row, self.clock)

    async def set(self, target: str, state: State) -> Row:
        """A person opens, closes or resets a breaker."""

        def change(_: Row) -> Row:
            fresh = Row(target, because=BY_HAND if state == "open" else "")
            return opened(fresh, self.clock) if state == "open" else fresh

        return (await self.shelf.change(target, change))[1]

    def _blind(self, failure: Exception) -> None:
        emit("note", text=f"the breakers cannot be read or written, so every call is let through: {failure}")


def _dead(probe: str) -> bool:
    """Was it a process of this machine that is gone?"""
    host, _, rest = probe.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
