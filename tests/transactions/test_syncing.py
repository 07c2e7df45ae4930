"""A run waits for the disk where something is promised: at its end, and before and after it acts on the world."""

import sqlite3
from pathlib import Path
from typing import Any

from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.store.sqlite import SqliteStore
from tinyllm.testing.scripted import Scripted
from tinyllm.toolkit import tool

STEPS = {"a": {"prompt": "One.", "to": "b"}, "b": {"prompt": "Two.", "to": "c"}, "c": {"prompt": "Three."}}


@tool(effect="unsafe", reach="none")
async def ring(times: int) -> str:
    """Ring a bell."""
    return "rang" * times


class Watched:
    """Every transaction that wrote, by what it was about, and whether it waited for the disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.commits: list[tuple[str, bool]] = []
        self._synced, self._writes, self._about = True, False, ""
        connection.set_trace_callback(self._heard)

    def _heard(self, statement: str) -> None:
        if statement.startswith("PRAGMA synchronous="):
            self._synced = statement.endswith("FULL")
        elif statement.startswith("BEGIN"):
            self._writes, self._about = statement == "BEGIN IMMEDIATE", ""
        elif statement.startswith("UPDATE runs SET status = 'committed'"):
            self._about = "commit"
        elif statement.startswith("INSERT INTO effects") and "ring" in statement:
            self._about = "intent" if "'intent'" in statement else "done"
        elif statement.startswith("COMMIT") and self._writes:
            self.commits.append((self._about, self._synced))


def engine(graph: dict[str, Any], folder: Path, **more: Any) -> Engine:
    settings = Settings(database=str(folder / "runs.db"), workspace=str(folder))
    return Engine({"name": "g", "nodes": graph}, settings=settings, make=lambda *_: Scripted("said"), **more)


def watched(of: Engine) -> Watched:
    store = of.transactions.store
    assert isinstance(store, SqliteStore)
    return Watched(store.connection)


async def test_a_question_waits_for_the_disk_once(tmp_path: Path) -> None:
    async with engine(STEPS, tmp_path) as asked:
        await asked.ask("first")
        seen = watched(asked)
        await asked.ask("second")
        assert len(seen.commits) >= 4
        assert [about for about, synced in seen.commits if synced] == ["commit"]


async def test_what_is_done_to_the_world_is_on_the_disk_before_and_after(tmp_path: Path) -> None:
    graph = {
        "a": {"prompt": "One.", "to": "b"},
        "b": {"kind": "tool", "tool": ring.name, "args": {"times": 2}, "to": "c"},
        "c": {"prompt": "Three."},
    }
    async with engine(graph, tmp_path, tools=(ring,)) as asked:
        assert asked.machine  # which makes the tables
        seen = watched(asked)
        answer = await asked.ask("ring", approve=(ring.name,))
        assert answer.status == "committed"
        assert [about for about, synced in seen.commits if synced] == ["intent", "done", "commit"]


async def test_the_database_is_as_careful_as_before_afterwards(tmp_path: Path) -> None:
    async with engine(STEPS, tmp_path) as asked:
        await asked.ask("first")
        store = asked.transactions.store
        assert isinstance(store, SqliteStore)
        assert store.connection.execute("PRAGMA synchronous").fetchone() == (2,)
