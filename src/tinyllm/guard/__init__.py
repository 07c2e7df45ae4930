"""Survival, in exactly one place: every model call goes through here."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from tinyllm.errors import BadReply, TinyError, Unavailable, classify
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.running import current, emit, time_left

T = TypeVar("T")

REPAIRS = 1  # how often one model is asked again about the form of its reply


@dataclass
class Guard:
    """Deadline, fallback, repair and attempt timeout around each call."""

    models: Models
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def chain(self, key: str) -> Iterator[Entry]:
        """Who is asked, in this order: the entry, who falls back for it, then its tier and the tiers above."""
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

    async def ask(self, key: str, ask: Ask, read: Callable[[Reply], T]) -> T:
        """What `read` makes of the first reply that it can read, from the first model that gives one."""
        failures: list[TinyError] = []
        for entry in self.chain(key):
            if failures:
                emit("fallback", model=entry.name, because=failures[-1].as_dict())
            try:
                return await self._repaired(entry, ask, read)
            except TinyError as failure:
                if not failure.deserves.falls_back:
                    raise
                failures.append(failure)
                # All models live on one server: when it is not there, none of them is.
                if isinstance(failure, Unavailable):
                    break
        raise failures[0]

    async def _repaired(self, entry: Entry, ask: Ask, read: Callable[[Reply], T]) -> T:
        for left in range(REPAIRS, -1, -1):
            try:
                return read(await self._attempt(entry, ask))
            except BadReply as failure:
                if not left or failure.deserves.retry != "repair":
                    raise
                emit("failure", model=entry.name, **failure.as_dict())
                ask = replace(ask, messages=[*ask.messages, *_complaint(failure)])
        raise AssertionError("unreachable")

    async def _attempt(self, entry: Entry, ask: Ask) -> Reply:
        limit = time_left(entry.timeout or self.models.settings.call_timeout)
        try:
            async with asyncio.timeout(limit):
                reply = await self.models.ask(entry, ask)
        except Exception as failure:
            named = self._named(failure, entry, limit)
            emit("failure", model=entry.name, **named.as_dict())
            raise named.at(current().node) from failure
        emit(
            "call",
            model=reply.model,
            entry=entry.key,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            seconds=round(reply.seconds, 3),
        )
        if not reply.done_reason and not reply.tool_calls:
            raise BadReply(
                "the reply broke off before its end", where=current().node, code="INCOMPLETE_STREAM"
            )
        return reply

    def _named(self, failure: Exception, entry: Entry, limit: float) -> TinyError:
        """The failure as a user needs it: which server, which model, how long."""
        named = classify(failure, op="ollama")
        if isinstance(named, Unavailable):
            named.message = f"no answer from the model server at {self.models.settings.ollama_host}"
            named.hint = "start it with `ollama serve`, or set OLLAMA_HOST"
        elif isinstance(failure, TimeoutError):
            named.message = f"{entry.name} did not answer within {limit:.3g} s"
        elif entry.name not in named.message:
            named.message = f"{entry.name}: {named.message}"
        return named


def _complaint(failure: BadReply) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": f"Your last reply could not be used: {failure.message}. Answer again."}
    ]
