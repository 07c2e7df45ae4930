"""What was done is not done again; what may have been done is asked about."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tinyllm import failpoints
from tinyllm.effects import Class, Contents, InDoubt, Ledger, perform, read_ledger, recording, write_file
from tinyllm.errors import Invalid, Permanent
from tinyllm.running import Running, entered
from tinyllm.store import Database, Store, open_store


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "runs.db") as opened:
        opened.write_now(one_run)
        yield opened


def one_run(db: Database) -> None:
    db.execute("INSERT INTO threads (id) VALUES ('t')")
    db.execute("INSERT INTO runs (id, thread) VALUES ('r', 't')")


class World:
    """Counts what really happened."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.happened: list[str] = []
        self.failure: BaseException | None = None

    def ledger(self, **more: Any) -> Ledger:
        """A ledger as a process that starts has it."""
        place = Path(self.store.where).parent / "kept"
        ledger = Ledger(self.store, "r", Contents(place), check=lambda db: None, **more)
        ledger.know(self.store.read_now(lambda db: read_ledger(db, "r")))
        return ledger

    async def do(self, key: str) -> str:
        self.happened.append(key)
        if self.failure:
            raise self.failure
        return f"result {len(self.happened)}"

    async def send(self, effect: Class, request: Any = "hello", verify: Any = None, **more: Any) -> Any:
        running = Running(id="r", node="mail", visit=1)
        with recording(self.ledger(**more)), entered(running):
            return await perform("send", effect, request, self.do, verify)


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.mark.parametrize("effect", ["read", "idempotent", "keyed", "checkable", "unsafe", "model"])
async def test_what_is_done_gives_its_result_again(world: World, effect: Class) -> None:
    assert await world.send(effect) == "result 1"
    assert await world.send(effect) == "result 1"
    assert len(world.happened) == 1


async def test_the_key_names_the_place_and_not_the_time(world: World) -> None:
    await world.send("keyed")
    assert world.happened == ["r:mail:1:1"]


async def crash_after_the_effect(world: World, effect: Class) -> None:
    def die(name: str) -> None:
        raise Crash

    with failpoints.armed("effect.called", die), pytest.raises(Crash):
        await world.send(effect)


@pytest.mark.parametrize("effect", ["idempotent", "keyed"])
async def test_what_may_be_repeated_is_repeated_with_the_same_key(world: World, effect: Class) -> None:
    await crash_after_the_effect(world, effect)
    assert await world.send(effect) == "result 2"
    assert len(set(world.happened)) == 1


async def test_an_unsafe_effect_in_doubt_stops_and_asks(world: World) -> None:
    await crash_after_the_effect(world, "unsafe")
    with pytest.raises(InDoubt, match="may or may not have happened") as doubt:
        await world.send("unsafe")
    assert "resolve r" in doubt.value.hint
    assert len(world.happened) == 1


@pytest.mark.parametrize(("found", "times"), [("found it", 1), (None, 2)])
async def test_a_checkable_effect_is_checked(world: World, found: str | None, times: int) -> None:
    async def verify(key: str) -> str | None:
        return found

    await crash_after_the_effect(world, "checkable")
    assert await world.send("checkable", verify=verify) == (found or "result 2")
    assert len(world.happened) == times


async def test_a_refusal_did_not_happen_and_anything_else_is_open(world: World) -> None:
    world.failure = Invalid("no such address")
    with pytest.raises(Invalid):
        await world.send("unsafe")
    world.failure = ConnectionResetError("midway")
    with pytest.raises(ConnectionResetError):
        await world.send("unsafe")
    with pytest.raises(InDoubt):
        await world.send("unsafe")


async def test_another_request_in_the_same_place_is_not_given_the_old_result(world: World) -> None:
    await world.send("unsafe", "hello")
    with pytest.raises(Permanent) as refusal:
        await world.send("unsafe", "goodbye")
    assert refusal.value.code == "EFFECT_DIVERGED"
    await world.send("pure", "hello")


async def test_a_model_that_is_asked_something_else_is_asked(world: World) -> None:
    assert await world.send("model", "hello") == "result 1"
    assert await world.send("model", "goodbye") == "result 2"
    assert await world.send("model", "goodbye") == "result 2"


async def test_a_replay_lets_nothing_happen(world: World) -> None:
    await world.send("model")
    assert await world.send("model", offline=True) == "result 1"
    with pytest.raises(Permanent) as refusal:
        await world.send("model", "goodbye", offline=True)
    assert refusal.value.code == "REPLAY_DIVERGED"
    assert len(world.happened) == 1


async def test_calls_of_one_visit_are_told_apart(world: World) -> None:
    with recording(world.ledger()), entered(Running(id="r", node="a", visit=1)) as running:
        await perform("send", "keyed", 1, world.do)
        await perform("send", "keyed", 1, world.do)
        with entered(replace(running, extra={"item": 3})):
            await perform("send", "keyed", 1, world.do)
    assert world.happened == ["r:a:1:1", "r:a:1:2", "r:a[3]:1:1"]


async def test_without_a_run_things_simply_happen(world: World, tmp_path: Path) -> None:
    assert await perform("send", "unsafe", 1, world.do) == "result 1"
    await write_file(tmp_path / "free.txt", b"x")
    assert (tmp_path / "free.txt").read_bytes() == b"x"


async def test_a_written_file_is_in_the_ledger_with_what_was_there(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    ledger = world.ledger()
    with recording(ledger), entered(Running(id="r", node="a", visit=1)):
        await write_file(path, b"after")
    line = world.store.read_now(lambda db: read_ledger(db, "r"))[0]
    assert (line.state, line.effect) == ("done", "idempotent")
    assert line.undo is not None
    assert ledger.contents.read(line.undo["before"]) == b"before"
