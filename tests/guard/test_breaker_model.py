"""The breaker beside a model of it, through any sequence of events: two processes, a jumping clock, restarts."""

import asyncio
import random
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tinyllm.clock import Virtual
from tinyllm.errors import CircuitOpen, Retryable, Unavailable
from tinyllm.guard.breaker import LONGEST, Admitted, Breakers, Memory, Shelf
from tinyllm.guard.shelf import StoreShelf
from tinyllm.store import open_store

T = TypeVar("T")
TARGET = "qwen:1b"
LEASE = 100.0


@dataclass
class Reference:
    """What the manual says, in the fewest words."""

    state: str = "closed"
    failures: int = 0
    began: float = 0.0
    successes: int = 0
    opened: float = 0.0
    probe: "Ticket | None" = None

    def must(self, now: float) -> bool | None:
        """Let a call in now, or not; None where the spread of the cooldown decides."""
        if self.state == "closed":
            return True
        if self.state == "open":
            rested = now - min(self.opened, now)
            return None if 48 <= rested < 72 else rested >= 72
        return not (self.probe and 0 < self.probe.until - now <= LONGEST)

    def admitted(self, ticket: "Ticket", now: float) -> None:
        if self.state == "open":
            self.state, self.successes = "half-open", 0
        if self.state == "half-open":
            self.probe = ticket
            ticket.until = now + LEASE

    def refused(self, now: float) -> None:
        self.opened = min(self.opened, now)  # a clock that stepped back begins the rest anew

    def success(self, ticket: "Ticket") -> None:
        if ticket.call.quiet:
            return
        if self.state == "closed":
            self.failures = 0
        elif self.probe is ticket:
            self.probe = None
            self.successes += 1
            self.failures = 0
            if self.successes == 2:
                self.state, self.successes = "closed", 0

    def failure(self, ticket: "Ticket", now: float, at_once: bool) -> None:
        if self.state == "closed":
            inside = max(0.0, now - ticket.call.at)
            together = self.failures and 0 <= now - inside - self.began <= 60
            self.began = self.began + inside if together else now
            self.failures = self.failures if together else 0
            if at_once or self.failures + 1 == 3:
                self._open(now)
            self.failures += not at_once
        elif self.probe is ticket:
            self._open(now)
            self.failures += not at_once

    def _open(self, now: float) -> None:
        self.state, self.opened, self.successes, self.probe = "open", now, 0, None

    def ignored(self, ticket: "Ticket") -> None:
        if self.probe is ticket:
            self.probe = None


@dataclass(eq=False)
class Ticket:
    call: Admitted
    process: int
    until: float = field(default=0.0)


class Machine(RuleBasedStateMachine):
    """Two processes that share a shelf."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.reference = Reference()
        self.live: list[Ticket] = []

    def shelf(self) -> Shelf:
        return Memory()

    @initialize(seed=st.integers(0, 1 << 20))
    def begin(self, seed: int) -> None:
        self.clock = Virtual(chance=random.Random(seed))
        self.shelves = self.two_shelves()
        self.processes = [Breakers(shelf, self.clock) for shelf in self.shelves]

    def two_shelves(self) -> list[Shelf]:
        shelf = self.shelf()
        return [shelf, shelf]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @rule(process=st.integers(0, 1))
    def call(self, process: int) -> None:
        now = self.clock.now()
        must = self.reference.must(now)
        try:
            (admitted,) = self.run(self.processes[process].admit(TARGET, lasts=LEASE))
        except CircuitOpen:
            assert must is not True
            self.reference.refused(now)
            return
        assert must is not False
        ticket = Ticket(admitted, process)
        self.reference.admitted(ticket, now)
        assert bool(admitted.probe) == (self.reference.probe is ticket)
        self.live.append(ticket)

    def told(self, data: st.DataObject) -> Ticket:
        ticket = data.draw(st.sampled_from(self.live))
        self.live.remove(ticket)
        return ticket

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        ticket = self.told(data)
        self.run(self.processes[ticket.process].succeeded(ticket.call))
        self.reference.success(ticket)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), at_once=st.booleans(), took=st.sampled_from([0.0, 0.0, 5.0, 90.0]))
    def fail(self, data: st.DataObject, at_once: bool, took: float) -> None:
        """A crash at once, a refused connection, or a timeout after a while."""
        ticket = self.told(data)
        self.clock.advance(took)
        failure = Unavailable("gone", code="MODEL_SERVER_DOWN") if at_once else Retryable("crashed")
        self.run(self.processes[ticket.process].failed(ticket.call, failure))
        self.reference.failure(ticket, self.clock.now(), at_once)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def ignore(self, data: st.DataObject) -> None:
        """A bad reply, a busy server, a cancelled call."""
        ticket = self.told(data)
        self.run(self.processes[ticket.process].ignored(ticket.call))
        self.reference.ignored(ticket)

    @rule(seconds=st.sampled_from([0.5, 10.0, 30.0, 50.0, 61.0, 73.0, 101.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.sampled_from([-86_400.0, -3_700.0, -61.0, -5.0, 5.0, 3_700.0]))
    def jump(self, seconds: float) -> None:
        """Somebody sets the clock."""
        self.clock.jump(seconds)

    @rule(process=st.integers(0, 1))
    def die(self, process: int) -> None:
        """A process is killed and started again: what it was doing is never told to anybody."""
        self.processes[process] = Breakers(self.shelves[process], self.clock)
        self.live = [ticket for ticket in self.live if ticket.process != process]

    @invariant()
    def says_what_the_manual_says(self) -> None:
        if not hasattr(self, "processes"):
            return
        seen = []
        for breakers in self.processes:
            row = self.run(breakers.shelf.look([TARGET])).get(TARGET)
            seen.append((row.state, row.failures, row.successes, bool(row.probe)) if row else None)
        reference = self.reference
        expected = (
            reference.state,
            reference.failures,
            reference.successes,
            reference.probe is not None and reference.state == "half-open",
        )
        assert seen[0] == seen[1]
        assert seen[0] == expected or (seen[0] is None and expected == ("closed", 0, 0, False))

    @invariant()
    def at_most_one_probe_is_out(self) -> None:
        if hasattr(self, "clock"):
            now = self.clock.now()
            probes = [t for t in self.live if t.call.probe and self.reference.probe is t and t.until > now]
            assert len(probes) <= 1

    def teardown(self) -> None:
        self.loop.close()


class OnDisk(Machine):
    """The same through two connections to one file."""

    def two_shelves(self) -> list[Shelf]:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "t.db"
        self.stores = [open_store(path, self.clock) for _ in range(2)]
        return [StoreShelf(store) for store in self.stores]

    def teardown(self) -> None:
        for store in getattr(self, "stores", ()):
            store.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()
        super().teardown()


QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]
TestBreakerInMemory = Machine.TestCase
TestBreakerInMemory.settings = settings(
    max_examples=300, stateful_step_count=50, deadline=None, suppress_health_check=QUIET
)
TestBreakerOnDisk = OnDisk.TestCase
TestBreakerOnDisk.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=QUIET
)
