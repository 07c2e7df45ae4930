"""What is kept of replies: looked up by the request, handed to the run that asked, and held within bounds."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pydantic import TypeAdapter

from tinyllm.cache import rows
from tinyllm.cache.digests import Digests
from tinyllm.errors import TinyError
from tinyllm.models import Models, Reply
from tinyllm.redaction import hidden, known_secrets
from tinyllm.running import current, emit
from tinyllm.store import Store, packed

LARGEST = 256_000  # characters of a reply; a longer one has gone wrong, or is not asked for twice
MEGABYTE = 1_000_000
REPLY = TypeAdapter(Reply)  # whoever can write a row can write its checksum: what is kept may be anything
EVERY = 64  # replies that are kept between two looks at how many there are


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply of before, and whose it was."""

    reply: Reply
    by: str  # the run that asked for it
    in_words: bool  # its tools were described in the prompt


@dataclass
class Cache:
    """The replies of one database."""

    store: Callable[[], Store]  # opened when it is needed
    digests: Digests
    limit: float = 64.0  # megabytes
    fresh: int = 0  # replies kept since the last sweep
    grown: int = 0  # their characters
    swept: bool = False  # once in this process: the one before may have ended without

    @classmethod
    def of(cls, models: Models, store: Callable[[], Store]) -> "Cache | None":
        """Unless it is switched off. Of a model that somebody made nobody knows which one it is."""
        settings = models.settings
        if settings.cache == "off":
            return None
        return cls(store, Digests(settings, models.clock, asks=models.make is None), settings.cache_size)

    async def look(self, key: str) -> Kept | None:
        """One indexed read; what is damaged is dropped, and what cannot be read is not there."""
        try:
            row = await self.store().read(lambda db: db.execute(rows.LOOK, {"key": key}).fetchone())
        except TinyError:  # the call that follows is worth more than what it would have saved
            return None
        return None if row is None else await self._read(key, *row)

    async def _read(self, key: str, run: str, digest: str, body: str, crc: int) -> Kept | None:
        with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
            if rows.crc_of({"key": key, "digest": digest, "body": body}) == crc:
                value = json.loads(body)
                return Kept(REPLY.validate_python(value), run, bool(value["in_words"]))
        emit("note", text="a reply that was kept is damaged: it is dropped, and asked for again")
        with contextlib.suppress(TinyError):
            await self.store().write(lambda db: db.execute(rows.DROP, {"key": key, "run": run}).rowcount)
        return None

    def keep(self, key: str, digest: str, reply: Reply, *, in_words: bool) -> None:
        """Others see it when the run is committed; without a run there is nothing that could be."""
        body = packed({**reply.as_dict(), "in_words": in_words})
        if not current().id or len(body) > LARGEST or _tells(reply):
            return
        self.fresh += 1
        self.grown += len(body) + rows.EXTRA
        emit("kept", key=key, model=reply.model, digest=digest, body=body)

    def used(self, key: str, kept: Kept) -> None:
        """It is written with the run's next write, not at once."""
        emit("kept", key=key, by=kept.by)

    async def sweep(self) -> int:
        """Outside of any call: what is over the limit goes, the least recently used first; how many bytes."""
        self.fresh, self.grown, self.swept = 0, 0, True
        limit = int(self.limit * MEGABYTE)
        freed = 0
        with contextlib.suppress(TinyError):  # a store that is busy or full is swept another time
            store = self.store()
            held = await store.read(rows.size)
            while held - freed > limit:
                more = await store.write(partial(rows.sweep, limit=limit, held=held - freed))
                if not more:
                    break
                freed += more
        return freed


def _tells(reply: Reply) -> bool:
    """There is what looks like a secret in it, or what is called one: in its values, or as they are packed."""
    calls = list(reply.tool_calls)
    said = [reply.text, reply.thinking, calls, packed(calls)]
    return bool(hidden(said, known_secrets()) != said)


async def tidy(cache: Cache | None, least: int = 1) -> None:
    """Those that are over the limit go: when so many were kept since the last look, or a tenth of it, or the first one."""
    if cache is None or not cache.fresh:
        return
    if cache.fresh >= least or not cache.swept or cache.grown >= cache.limit * MEGABYTE * (1 - rows.DOWN_TO):
        await cache.sweep()
