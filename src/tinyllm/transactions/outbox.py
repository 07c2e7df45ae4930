"""The outbox: what committed runs left to be sent, at least once, by one relay at a time."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from tinyllm import failpoints
from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import TinyError, UsageError
from tinyllm.guard.retry import WORTH, Retries
from tinyllm.problems import did_you_mean
from tinyllm.running import Event
from tinyllm.store import Database, Store, checksum, damaged, packed
from tinyllm.transactions.owner import Owner

State = Literal["waits", "sending", "sent", "failed", "dropped"]
OPEN: tuple[State, ...] = ("waits", "sending", "failed")

LEASE = 120.0  # seconds; no delivery takes as long
LATER, LATEST = 30.0, 3600.0  # seconds until the next try: twice as long each time, up to an hour
MOST = 24  # tries; after a day of them it has failed
STUCK = 300.0  # seconds; whoever was to send it is not there
BRIEF = 60.0  # seconds that the end of a run may wait for its deliveries

COLUMNS = (
    "outbox.key, outbox.run, tool, arguments, outbox.crc, outbox.state, tries, due, outbox.error, claim,"
    " outbox.host, outbox.pid, outbox.started, outbox.lease, outbox.created, sent, runs.status"
)
FOUND = f"SELECT {COLUMNS} FROM outbox JOIN runs ON runs.id = outbox.run"
ORDER = " ORDER BY outbox.created, outbox.number, outbox.key"
CLAIM = (
    "UPDATE outbox SET state = 'sending', claim = :claim, tries = tries + 1, lease = :lease, host = :host,"
    " pid = :pid, started = :started WHERE key = :key AND claim = :was AND state = :state"
    " AND EXISTS (SELECT 1 FROM runs WHERE runs.id = outbox.run AND runs.status = 'committed')"
)
SETTLE = (
    "UPDATE outbox SET state = :state, due = :due, error = :error, sent = :sent, lease = 0"
    " WHERE key = :key AND claim = :claim AND state = 'sending'"
)
DROP_RUN = "UPDATE outbox SET state = 'dropped' WHERE run = :run AND state IN ('waits', 'failed')"
REVIVE_RUN = "UPDATE outbox SET state = 'waits', due = 0 WHERE run = :run AND state = 'dropped'"
# What was not sent is asked for again after a return; what was sent stands, and so does its line in the ledger.
FORGET_SINCE = (
    "DELETE FROM outbox WHERE run = :run AND state IN ('waits', 'dropped', 'failed') AND key IN ("
    " SELECT :run || ':' || effects.key FROM effects WHERE effects.run = :run AND attempt = 0 AND savepoint >= :since)"
)

Deliver = Callable[[str, Mapping[str, Any], str], Awaitable[Any]]
Told = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to be sent."""

    key: str
    run: str
    tool: str
    arguments: dict[str, Any]
    state: State
    tries: int
    due: float
    error: str
    claim: str
    owner: Owner
    lease: float
    created: float
    sent: float
    committed: bool

    def as_dict(self) -> dict[str, Any]:
        names = ("key", "run", "tool", "arguments", "state", "tries", "due", "error", "created", "sent")
        return {**{name: getattr(self, name) for name in names}, "committed": self.committed}

    def stuck(self, now: float) -> bool:
        """It will not leave by itself soon: it failed, or waits for longer than a relay needs."""
        return self.state == "failed" or (now - self.created > STUCK and self.open_to(now, again=True))

    def open_to(self, now: float, *, again: bool) -> bool:
        """It may be tried now: it is due, or its relay is gone, or a person says so."""
        if self.state == "sending":
            return self.lease <= now or self.owner.gone()
        return (self.state == "waits" and (again or self.due <= now)) or (again and self.state == "failed")


def _delivery(row: Sequence[Any]) -> Delivery:
    (key, run, tool, arguments, crc, state, tries, due, error, claim, host, pid, started, lease, created, sent,
     status) = row  # fmt: skip
    if checksum(tool, arguments) != crc:
        raise damaged(f"the delivery {key}", "outbox")
    return Delivery(
        key, run, tool, json.loads(arguments), cast("State", state), tries, due, error, claim,
        Owner(host, pid, started), lease, created, sent, status == "committed",
    )  # fmt: skip


def read_outbox(db: Database, *, whole: bool = False) -> list[Delivery]:
    """What committed runs want sent, the oldest first; or everything that was ever asked for."""
    where = "" if whole else f" WHERE runs.status = 'committed' AND outbox.state IN {OPEN}"
    return [_delivery(row) for row in db.execute(FOUND + where + ORDER).fetchall()]


def read_delivery(db: Database, key: str) -> Delivery:
    """The delivery of that key, or the only one whose key begins so."""
    found = [each for each in read_outbox(db, whole=True) if each.key.startswith(key)]
    exact = [each for each in found if each.key == key] or found
    if len(exact) == 1:
        return exact[0]
    keys = [each.key for each in read_outbox(db)]
    said = f"several deliveries begin with {key!r}" if exact else f"there is no delivery {key!r}"
    raise UsageError(
        said,
        hint=did_you_mean(key, keys) or "`tinyllm runs outbox list` shows what waits",
        code="DELIVERY_UNKNOWN",
    )


def drop(db: Database, key: str, clock: Clock) -> Delivery:
    """A person decides that it is not sent any more."""
    found = read_delivery(db, key)
    if found.state == "sending" and not found.open_to(clock.now(), again=True):
        raise UsageError(
            f"{found.key} is just being sent", hint="look again in a moment", code="DELIVERY_BUSY"
        )
    if found.state not in OPEN:
        raise UsageError(
            f"{found.key} was {found.state} already", hint="there is nothing to drop", code="DELIVERY_OVER"
        )
    db.execute("UPDATE outbox SET state = 'dropped', lease = 0 WHERE key = :key", {"key": found.key})
    _file(db, Event("delivery", data=_said(replace(found, state="dropped")), at=clock.now()), found.run)
    return replace(found, state="dropped")


def refuse_while_sending(db: Database, run: str, clock: Clock) -> None:
    """A run cannot be taken back in the moment in which something of it leaves."""
    rows = db.execute(
        FOUND + " WHERE outbox.run = :run AND outbox.state = 'sending'", {"run": run}
    ).fetchall()
    for each in map(_delivery, rows):
        if not each.open_to(clock.now(), again=False):
            raise UsageError(
                f"{each.tool} of the run {run} is just being sent",
                hint="try again in a moment",
                code="DELIVERY_BUSY",
            )


def left_the_house(db: Database, run: str) -> list[str]:
    """What cannot be taken back any more, as sentences."""
    rows = db.execute(
        "SELECT tool, state FROM outbox WHERE run = :run AND state IN ('sent', 'sending') ORDER BY number",
        {"run": run},
    ).fetchall()
    how = {"sent": "was sent", "sending": "may have been sent"}
    return [f"{tool} {how[state]}, and that is not taken back" for tool, state in rows]


def _said(each: Delivery) -> dict[str, Any]:
    told: dict[str, Any] = {"tool": each.tool, "state": each.state, "tries": each.tries, "key": each.key}
    return {**told, "because": each.error} if each.error else told


def _file(db: Database, event: Event, run: str) -> None:
    # One at a time: the row of the run is ours until the transaction ends.
    db.execute("UPDATE runs SET updated = updated WHERE id = :run", {"run": run})
    db.execute(
        "INSERT INTO events (run, seq, at, kind, node, data) SELECT :run, coalesce(max(seq), 0) + 1, :at,"
        " :kind, '', :data FROM events WHERE run = :run",
        {"run": run, "at": event.at, "kind": event.kind, "data": packed(event.data)},
    )


@dataclass
class Relay:
    """Sends what waits. Any number of them may work on one outbox."""

    store: Store
    deliver: Deliver
    clock: Clock = CLOCK
    tell: Told = lambda _: None
    retries: Retries = field(init=False)

    def __post_init__(self) -> None:
        self.retries = Retries(self.clock)

    async def pass_over(
        self, keys: Sequence[str] = (), *, again: bool = False, limit: float = float("inf")
    ) -> list[Delivery]:
        """One look at everything that is due, one after the other; what became of each."""
        until = self.clock.monotonic() + limit
        found = await self.store.read(read_outbox)
        done = []
        for each in found:
            if self.clock.monotonic() >= until:
                break
            if (not keys or each.key in keys) and each.open_to(self.clock.now(), again=again):
                done.append(await self._sent(each, until))
        return [each for each in done if each is not None]

    async def _sent(self, each: Delivery, until: float) -> Delivery | None:
        """None when another relay was faster, or the run was taken back meanwhile."""
        mine = await self._claimed(each)
        while mine is not None:
            ended, wait = await self._tried(mine, until)
            if wait is None:
                return ended
            await self.clock.sleep(wait)
            mine = await self._claimed(ended)
        return None

    async def _claimed(self, each: Delivery) -> Delivery | None:
        claim = secrets.token_hex(8)
        lease = self.clock.now() + LEASE
        values = {"key": each.key, "was": each.claim, "state": each.state, "claim": claim, "lease": lease}

        def take(db: Database) -> bool:
            return bool(db.execute(CLAIM, {**values, **Owner.me().as_values()}).rowcount)

        if not await self.store.write(take):
            return None
        return replace(each, state="sending", claim=claim, tries=each.tries + 1, lease=lease)

    async def _tried(self, mine: Delivery, until: float) -> tuple[Delivery, float | None]:
        """One try; and how long to wait for the next one, if there is to be one now."""
        try:
            await self.deliver(mine.tool, mine.arguments, mine.key)
        except TinyError as failure:
            wait = self.retries.wait(failure, mine.tries, mine.tool, until - self.clock.monotonic())
            return await self._settled(self._failed(mine, failure)), wait
        except BaseException:
            # Stopped in the middle: it may have arrived, and is sent again under the same key.
            await asyncio.shield(self._settled(replace(mine, state="waits")))
            raise
        failpoints.hit("effect.called")
        return await self._settled(replace(mine, state="sent", error="", sent=self.clock.now())), None

    def _failed(self, mine: Delivery, failure: TinyError) -> Delivery:
        """Tried again later when that can help, with the patience that the other side asks for."""
        said = str(failure)[:500]
        hopeful = failure.deserves.retry in WORTH or failure.kind in ("timeout", "retryable")
        if not hopeful or mine.tries >= MOST:
            return replace(mine, state="failed", error=said)
        later = min(LATEST, LATER * 2 ** (mine.tries - 1)) * self.clock.chance.uniform(0.8, 1.2)
        return replace(
            mine, state="waits", due=self.clock.now() + max(later, failure.retry_after or 0.0), error=said
        )

    async def _settled(self, each: Delivery) -> Delivery:
        event = Event("delivery", data=_said(each), at=self.clock.now())
        values = {name: getattr(each, name) for name in ("key", "claim", "state", "due", "error", "sent")}

        def settle(db: Database) -> None:
            if db.execute(SETTLE, values).rowcount:
                _file(db, event, each.run)

        await self.store.write(settle)
        self.tell(event)
        return each
