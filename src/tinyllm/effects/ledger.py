"""The effect ledger: what a run did to the world and what models said to it, so that nothing happens twice."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinyllm import failpoints
from tinyllm.clock import CLOCK, Clock
from tinyllm.effects.contents import Contents, Undo, remove_file, replace_file
from tinyllm.effects.failed import Names, again, told
from tinyllm.effects.keys import current_key, keyed
from tinyllm.effects.lines import ENDED, INTENT, Class, Recorded
from tinyllm.effects.waiting import SAYS, stage, staged
from tinyllm.errors import Invalid, Permanent, Policy, Waiting, classify
from tinyllm.plain import plain
from tinyllm.running import current as running
from tinyllm.running import emit
from tinyllm.store import Database, Store, checksum, packed
from tinyllm.toolkit import Inside

Do = Callable[[str], Awaitable[Any]]

# Questions to a person are counted by themselves: whether one is asked may change with what is allowed.
PERSON = "person"
FREE: tuple[Class, ...] = ("read", "model")  # may simply happen again
LONG = 1.0  # seconds
HERE: tuple[Class, ...] = (*FREE, "outbox")  # nothing happens outside: written with what comes next


class InDoubt(Waiting):
    """Something may or may not have happened, and nobody but a person can tell."""

    default_code = "IN_DOUBT"


class Diverged(Permanent):
    """The run goes another way than it went before; no node may take that for a failure of its own."""

    policy = Policy("cancelled", exit_code=1)
    default_code = "EFFECT_DIVERGED"


@dataclass
class Ledger:
    """One run's ledger. Without a run there is none, and effects simply happen."""

    store: Store
    run: str
    contents: Contents
    check: Callable[[Database], None]  # refuses a stale writer
    first: Callable[[], Awaitable[None]] | None = None  # before anything is called
    beside: Callable[[Database], None] = lambda _: None  # what was told of it, written with a result
    clock: Clock = CLOCK
    savepoint: int = 0
    offline: bool = False  # a replay: nothing is called, everything must be recorded
    defers: bool = False  # a reply is written with the checkpoint of its step, in one write instead of two
    recorded: dict[str, Recorded] = field(default_factory=dict)
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    outgoing: dict[str, dict[str, Any]] = field(default_factory=dict)  # what is to be sent at the commit
    _flushed: dict[str, dict[str, Any]] = field(default_factory=dict)
    _calls: dict[str, int] = field(default_factory=dict)
    _number: int = 0

    def know(self, recorded: Iterable[Recorded]) -> None:
        """Go on from what was recorded before."""
        self.recorded = {line.key: line for line in recorded}
        self._number = max((line.number for line in self.recorded.values()), default=0)

    async def call(
        self,
        name: str,
        effect: Class,
        request: Any,
        do: Do,
        verify: Do | None = None,
        undo: Undo | None = None,
        names: Names = classify,
    ) -> Any:
        """Let it happen once: intent, call, done; a line that is done gives its result again."""
        if effect == "pure":
            return await do("")
        if self.first is not None:
            await self.first()
        key, asked = self._key(name), _hash(request)
        known = self.recorded.get(key)
        if known is not None and (known.state == "done" or self.offline):
            if known.request != asked:
                self._diverged(known, name, effect)
            elif known.state == "done":
                return known.result
            elif known.result is not None:
                raise again(known.result)
        if self.offline:
            raise Diverged(
                f"the recorded run did not call {name} here",
                hint="the graph, a prompt or a model's input changed since",
                where=running().node,
                code="REPLAY_DIVERGED",
            )
        line = Recorded(key, effect, name, asked, "intent", None, undo.as_dict() if undo else None)
        line = replace(line, number=self._next(known), savepoint=self.savepoint)
        if known is not None and known.state in ("intent", "unknown"):
            line = replace(line, undo=known.undo)
            happened = await self._settled(known, verify)
            if happened is not None:
                return await self._end(line, "done", happened)
        return await self._perform(line, do, names)

    async def deliver(self, name: str, arguments: dict[str, Any], _do: Do) -> Any:
        """Let it happen when the run commits, and not at all when it does not."""

        async def later(key: str) -> str:
            self.outgoing[key] = staged(key, self.run, self._number, name, arguments, self.clock.now())
            return SAYS

        return await self.call(name, "outbox", arguments, later)

    @property
    def delivers(self) -> bool:
        """Something was asked for that waits for the commit."""
        return any(line.effect == "outbox" for line in self.recorded.values())

    async def _perform(self, line: Recorded, do: Do, names: Names) -> Any:
        if line.effect not in HERE:
            await self._intend(line)
        began = self.clock.now()
        key = f"{self.run}:{line.key}"
        try:
            with keyed(key):
                result = await do(key)
        except BaseException as failure:
            why = told(failure, names) if line.name != PERSON else None
            # Told that it was wrong, it did not happen; anything else leaves the question open.
            state = "failed" if line.effect in HERE or isinstance(failure, Invalid) else "unknown"
            if why or line.effect not in HERE:
                await asyncio.shield(self._end(line, state, why, began))
            raise
        failpoints.hit("effect.called")
        return await self._end(line, "done", result, began)

    async def _settled(self, known: Recorded, verify: Do | None) -> Any:
        """What became of an effect that was begun before a crash; None when it is to happen (again)."""
        if known.effect == "checkable" and verify is not None:
            return await verify(f"{self.run}:{known.key}")
        if known.effect in ("unsafe", "checkable"):
            raise InDoubt(
                f"{known.name} was begun and may or may not have happened",
                hint=f"find out, then: tinyllm runs resolve {self.run} --did-happen (or --did-not)",
                where=running().node,
            )
        return None

    async def _intend(self, line: Recorded) -> None:
        def intend(db: Database) -> None:
            failpoints.hit("intent.before")
            self.check(db)
            self.flush(db)
            db.execute(INTENT, line.values(self.run, self.clock.now()))

        await self.store.write(intend)
        self.recorded[line.key] = line
        failpoints.hit("intent.after")

    async def _end(self, line: Recorded, state: str, result: Any, began: float = 0.0) -> Any:
        kept = plain(result)
        text = packed(kept)
        values = {
            **line.values(self.run, self.clock.now()),
            "state": state,
            "result": text,
            "crc": checksum(text),
            "began": began,
        }
        self.recorded[line.key] = replace(line, state=state, result=kept)
        # What came at once may be asked for again, for nothing was done with it; what took long is kept at once.
        # What failed is asked again anyhow.
        at_once = self.defers and self.clock.now() - began < LONG
        if line.effect in HERE and (at_once or state == "failed"):
            self.waiting[line.key] = values
            return kept

        def end(db: Database) -> None:
            failpoints.hit("effect.before")
            self.check(db)
            self.flush(db)
            self.beside(db)
            db.execute(ENDED, values)

        await (self.store.write_unsynced if line.effect in FREE else self.store.write)(end)
        failpoints.hit("effect.after")
        return kept

    def flush(self, db: Database) -> None:
        """Write the replies and deliveries that waited, in whatever transaction of the run comes next."""
        # In a thread, it may be, while the run goes on. A delivery is written again with every write: never lost.
        self._flushed = dict(self.waiting)
        for values in self._flushed.values():
            db.execute(ENDED, values)
        for row in list(self.outgoing.values()):
            stage(db, row)

    def written(self) -> None:
        """That transaction is through."""
        self.waiting = {key: each for key, each in self.waiting.items() if self._flushed.get(key) is not each}

    def _key(self, name: str) -> str:
        """`node[item]:visit:call`: the same place in the same run, whatever LangGraph calls it."""
        run = running()
        item = run.extra.get("item")
        # What a call does inside itself is counted by itself: when the call is done, none of it is asked again.
        outer = current_key().removeprefix(f"{self.run}:")
        place = outer or f"{run.node}{'' if item is None else f'[{item}]'}:{run.visit}"
        if name == PERSON:
            place = f"{place}:{PERSON}"
        self._calls[place] = self._calls.get(place, 0) + 1
        return f"{place}:{self._calls[place]}"

    def _next(self, known: Recorded | None) -> int:
        if known is not None:
            return known.number
        self._number += 1
        return self._number

    def _diverged(self, known: Recorded, name: str, effect: Class) -> None:
        """The same place now asks for something else: what may happen again does, the rest stops."""
        if self.offline or effect not in FREE:
            raise Diverged(
                f"{name} was done here before with another request",
                hint="roll the run back, or fork it: it cannot be continued as it was",
                where=running().node,
                code="REPLAY_DIVERGED" if self.offline else "EFFECT_DIVERGED",
            )
        emit("note", text=f"{known.name} is asked again: the request is another than before")

    async def write_file(self, path: Path | Inside, content: bytes | None) -> None:
        """Change or, without content, delete a file so that a rollback brings back what was there."""
        undo = await asyncio.to_thread(Undo.of, path, content, self.contents)

        async def do(_key: str) -> None:
            await asyncio.to_thread(_change, path, content)

        await self.call("file", "idempotent", [undo.path, undo.after], do, undo=undo)


def _change(path: Path | Inside, content: bytes | None) -> None:
    if isinstance(path, Inside):
        path.replace(content)
        return
    if content is None:
        remove_file(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content, path.stat().st_mode & 0o7777 if path.exists() else None)


def _hash(request: Any) -> str:
    text = json.dumps(request, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


_ledger: ContextVar[Ledger | None] = ContextVar("tinyllm_ledger", default=None)


@contextmanager
def recording(ledger: Ledger) -> Iterator[Ledger]:
    """Everything called inside, in any task, goes through this ledger."""
    token = _ledger.set(ledger)
    try:
        yield ledger
    finally:
        _ledger.reset(token)


def current_ledger() -> Ledger | None:
    return _ledger.get()


async def perform(
    name: str, effect: Class, request: Any, do: Do, verify: Do | None = None, names: Names = classify
) -> Any:
    """Do something to the world, or ask a model, through the ledger of the current run if there is one."""
    ledger = _ledger.get()
    if ledger is None:
        return await do("")
    return await ledger.call(name, effect, request, do, verify, names=names)


async def write_file(path: Path | Inside, content: bytes | None) -> None:
    """Write a file of the workspace (delete it, without content); a rollback of the run restores it."""
    ledger = _ledger.get()
    if ledger is None:
        await asyncio.to_thread(_change, path, content)
    else:
        await ledger.write_file(path, content)
