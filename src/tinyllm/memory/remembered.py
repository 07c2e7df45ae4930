"""What outlives a conversation: remember, recall, forget; in a run all of it counts when the run is committed."""

import asyncio
import getpass
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from tinyllm.effects import Ledger, current_ledger
from tinyllm.errors import BadReply
from tinyllm.memory import rows, vectors
from tinyllm.memory.embedding import Embed, Embedder
from tinyllm.memory.item import Found, Item, Scope, document, key_of, text_of
from tinyllm.memory.said import found_said
from tinyllm.redaction import safe
from tinyllm.running import current
from tinyllm.settings import Settings
from tinyllm.store import Database, Store, Work, shared_store

T = TypeVar("T")

LOOKED_AT = 50  # of each ranking that is fused
FUSED = 60  # reciprocal rank fusion: how little the first place is worth above the second


class Memory:
    """The memories of one database, as the current run or a person sees them."""

    def __init__(
        self,
        settings: Settings,
        store: Callable[[], Store] | None = None,
        thread: str = "",
        embed: Embed | None = None,
    ) -> None:
        self.settings = settings
        self.embedder = Embedder(settings, embed=embed)
        self.thread = thread  # the conversation that a person looks at
        self._open = store
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        if self._open is not None:
            return self._open()
        if self._store is None:
            self._store = shared_store(self.settings.database_url)
        return self._store

    # A run has its database open. Without one, whose loop it is we do not know: opening a file may block it.

    async def _read(self, work: Work[T]) -> T:
        if current_ledger() is not None:
            return await self.store.read(work)
        return await asyncio.to_thread(lambda: self.store.read_now(work))

    async def _write(self, work: Work[T]) -> T:
        if current_ledger() is not None:
            return await self.store.write(work)
        return await asyncio.to_thread(lambda: self.store.write_now(work))

    # Writing.

    async def remember(
        self,
        text: str,
        *,
        key: str = "",
        scope: Scope = "project",
        why: str = "",
        strangers: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Keep a text under a key, in the place of what stood there; what that was is told."""
        text = text_of(text)
        key = key_of(key, text)
        found = await self.embedder.documents([document(key, text)])
        before = await self._written(scope, key, text, why, strangers, vector=found[0] if found else ())
        replaced = {"replaces": before.text} if before is not None and before.text != text else {}
        return {"key": key, "scope": scope, **replaced}

    async def forget(self, key: str, *, scope: Scope = "project", why: str = "") -> bool:
        """Forget a key. In a run it counts from the commit on; for a person it is gone for good, every version of it."""
        key = key_of(key, key)
        if current_ledger() is not None:
            return await self._written(scope, key, "", why, (), gone=True) is not None
        return bool(await self._write(lambda db: rows.erase_key(db, scope, self.place(db, "", scope), key)))

    async def _written(
        self, scope: Scope, key: str, text: str, why: str, strangers: Sequence[str],
        vector: Sequence[float] = (), *, gone: bool = False,
    ) -> Item | None:  # fmt: skip
        ledger = current_ledger()
        at = current()
        source = {"run": _run(ledger), "node": at.node, "why": safe(why)[:500], "strangers": list(strangers)}
        kept = {name: value for name, value in source.items() if value}

        def work(db: Database) -> Item | None:
            if ledger is not None:
                ledger.check(db)
            run = ledger.run if ledger else ""
            place = self.place(db, run, scope)
            now = self.store.clock.now()
            writing = rows.Writing(scope, place, key, text, kept, now, gone, vector, self.embedder.model)
            if ledger is None:
                before = rows.read_current(db, "", scope, place, key)
                rows.write(db, writing)
                return None if before is None or before.gone else before
            return rows.stage(db, run, ledger.savepoint, writing)

        return await self._write(work)

    # Reading.

    async def recall(
        self, query: str, limit: int = 5, scopes: Sequence[Scope] = (), *, said: bool = False
    ) -> tuple[list[Found], list[dict[str, Any]]]:
        """What is remembered about something, by words and by meaning; and what this conversation said of it, when asked."""
        run = _run(current_ledger())

        def look(db: Database) -> tuple[rows.View, list[int], bool, list[dict[str, Any]]]:
            view = self._view(db, run)
            there = bool(db.execute("SELECT 1 FROM memories LIMIT 1").fetchone())
            by_words = rows.by_words(db, view, scopes, query, LOOKED_AT) if there else []
            head = self._head(db, run) if said else ""
            return view, by_words, there, found_said(db, head, query, limit) if head else []

        view, by_words, there, messages = await self._read(look)
        if not there:
            return [], messages
        by_meaning = await self._by_meaning(view, scopes, query)
        order = fused({"meaning": by_meaning, "words": by_words})[:limit]
        items = await self._read(lambda db: rows.read_numbered(db, view, [number for number, _, _ in order]))
        return [Found(items[number], score, by) for number, score, by in order if number in items], messages

    async def _by_meaning(self, view: rows.View, scopes: Sequence[Scope], query: str) -> list[int]:
        store, model = self.store, self.embedder.model
        asked = await self.embedder.questions([query])
        if not asked:
            return []
        where, named = view.where(scopes)
        if await asyncio.to_thread(vectors.compares, store):
            near = await self._read(lambda db: vectors.nearest(db, where, named, model, asked[0], LOOKED_AT))
        else:
            bodies = await self._read(lambda db: vectors.bodies(db, where, named, model))
            near = await asyncio.to_thread(vectors.scanned, bodies, asked[0], LOOKED_AT)
        return vectors.meant(near)

    async def all(self, scopes: Sequence[Scope] = (), limit: int = 1_000_000) -> list[Item]:
        """What is remembered, the newest first."""
        run = _run(current_ledger())
        return await self._read(lambda db: rows.read_all(db, self._view(db, run), scopes, limit))

    # Whose it is.

    def _view(self, db: Database, run: str) -> rows.View:
        places: dict[Scope, str] = {scope: self.place(db, run, scope) for scope in ("user", "project")}
        if thread := self._thread(db, run):
            places["thread"] = thread
        return rows.View(run, places)

    def place(self, db: Database, run: str, scope: Scope) -> str:
        if scope == "user":
            return str(current().extra.get("user") or _user())
        if scope == "project":
            return str(self.settings.project or "")
        thread = self._thread(db, run)
        if not thread:
            raise BadReply(
                "there is no conversation here", hint="name one with --thread", code="MEMORY_SCOPE"
            )
        return thread

    def _thread(self, db: Database, run: str) -> str:
        """The thread of a run; one that is not written down yet is alone on its own."""
        if not run:
            return self.thread
        row = db.execute("SELECT thread FROM runs WHERE id = :run", {"run": run}).fetchone()
        return str(row[0]) if row else run

    def _head(self, db: Database, run: str) -> str:
        """The last committed run of the conversation."""
        if run:
            row = db.execute("SELECT parent FROM runs WHERE id = :run", {"run": run}).fetchone()
        else:
            row = db.execute("SELECT head FROM threads WHERE id = :id", {"id": self.thread}).fetchone()
        return str(row[0] or "") if row else ""


def fused(rankings: Mapping[str, Sequence[int]]) -> list[tuple[int, float, tuple[str, ...]]]:
    """Several rankings as one: what stands high in any of them, and higher what stands in all."""
    score: dict[int, float] = {}
    by: dict[int, tuple[str, ...]] = {}
    for name, ranking in rankings.items():
        for place, number in enumerate(ranking, start=1):
            score[number] = score.get(number, 0.0) + 1 / (FUSED + place)
            by[number] = (*by.get(number, ()), name)
    # Of equals, what the first ranking names comes first.
    return sorted(((n, s, by[n]) for n, s in score.items()), key=lambda each: -each[1])


def _run(ledger: Ledger | None) -> str:
    return ledger.run if ledger is not None else ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a number without a name, as in a container
        return ""


_at_hand: ContextVar[Memory | None] = ContextVar("tinyllm_memory", default=None)


@contextmanager
def remembering(memory: Memory) -> Iterator[Memory]:
    """Tools called inside find this memory."""
    token = _at_hand.set(memory)
    try:
        yield memory
    finally:
        _at_hand.reset(token)


def at_hand() -> Memory:
    found = _at_hand.get()
    if found is None:
        raise BadReply(
            "there is no memory here", hint="call the tool through the services", code="MEMORY_NONE"
        )
    return found
