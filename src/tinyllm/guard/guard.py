"""deadline( fall back( retry( known already( queue( breaker( attempt timeout( call ))))))), and repair beside retry."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from tinyllm.cache import Cache
from tinyllm.effects import current_ledger, perform
from tinyllm.errors import NotAnswered, TinyError, Unavailable
from tinyllm.guard.attempt import OF_THE_HOST, Attempts, Use, absent
from tinyllm.guard.breaker import Breakers, Resting
from tinyllm.guard.embedding import embedded
from tinyllm.guard.known import Known
from tinyllm.guard.prompted import called, understood
from tinyllm.guard.queue import FULL
from tinyllm.guard.queue_warm import warm
from tinyllm.guard.repair import REPAIRS, repaired
from tinyllm.guard.replies import examined
from tinyllm.guard.request import Request
from tinyllm.guard.retry import Retries
from tinyllm.guard.sharing import Flights
from tinyllm.memory.counting import Ratios
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.running import current, emit

T = TypeVar("T")
Read = Callable[[Reply], T]

ABSENT = 60.0  # seconds a model that the server does not have is not asked for
REFUSALS = 2  # a second model that declines is believed
OF_TOOLS = ("TOOL_CALL_UNPARSABLE", "TOOL_UNKNOWN")


@dataclass
class Guard:
    """The chain of models that one question may go down."""

    models: Models
    entries: Mapping[str, Entry] = field(default_factory=dict)
    breakers: Breakers = field(default_factory=Breakers)
    absent: dict[str, float] = field(default_factory=dict)
    ratios: Ratios = field(default_factory=Ratios)
    cache: Cache | None = None
    flights: Flights = field(default_factory=Flights)

    def __post_init__(self) -> None:
        self.clock = self.models.clock
        self.retries = Retries(self.clock)
        self.attempts = Attempts(self.models, self.breakers, self.ratios)

    @cached_property
    def known(self) -> Known:
        return Known(self.attempts, self.flights, self.cache)

    def chain(self, key: str, among: Sequence[str] = ()) -> Iterator[Entry]:
        """Who is asked, in this order: the entry, who falls back for it, its tier, the tiers above, those below.

        `among` names all who may be asked instead: an opinion counts only when it is somebody else's.
        """
        if among and not current().model:
            yield from map(self.entry, dict.fromkeys(among))
            return
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

    async def warm(self, key: str) -> None:
        """Have the model in memory that is asked next."""
        await warm(self.models, self.entry(current().model or key))

    async def embed(self, name: str, texts: Sequence[str]) -> list[list[float]]:
        """The meaning of each text as a vector; asked once, for whoever can do without."""
        entry = Entry(key=name, name=name)
        await self.known.require(entry)
        return await embedded(self.attempts, entry, texts)

    async def context(self, key: str) -> dict[str, float]:
        """How many tokens the model can hold, and how many letters make one of them."""
        entry = self.entry(current().model or key)
        tokens = entry.num_ctx or self.models.settings.num_ctx
        try:
            trained = await self.models.length(entry.name)
        except TinyError:  # the call itself will say what is wrong
            trained = 0
        return {"tokens": min(tokens, trained or tokens), "ratio": self.ratios.of(entry.name)}

    async def ask(self, key: str, ask: Ask, read: Read[T], among: Sequence[str] = ()) -> T:
        """What `read` makes of the first reply that it can read; in a resumed run, of what was said before."""
        if current_ledger() is None:
            return await self._first(key, ask, read, among)

        def readable(reply: Reply) -> Reply:
            read(reply)
            return reply

        async def fresh(_key: str) -> dict[str, Any]:
            return (await self._first(key, ask, readable, among)).as_dict()

        request = {"model": self.entry(current().model or key).name, **ask.as_dict()}
        return read(Reply.again(await perform("model", "model", request, fresh)))

    async def _first(self, key: str, ask: Ask, read: Read[T], among: Sequence[str] = ()) -> T:
        """From the first model that gives a reply that can be read."""
        failures: list[TinyError] = []
        request = Request()
        entries = list(self.chain(key, among))
        for entry in entries:
            if failures:
                emit("fallback", model=entry.name, because=failures[-1].as_dict())
            try:
                return await self._asked(entry, ask, read, request, alone=entry is entries[-1])
            except TinyError as failure:
                failures.append(failure)
                if not _another_may(failure):
                    raise
                if self._hopeless(failures):
                    break
        raise self._told(failures, entries)

    def _hopeless(self, failures: list[TinyError]) -> bool:
        """All models live on one server: when it is not there, none of them is. And two refusals are an answer."""
        last, host = failures[-1], self.models.settings.ollama_host
        gone = last.code in OF_THE_HOST or (isinstance(last, Resting) and last.target == host)
        return gone or [each.code for each in failures].count("OUTPUT_REFUSED") >= REFUSALS

    def _told(self, failures: list[TinyError], asked: Sequence[Entry]) -> TinyError:
        missing = [failure for failure in failures if failure.code == "MODEL_NOT_FOUND"]
        if len(missing) < len(failures):
            return _to_standard(next(each for each in failures if each.code != "MODEL_NOT_FOUND"))
        names = list(dict.fromkeys(entry.name for entry in asked))
        ours = list(dict.fromkeys(entry.name for entry in self.chain("")))
        all_ = set(ours) <= set(names)
        said = (
            "no model of this graph is"
            if all_
            else f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not"
        )
        first = names[0] if not all_ else ours[0] if len(ours) == 1 else self.models.settings.model
        return Unavailable(
            f"{said} installed at {self.models.settings.ollama_host}",
            hint=f"tinyllm models pull {first}",
            where=current().node,
            code="MODEL_NOT_FOUND",
        )

    async def _asked(self, entry: Entry, ask: Ask, read: Read[T], request: Request, alone: bool) -> T:
        """One model: retried when it may help, repaired when the reply was bad."""
        await self._here(entry)
        request.in_words = request.drawn = False
        tried = mended = 0
        before: TinyError | None = None
        while True:
            try:
                value = await self.known.make(entry, ask, request, self._use(entry, ask, read))
            except TinyError as failure:
                if before is not None and isinstance(failure, Resting) and failure.target == entry.name:
                    raise before from None  # the rest began with this very failure
                self._noted(entry, failure, request)
                better = self._better(entry, ask, failure, request, mended)
                if better is not None:
                    ask, mended = better, mended + 1
                    continue
                tried, before = tried + 1, failure
                wait = self.retries.wait(failure, tried, entry.name, current().left(), alone)
                if wait is None:
                    raise
                emit("retry", model=entry.name, seconds=round(wait, 2), because=failure.as_dict())
                await self.clock.sleep(wait)
            else:
                self.retries.earn(entry.name)
                return value

    def _use(self, entry: Entry, ask: Ask, read: Read[T]) -> Use[T]:
        """What a reply is worth; judged inside the attempt, so that a bad one is never a success."""

        def use(reply: Reply, sent: Ask) -> T:
            num_ctx = int(sent.options.get("num_ctx") or entry.num_ctx or self.models.settings.num_ctx)
            good = examined(reply, sent, num_ctx)
            in_words = ask.tools and not sent.tools
            return read(understood(good, sent) if in_words else called(good, ask))

        return use

    def _better(
        self, entry: Entry, ask: Ask, failure: TinyError, request: Request, mended: int
    ) -> Ask | None:
        """The request in another form; nothing when the failure is not the reply's, or it was tried enough."""
        if failure.deserves.retry != "repair" or mended >= REPAIRS:
            return None
        # A call that failed twice in the model's own form may succeed in ours.
        request.in_words = mended > 0 and failure.code in OF_TOOLS
        better = repaired(ask, entry, failure, request.said, self.clock, self.models.settings)
        if better is not None and better.options.get("seed") != ask.options.get("seed"):
            request.drawn = True
        return better

    def _noted(self, entry: Entry, failure: TinyError, request: Request) -> None:
        failure.at(current().node)
        if failure.code == "MODEL_NOT_FOUND":
            self.absent[entry.name] = self.clock.monotonic() + ABSENT
        if request.shown:
            emit("again", because=failure.message)
            request.shown = False

    async def _here(self, entry: Entry) -> None:
        """A model that the server did not have a moment ago is not asked for again; when one is missing, its list is."""
        if self.absent.get(entry.name, 0.0) > self.clock.monotonic():
            raise absent(entry.name).at(current().node)
        if self.absent:
            await self.known.digest(entry)


def _to_standard(failure: TinyError) -> TinyError:
    """Models answered, and no answer could be used: that is not a failure of the machine."""
    if failure.kind == "validation":
        failure.deserves = replace(failure.deserves, exit_code=NotAnswered.policy.exit_code)
        failure.hint = failure.hint or "--trace shows each try; another model: -m MODEL"
    return failure


def _another_may(failure: TinyError) -> bool:
    """May another model do better? Not when the run has no time left, or the request itself is wrong."""
    repairs = failure.deserves.retry == "repair"
    # Nor when too many wait: another model would have to be loaded for the rest of them.
    ours = failure.code in ("DEADLINE_EXCEEDED", FULL)
    return (failure.deserves.falls_back or repairs) and not ours
