"""A request that always gets the same reply: answered by what is kept, by a call that is under way, or by one of our own."""

from dataclasses import dataclass, replace
from typing import TypeVar

from tinyllm.cache import Cache, deterministic, key_of
from tinyllm.errors import TinyError
from tinyllm.guard.attempt import Attempts, Use, absent
from tinyllm.guard.prompted import prompted
from tinyllm.guard.queue import busy
from tinyllm.guard.request import Request
from tinyllm.guard.sharing import Flights
from tinyllm.models import Ask, Entry, Reply
from tinyllm.running import current, emit

T = TypeVar("T")


@dataclass
class Known:
    """One attempt, the cheapest way; whatever comes is judged like a fresh reply."""

    attempts: Attempts
    flights: Flights
    cache: Cache | None = None

    async def make(self, entry: Entry, ask: Ask, request: Request, use: Use[T]) -> T:
        request.missed = False
        if request.drawn or not deterministic(entry, ask):
            await self._there(entry)
            return await self.attempts.make(entry, ask, request, use)
        digest = await self.digest(entry)
        await self._there(entry)
        wanted = self.attempts.models.wanted(entry, ask)
        key = key_of(digest or f"name {entry.name}", ask, wanted, in_words=request.in_words)
        if digest and (found := await self._kept(key, entry, ask, request, use)):
            return found[0]
        while under_way := self.flights.find(key):
            under_way.join(current().priority)
            if heard := await under_way.landed():
                value = self._shared(*heard, entry, ask, request, use)
                await self._keep(key, digest, entry, ask, *heard)  # who called may be rolled back, and we not
                return value
        return await self._called(key, digest, entry, ask, request, use)

    async def require(self, entry: Entry) -> None:
        """Nobody queues for what the server says it does not have; who would have to wait asks it first."""
        if busy(self.attempts.models):
            await self.digest(entry)
        if self.cache is not None and self.cache.digests.lacks(entry.name):
            raise absent(entry.name).at(current().node)

    async def _there(self, entry: Entry) -> None:
        try:
            await self.require(entry)
        except TinyError as failure:
            emit("failure", model=entry.name, seconds=0.0, **failure.as_dict())
            raise

    async def digest(self, entry: Entry) -> str:
        """Which model it is; nothing while there is no cache, or its server rests and is not to be asked."""
        if self.cache is None:
            return ""
        digests = self.cache.digests
        if digests.stale and not await self.attempts.breakers.closed(
            self.attempts.models.settings.ollama_host
        ):
            return ""
        return await digests.of(entry.name)

    async def _kept(self, key: str, entry: Entry, ask: Ask, request: Request, use: Use[T]) -> tuple[T] | None:
        """What was said before, when it is good enough here as well."""
        assert self.cache is not None
        request.missed = True
        place = (current().node, key)
        served: set[tuple[str, str]] | None = current().extra.get("served")
        # A node that asks the same again was sent back: what it was told before was not good enough.
        if served is not None and place in served:
            return None
        started = current().clock.monotonic()
        kept = await self.cache.look(key)
        if kept is None:
            return None
        sent = prompted(ask) if kept.in_words else ask
        try:
            value = use(
                replace(kept.reply, entry=entry.key, seconds=current().clock.monotonic() - started), sent
            )
        except TinyError:
            return None
        request.missed = False
        if served is not None:
            served.add(place)
        self.cache.used(key, kept)
        _told(kept.reply, entry, ask, request)
        return (value,)

    def _shared(self, reply: Reply, sent: Ask, entry: Entry, ask: Ask, request: Request, use: Use[T]) -> T:
        """What another one was just told."""
        request.said = reply.text
        try:
            value = use(replace(reply, entry=entry.key), sent)
        except TinyError as failure:
            failure.at(current().node)
            emit("failure", model=entry.name, **failure.as_dict())
            raise
        request.missed = False
        _told(reply, entry, ask, request, shared=True)
        return value

    async def _called(
        self, key: str, digest: str, entry: Entry, ask: Ask, request: Request, use: Use[T]
    ) -> T:
        heard: list[tuple[Reply, Ask]] = []
        with self.flights.lead(key) as flight:

            def first(reply: Reply, sent: Ask) -> T:
                flight.land(reply, sent)
                value = use(reply, sent)
                heard.append((reply, sent))
                return value

            value = await self.attempts.make(entry, ask, request, first)
        await self._keep(key, digest, entry, ask, *heard[-1])
        return value

    async def _keep(self, key: str, digest: str, entry: Entry, ask: Ask, reply: Reply, sent: Ask) -> None:
        """Unless the name has come to mean another model meanwhile: it may be that one that answered."""
        if digest and self.cache is not None and await self.cache.digests.still(entry.name, digest):
            self.cache.keep(key, digest, reply, in_words=bool(ask.tools and not sent.tools))


def _told(reply: Reply, entry: Entry, ask: Ask, request: Request, *, shared: bool = False) -> None:
    """Who watches gets the text in one piece; what it cost, it cost before."""
    if ask.token is not None and reply.text:
        request.shown = True
        ask.token(reply.text)
    emit(
        "cached",
        model=reply.model,
        entry=entry.key,
        hit=True,
        shared=shared,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        seconds=round(reply.seconds, 3),
    )
