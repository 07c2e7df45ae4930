"""Who may ask a model now: one queue for each server that this process asks, on each event loop.

Between retry and breaker: waiting is no slowness of the model, and no attempt's time; it is the run's time.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from tinyllm.clock import Clock
from tinyllm.errors import Retryable, TimedOut, TinyError
from tinyllm.guard.queue_line import RANKS, Line, Waiter
from tinyllm.guard.queue_turns import Turns
from tinyllm.guard.queue_window import Window
from tinyllm.guard.sharing import flight
from tinyllm.models import Models, Reply
from tinyllm.ollama import full, loaded, same
from tinyllm.running import current, emit, time_left
from tinyllm.settings import Settings

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from types import TracebackType

Look = Callable[[], Awaitable[list[str]]]  # the models that the server holds

FULL: Final = "MODEL_QUEUE_FULL"
FOREVER: Final = float("inf")
NOBODY: Final[Any] = None


@dataclass(eq=False)
class Queue:
    """The requests for one server."""

    clock: Clock
    look: Look | None = None  # nothing: the server does not say what it holds, and all is there
    lines: dict[str, Line] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.turns = Turns(self.lines)
        self._looking: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def line(self, model: str, slots: int, whose: object = None) -> Line:
        """The line of that model; of the numbers that several set, the smallest counts as long as its owner lives."""
        key = full(model)
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = Line(key, Window())
            if self.look is None:
                self.turns.loaded[key] = None
        line.wants[whose or line] = slots
        line.window.fixed = min(filter(None, line.wants.values()), default=0)
        return line

    def join(self, line: Line, most: int, policy: str) -> Waiter:
        """A place in the line; or a refusal, of this request or of the one that makes room for it."""
        running = current()
        led = flight()  # others may wait for the same reply
        rank = RANKS[led.priority if led is not None else running.priority]
        if (
            self.turns.coming is None
            and line.model in self.turns.loaded
            and line.free
            and not any(line.counts)
        ):
            waiter = Waiter(line, running, 0.0, rank, NOBODY)  # nothing is to be decided
            line.sends(waiter)
            return waiter
        loop = asyncio.get_running_loop()
        waiter = Waiter(line, running, self.clock.monotonic(), rank, loop.create_future())
        if policy != "wait" and line.before(rank) >= most:
            self._displace(line, rank, most, policy)
        line.join(waiter)
        self.pump()
        return waiter

    def lift(self, waiter: Waiter, rank: int) -> None:
        """Somebody more urgent waits for the same."""
        if waiter.state == "waits" and rank < waiter.rank:
            waiter.line.lift(waiter, rank)
            self.pump()

    def _displace(self, line: Line, rank: int, most: int, policy: str) -> None:
        among = list(line.of(rank))
        if policy == "refuse" or not among:
            raise refusal(line, most, "this one is refused", current().node)
        chosen = (min if policy == "drop_oldest" else max)(among, key=lambda waiter: waiter.number)
        which = "oldest" if policy == "drop_oldest" else "newest"
        what = f"the {which} one, this request, made room for another"
        self._end(chosen, refusal(line, most, what, chosen.running.node))

    def _end(self, waiter: Waiter, failure: TinyError) -> None:
        waiter.line.out(waiter, "gone")
        if not waiter.told.done():
            waiter.told.set_exception(failure)
            waiter.told.exception()  # whoever waited may have gone, and left nobody to hear it

    def pump(self) -> None:
        """Let everybody go who may."""
        if not any(any(line.counts) for line in self.lines.values()):
            self._quiet()
            return
        now = self.clock.monotonic()
        while (waiter := self.turns.next(now)) is not None:
            if waiter.running.left() <= 0:
                self._end(waiter, out_of_time(waiter.line, waiter.running.node))
            elif waiter.told.cancelled():
                waiter.line.out(waiter, "gone")
            else:
                self.turns.goes(waiter.line, now)
                waiter.line.out(waiter, "goes")
                waiter.told.set_result(None)
        self._mind(now)

    def _mind(self, now: float) -> None:
        """What is to happen although no request comes or goes."""
        if not any(any(line.counts) for line in self.lines.values()):
            self._quiet()
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        if seconds := self.turns.until(now):
            self._timer = loop.call_later(seconds, self.pump)
        if self.look is not None and self._looking is None and self.turns.wonders(now):
            self._looking = loop.create_task(self._looked(self.look))

    def _quiet(self) -> None:
        """Nobody waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _looked(self, look: Look) -> None:
        held = None
        with contextlib.suppress(TinyError):  # then it goes by what was sent
            held = await look()
        self._looking = None
        self.turns.asked = now = self.clock.monotonic()
        if held is None:
            self.turns.unsure = False
        else:
            self.turns.seen(map(full, held), now)
        self.pump()

    def leave(self, waiter: Waiter) -> None:
        """Its place is free, whether it waits or is under way."""
        if waiter.state == "waits":
            waiter.line.out(waiter, "gone")
        elif waiter.state == "goes":
            waiter.state = "gone"
            waiter.line.flying -= 1
            waiter.line.used = self.clock.monotonic()
            waiter.line.loading = waiter.line.loading and waiter.line.flying > 0
        else:
            return
        self.pump()

    def heard(self, waiter: Waiter, reply: Reply) -> None:
        self.turns.answered(waiter.line, reply.load, self.clock.monotonic())
        waiter.line.window.heard(waiter.peers, reply.worked, reply.waited)


@dataclass(eq=False, slots=True)
class Place:
    """`async with`: from the first moment of waiting to the end of the call."""

    queue: Queue
    line: Line
    host: str
    most: int
    policy: str
    waiter: Waiter | None = None

    async def __aenter__(self) -> "Place":
        self.waiter = waiter = self.queue.join(self.line, self.most, self.policy)
        if waiter.state != "goes":
            try:
                await self._waited(waiter)
            except BaseException:
                self.queue.leave(waiter)
                raise
        return self

    async def _waited(self, waiter: Waiter) -> None:
        before = max(0, self.line.before(waiter.rank) - 1)
        place = {"model": self.line.model, "host": self.host, "before": before}
        emit("waits", **place)
        if led := flight():
            led.raised.append(lambda priority: self.queue.lift(waiter, RANKS[priority]))
        left = time_left(FOREVER)
        try:
            async with asyncio.timeout(left if left < FOREVER else None):
                await waiter.told
        except TimeoutError:
            raise out_of_time(self.line, waiter.running.node) from None
        finally:
            emit("queued", **place, seconds=round(self.queue.clock.monotonic() - waiter.since, 3))

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        assert self.waiter is not None
        if isinstance(failure, TinyError):
            self.line.failed = True
            if overrun(failure):
                self.line.window.overrun()
        self.queue.leave(self.waiter)

    def heard(self, reply: Reply) -> None:
        assert self.waiter is not None
        self.queue.heard(self.waiter, reply)


Key = tuple[str, int]
_QUEUES: "WeakKeyDictionary[AbstractEventLoop, dict[Key, Queue]]" = WeakKeyDictionary()


def place(models: Models, name: str) -> Place | None:
    """A place in the queue of that model; none where the models are the caller's own and no number was set."""
    settings = models.settings
    if models.make is not None and not settings.slots:
        return None
    queue = _found(models)
    if queue is None:
        queue = Queue(models.clock, _look(models.settings) if models.make is None else None)
        _QUEUES[asyncio.get_running_loop()][_key(models)] = queue
    queue.turns.longest = settings.load_timeout
    line = queue.line(name, settings.slots, models)
    return Place(queue, line, settings.ollama_host, settings.queue, settings.queue_full)


def busy(models: Models) -> bool:
    """Somebody is asking that server: whoever comes now may have to wait."""
    queue = _found(models)
    return queue is not None and any(line.flying or any(line.counts) for line in queue.lines.values())


def _found(models: Models) -> Queue | None:
    return _QUEUES.setdefault(asyncio.get_running_loop(), {}).get(_key(models))


def _key(models: Models) -> Key:
    return same(models.settings.ollama_host), id(models.make)


def _look(settings: Settings) -> Look:
    async def look() -> list[str]:
        return [str(each["name"]) for each in await loaded(settings)]

    return look


def overrun(failure: TinyError) -> bool:
    """The server had too much to do; that the run had no time left says nothing."""
    slow = failure.kind == "timeout" and failure.code != "DEADLINE_EXCEEDED"
    return slow or failure.code == "MODEL_SERVER_BUSY"


def refusal(line: Line, most: int, what: str, where: str) -> TinyError:
    return Retryable(
        f"{most} {'request waits' if most == 1 else 'requests wait'} for {line.model} already: {what}",
        hint="ask later or less at once, or raise `queue`; `queue_full` says what happens then",
        where=where,
        code=FULL,
        retry="none",
        breaker=False,
    )


def out_of_time(line: Line, where: str) -> TinyError:
    return TimedOut(
        f"the run's time was used up while it waited for {line.model}",
        hint="give it more with --timeout SECONDS, or ask less at once",
        where=where,
        code="DEADLINE_EXCEEDED",
        breaker=False,
        retry="none",
    )
