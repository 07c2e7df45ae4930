"""Negative controls: the product with one of its promises switched off. A checker that finds nothing then is blind."""

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from tinyllm.cache import rows as cache
from tinyllm.checkpoints import Checkpoints
from tinyllm.checkpoints.sqlite import SqliteCheckpoints
from tinyllm.effects import Ledger, Undo
from tinyllm.effects.ledger import Do
from tinyllm.errors import TinyError
from tinyllm.memory.item import Item
from tinyllm.memory.remembered import Memory
from tinyllm.settings import Settings
from tinyllm.state import Message
from tinyllm.store import Database, packed, shared_store
from tinyllm.store.sqlite import SqliteStore
from tinyllm.transactions import Run, RunRow, Transactions
from tinyllm.transactions.staged import Staged, decide, write_grade

Control = Literal["", "no ledger", "async durability", "no lease", "no outbox", "no staging", "no batch"]
LAG = 0.005
KILL_CONTROLS: tuple[Control, ...] = ("no ledger", "async durability", "no outbox", "no staging", "no batch")


class Forgetful(Ledger):
    """Everything simply happens, as often as it is asked for."""

    async def call(
        self,
        _name: str,
        _effect: Any,
        _request: Any,
        do: Do,
        _verify: Do | None = None,
        undo: Undo | None = None,  # noqa: ARG002
        names: Any = None,  # noqa: ARG002
    ) -> Any:
        return await do("")


class Eager(Ledger):
    """Sends at once what should wait for the commit."""

    async def deliver(self, name: str, arguments: dict[str, Any], do: Do) -> Any:
        return await self.call(name, "keyed", arguments, do)


@dataclass
class Outspoken(Staged):
    """Grades, decisions and replies count at once, whatever becomes of their run."""

    before: str = ""  # a run that is committed

    def put(self, db: Database, kind: str, data: dict[str, Any]) -> None:
        if kind == "grade":
            write_grade(db, {**self._grade(data), "run": self.before})
        elif kind == "kept":
            cache.put(db, {**data, "run": self.before})
        else:
            decide(db, {**data, "run": ""})


class Impatient(Memory):
    """Remembers and forgets at once, as if a person did."""

    async def _written(self, *what: Any, **how: Any) -> Item | None:
        nobody = Context()  # in which no run is under way
        return await asyncio.get_running_loop().create_task(super()._written(*what, **how), context=nobody)


class Lagging(SqliteCheckpoints):
    """A disk that takes a moment: with `sync` the next step waits for it."""

    async def aput(self, config: Any, *saved: Any) -> Any:
        await asyncio.sleep(LAG)
        return await super().aput(config, *saved)


@dataclass
class Hasty(Run):
    """The next step begins before the last one is kept: LangGraph's default."""

    @property
    def durability(self) -> Any:
        return "async"


@dataclass
class Blind(Run):
    """Commits whatever others did meanwhile."""

    def fence(self, db: Database) -> None:
        """Nobody is asked."""

    async def commit(self, answer: Mapping[str, Any], messages: Sequence[Message] = ()) -> list[str]:
        def commit(db: Database) -> None:
            self._file_messages(db, messages)
            me = {"run": self.id, "thread": self.thread, "answer": packed(dict(answer))}
            db.execute("UPDATE runs SET status = 'committed', lease = 0 WHERE id = :run", me)
            db.execute("UPDATE threads SET head = :run, holder = NULL WHERE id = :thread", me)

        await self.store.write(commit)
        self.over("committed")
        return []


LEDGERS: dict[Control, type[Ledger]] = {"no ledger": Forgetful, "no outbox": Eager}


class Unpromised(Transactions):
    """Transactions without one of their parts."""

    control: Control = ""

    def _run(self, row: RunRow, window: list[Message]) -> Run:
        run = super()._run(row, window)
        if self.control in LEDGERS:
            run.ledger = LEDGERS[self.control](
                self.store, row.id, self.contents, check=lambda _: None, clock=self.clock
            )
            return run
        if self.control == "no staging":
            run.staged = Outspoken(row.id, row.question, before=row.parent or "")
            return run
        kind = Hasty if self.control == "async durability" else Blind
        return kind(run.row, run.store, run.saver, run.ledger, run.clock, run.window)

    @cached_property
    def saver(self) -> Checkpoints:
        if self.control == "async durability" and isinstance(self.store, SqliteStore):
            return Lagging(self.store)
        return super().saver

    async def begin(self, **order: Any) -> Run:
        if self.control == "no lease" and order.get("thread"):
            me = {"thread": order["thread"]}
            while True:
                await self.store.write(
                    lambda db: db.execute("UPDATE threads SET holder = NULL WHERE id = :thread", me)
                )
                try:
                    return await super().begin(**order)
                except TinyError as failure:
                    if failure.code != "THREAD_BUSY":
                        raise
                    await asyncio.sleep(0)
        return await super().begin(**order)


def controlled(control: Control, settings: Settings) -> Transactions:
    store = shared_store(settings.database_url)
    contents = None if store.dialect == "sqlite" else Path(settings.data) / "files"
    runs = Unpromised(store, contents=contents)
    runs.control = control
    return runs
