"""deadline( fall back( retry( breaker( attempt timeout( call ))))), and repair beside retry."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tinyllm.errors import BadReply, CircuitOpen, Permanent, TinyError, Unavailable
from tinyllm.guard.attempt import Attempts, Request
from tinyllm.guard.breaker import AT_ONCE, Breakers
from tinyllm.guard.prompted import prompted, recovered, understood
from tinyllm.guard.repair import REPAIRS, repaired
from tinyllm.guard.replies import examined
from tinyllm.guard.retry import Retries
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.running import current, emit, time_left

T = TypeVar("T")
Read = Callable[[Reply], T]

ABSENT = 60.0  # seconds a model that the server does not have is not asked for
REFUSALS = 2  # a second model that declines is believed


@dataclass
class Guard:
    """The chain of models that one question may go down."""

    models: Models
    entries: Mapping[str, Entry] = field(default_factory=dict)
    breakers: Breakers = field(default_factory=Breakers)
    absent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = self.models.clock
        self.retries = Retries(self.clock)
        self.attempts = Attempts(self.models, self.breakers)

    def chain(self, key: str) -> Iterator[Entry]:
        """Who is asked, in this order: the entry, who falls back for it, its tier, the tiers above, those below."""
        first = self.entry(current().model or key)
        seen: set[str] = set()
        entry: Entry | None = first
        while entry is not None and entry.name not in seen:
            seen.add(entry.name)
            yield entry
            entry = self.entry(entry.fallback) if entry.fallback else None
        if current().model:
            return
        for other in sorted(
            self.entries.values(), key=lambda e: (e.tier < first.tier, abs(e.tier - first.tier))
        ):
            if other.name not in seen:
                seen.add(other.name)
                yield other

    def entry(self, key: str) -> Entry:
        """The entry of that name; a bare model name is an entry of its own."""
        key = key or ("general" if "general" in self.entries else self.models.settings.model)
        return self.entries.get(key) or Entry(key=key, name=key)

    async def ask(self, key: str, ask: Ask, read: Read[T]) -> T:
        """What `read` makes of the first reply that it can read, from the first model that gives one."""
        failures: list[TinyError] = []
        request = Request()
        for entry in self.chain(key):
            if failures:
                emit("fallback", model=entry.name, because=failures[-1].as_dict())
            try:
                return await self._asked(entry, ask, read, request)
            except TinyError as failure:
                if not failure.deserves.falls_back:
                    raise
                failures.append(failure)
                if self._hopeless(failure, failures):
                    break
        raise self._told(failures)

    def _hopeless(self, failure: TinyError, failures: list[TinyError]) -> bool:
        """All models live on one server: when it is not there, none of them is. And two refusals are an answer."""
        host = self.models.settings.ollama_host
        gone = failure.code in AT_ONCE or (
            isinstance(failure, CircuitOpen) and failure.message.startswith(host)
        )
        return gone or [each.code for each in failures].count("REFUSAL") >= REFUSALS

    def _told(self, failures: list[TinyError]) -> TinyError:
        missing = [failure for failure in failures if failure.code == "MODEL_NOT_FOUND"]
        if len(missing) < len(failures):
            return next(failure for failure in failures if failure.code != "MODEL_NOT_FOUND")
        names = list(dict.fromkeys(entry.name for entry in self.chain("")))
        return Unavailable(
            f"no model of this graph is installed at {self.models.settings.ollama_host}",
            hint=f"tinyllm models pull {self.models.settings.model if len(names) != 1 else names[0]}",
            where=current().node,
            code="MODEL_NOT_FOUND",
        )

    async def _asked(self, entry: Entry, ask: Ask, read: Read[T], request: Request) -> T:
        """One model: retried when it may help, repaired when the reply was bad."""
        self._here(entry)
        tried = mended = 0
        asked = await self._fitting(entry, ask)
        while True:
            said = ""
            try:
                reply = await self.attempts.make(entry, asked, request)
                said = reply.text
                value = read(self._good(reply, ask, asked, entry))
                self.retries.earn(entry.name)
                return value
            except TinyError as failure:
                failure.at(current().node)
                self._missed(entry, failure)
                if request.shown:
                    emit("again", because=failure.message)
                    request.shown = False
                if failure.deserves.retry == "repair" and mended < REPAIRS:
                    mended += 1
                    self._said(entry, failure)
                    asked = repaired(asked, entry, failure, said, self.clock)
                    continue
                tried += 1
                wait = self.retries.wait(failure, tried, entry.name, time_left(float("inf")))
                if wait is None:
                    raise
                emit("retry", model=entry.name, seconds=round(wait, 2), because=failure.as_dict())
                await self.clock.sleep(wait)

    def _good(self, reply: Reply, ask: Ask, asked: Ask, entry: Entry) -> Reply:
        length = sum(len(str(message.get("content", ""))) for message in asked.messages)
        reply = examined(
            reply, length, int(asked.options.get("num_ctx") or entry.num_ctx or self.models.settings.num_ctx)
        )
        if ask.tools and not asked.tools:
            return understood(reply, asked)
        return recovered(reply, asked)

    async def _fitting(self, entry: Entry, ask: Ask) -> Ask:
        """The request in a form that the model takes: asked beforehand, not found out by failing."""
        if not ask.tools:
            return ask
        try:
            can = await self.models.capabilities(entry.name)
        except TinyError:
            return ask  # the call itself will say what is wrong
        return prompted(ask) if can and "tools" not in can else ask

    def _here(self, entry: Entry) -> None:
        if self.absent.get(entry.name, 0.0) > self.clock.monotonic():
            raise self._absent(entry)

    def _missed(self, entry: Entry, failure: TinyError) -> None:
        if failure.code == "MODEL_NOT_FOUND":
            self.absent[entry.name] = self.clock.monotonic() + ABSENT

    def _absent(self, entry: Entry) -> TinyError:
        return Permanent(
            f"{entry.name} is not installed",
            hint=f"tinyllm models pull {entry.name}",
            where=current().node,
            code="MODEL_NOT_FOUND",
        )

    def _said(self, entry: Entry, failure: TinyError) -> None:
        if isinstance(failure, BadReply):
            emit("failure", model=entry.name, **failure.as_dict())
