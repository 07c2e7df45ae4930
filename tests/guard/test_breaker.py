"""What a breaker does, one rule after the other."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tinyllm.clock import Virtual
from tinyllm.errors import BadReply, CircuitOpen, Retryable, Unavailable
from tinyllm.guard import Breakers, Row
from tinyllm.guard.breaker import Admitted, Change, Memory, Shelf
from tinyllm.guard.shelf import StoreShelf
from tinyllm.running import Event, Running, entered
from tinyllm.store import open_store

CRASH = Retryable("the runner crashed", code="RUNNER_CRASHED")
REFUSED = Unavailable("nobody listens", code="MODEL_SERVER_DOWN")
NAME = "qwen:1b"


@pytest.fixture
def clock() -> Virtual:
    return Virtual()


@pytest.fixture
def breakers(clock: Virtual) -> Breakers:
    return Breakers(clock=clock)


async def call(breakers: Breakers, name: str = NAME, lasts: float = 100.0) -> Admitted:
    return (await breakers.admit(name, lasts=lasts))[0]


async def row(breakers: Breakers, name: str = NAME) -> Row:
    return (await breakers.shelf.look([name])).get(name) or Row(name)


async def opened(breakers: Breakers) -> None:
    for _ in range(3):
        await breakers.failed(await call(breakers), CRASH)


async def test_three_failures_open_it_and_two_successes_close_it(breakers: Breakers, clock: Virtual) -> None:
    await opened(breakers)
    with pytest.raises(CircuitOpen, match="resting after failures"):
        await call(breakers)
    clock.advance(73)
    await breakers.succeeded(await call(breakers))
    assert (await row(breakers)).state == "half-open"
    await breakers.succeeded(await call(breakers))
    assert await row(breakers) == replace(await row(breakers), state="closed", failures=0, probe="")


async def test_one_refused_connection_opens_it_at_once(breakers: Breakers) -> None:
    await breakers.failed(await call(breakers), REFUSED)
    with pytest.raises(CircuitOpen) as refused:
        await call(breakers)
    assert 48 <= (refused.value.retry_after or 0) <= 72
    assert refused.value.exit_code == 4


async def test_a_failure_of_the_probe_opens_it_again(breakers: Breakers, clock: Virtual) -> None:
    await opened(breakers)
    clock.advance(73)
    await breakers.failed(await call(breakers), CRASH)
    assert (await row(breakers)).state == "open"
    with pytest.raises(CircuitOpen):
        await call(breakers)


async def test_only_one_probe_goes_and_the_others_are_refused_at_once(
    breakers: Breakers, clock: Virtual
) -> None:
    await opened(breakers)
    clock.advance(73)
    await call(breakers)
    with pytest.raises(CircuitOpen, match="being tried by another call"):
        await call(breakers)


async def test_an_ignored_outcome_changes_nothing_and_frees_the_probes_place(
    breakers: Breakers, clock: Virtual
) -> None:
    await breakers.failed(await call(breakers), CRASH)
    await breakers.failed(await call(breakers), CRASH)
    await breakers.ignored(await call(breakers))
    assert (await row(breakers)).failures == 2
    await breakers.failed(await call(breakers), CRASH)
    clock.advance(73)
    await breakers.ignored(await call(breakers))
    assert (await row(breakers)).state == "half-open"
    assert (await call(breakers)).probe


async def test_a_probe_that_hangs_frees_its_place_when_its_time_is_over(
    breakers: Breakers, clock: Virtual
) -> None:
    await opened(breakers)
    clock.advance(73)
    late = await call(breakers, lasts=30)
    clock.advance(31)
    probe = await call(breakers)
    await breakers.failed(late, CRASH)
    assert (await row(breakers)).probe == probe.probe


async def test_a_call_from_before_does_not_decide_about_a_half_open_breaker(
    breakers: Breakers, clock: Virtual
) -> None:
    late = [await call(breakers) for _ in range(3)]
    await opened(breakers)
    await breakers.failed(late[0], CRASH)
    assert (await row(breakers)).state == "open"
    clock.advance(73)
    await breakers.ignored(await call(breakers))
    for each in late[1:]:
        await breakers.succeeded(replace(each, quiet=False))
        await breakers.failed(each, CRASH)
    now = await row(breakers)
    assert (now.state, now.successes) == ("half-open", 0)


async def test_failures_of_different_days_are_not_one_outage(breakers: Breakers, clock: Virtual) -> None:
    for _ in range(10):
        await breakers.failed(await call(breakers), CRASH)
        clock.advance(61)
    assert (await row(breakers)).state == "closed"


async def test_three_timeouts_of_two_minutes_are_one_outage(breakers: Breakers, clock: Virtual) -> None:
    for _ in range(3):
        slow = await call(breakers)
        clock.advance(120)
        await breakers.failed(slow, CRASH)
    assert (await row(breakers)).state == "open"


@pytest.mark.parametrize("seconds", [-3600.0, -86_400.0])
async def test_a_clock_that_steps_back_does_not_keep_it_open(
    breakers: Breakers, clock: Virtual, seconds: float
) -> None:
    await opened(breakers)
    clock.jump(seconds)
    with pytest.raises(CircuitOpen):
        await call(breakers)
    clock.advance(73)
    assert (await call(breakers)).probe


async def test_the_cooldown_is_a_minute_give_or_take_a_fifth(clock: Virtual) -> None:
    rests = []
    for _ in range(200):
        breakers = Breakers(clock=clock)
        await opened(breakers)
        rests.append((await row(breakers)).opened_for)
    assert min(rests) >= 48
    assert max(rests) <= 72
    assert max(rests) - min(rests) > 20


class Gone:
    """A store that cannot be reached."""

    async def look(self, targets: Sequence[str]) -> dict[str, Row]:
        raise OSError("disk gone")

    async def change(self, target: str, how: Change) -> tuple[Row, Row]:
        raise OSError("disk gone")

    async def all(self) -> list[Row]:
        raise OSError("disk gone")


class Forgets(Memory):
    """A store that can be read and not written."""

    async def change(self, target: str, how: Change) -> tuple[Row, Row]:
        raise OSError("disk full")


async def test_a_broken_store_lets_every_call_through_and_says_so() -> None:
    notes: list[Event] = []
    shelf = Forgets()
    shelf.rows[NAME] = Row(NAME, state="half-open")
    shelves: list[Shelf] = [Gone(), shelf]
    for each in shelves:
        breakers = Breakers(each)
        with entered(Running(listen=notes.append)):
            admitted = await call(breakers)
            await breakers.failed(admitted, CRASH)
            await breakers.succeeded(replace(admitted, quiet=False))
    assert len(notes) >= 2
    assert all("every call is let through" in note.data["text"] for note in notes)


async def test_a_closed_database_lets_every_call_through(tmp_path: Path) -> None:
    store = open_store(tmp_path / "t.db")
    store.close()
    assert await call(Breakers(StoreShelf(store)))


async def test_every_transition_is_an_event_with_its_reason(breakers: Breakers, clock: Virtual) -> None:
    events: list[Event] = []
    with entered(Running(listen=events.append)):
        await opened(breakers)
        clock.advance(73)
        await breakers.succeeded(await call(breakers))
        await breakers.succeeded(await call(breakers))
    steps = [(event.data["was"], event.data["now"]) for event in events if event.kind == "breaker"]
    assert steps == [("closed", "open"), ("open", "half-open"), ("half-open", "closed")]
    assert events[0].data["because"] == "the runner crashed"


class Slow(Memory):
    """A store that takes a moment."""

    async def change(self, target: str, how: Change) -> tuple[Row, Row]:
        await asyncio.sleep(0.02)
        return await super().change(target, how)


async def test_a_call_cancelled_while_it_is_let_in_gives_the_place_back(clock: Virtual) -> None:
    breakers = Breakers(Slow(), clock)
    await opened(breakers)
    clock.advance(73)
    asking = asyncio.ensure_future(call(breakers))
    await asyncio.sleep(0.005)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await row(breakers)).probe == ""
    assert len(asyncio.all_tasks()) == 1


async def test_a_model_that_rests_gives_the_hosts_probe_back(breakers: Breakers, clock: Virtual) -> None:
    await breakers.failed(await call(breakers, "host"), REFUSED)
    clock.advance(73)
    await opened(breakers)
    with pytest.raises(CircuitOpen, match=NAME):
        await breakers.admit("host", NAME)
    assert (await row(breakers, "host")).probe == ""


async def test_a_probe_of_a_process_that_is_gone_holds_nothing(breakers: Breakers, clock: Virtual) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os, socket; print(socket.gethostname(), os.getpid())"],
                          capture_output=True, text=True, check=True).stdout.split()  # fmt: skip
    shelf = Memory()
    shelf.rows[NAME] = Row(
        NAME, state="half-open", probe=f"{gone[0]}:{gone[1]}:x", probe_until=clock.now() + 99
    )
    assert (await call(Breakers(shelf, clock))).probe


async def test_a_person_opens_and_closes_it(breakers: Breakers) -> None:
    await breakers.set(NAME, "open")
    with pytest.raises(CircuitOpen, match=f"{NAME} is resting, opened by hand; it is tried again in"):
        await call(breakers)
    await breakers.set(NAME, "closed")
    assert (await call(breakers)).quiet


async def test_a_bad_reply_counts_for_nothing(breakers: Breakers) -> None:
    assert not BadReply("no JSON").deserves.breaker


async def half_open(path: Path, clock: Virtual | None = None) -> Breakers:
    store = open_store(path)
    breakers = Breakers(StoreShelf(store))
    await store.write(
        lambda db: db.execute(
            "INSERT INTO breakers (target, state) VALUES (:name, 'half-open')", {"name": NAME}
        )
    )
    return breakers


async def test_of_64_tasks_exactly_one_is_the_probe(tmp_path: Path) -> None:
    first = await half_open(tmp_path / "t.db")
    other = open_store(tmp_path / "t.db")
    second = Breakers(StoreShelf(other))
    for _ in range(5):
        results = await asyncio.gather(
            *(call((first, second)[number % 2]) for number in range(64)), return_exceptions=True
        )
        admitted = [each for each in results if isinstance(each, Admitted)]
        assert len(admitted) == 1
        assert sum(isinstance(each, CircuitOpen) for each in results) == 63
        await first.ignored(admitted[0])
    other.close()


RACER = """
import asyncio, json, sys
from tinyllm.errors import CircuitOpen
from tinyllm.guard.breaker import Breakers
from tinyllm.guard.shelf import StoreShelf
from tinyllm.store import open_store

async def race():
    breakers = Breakers(StoreShelf(open_store(sys.argv[1])))
    print("ready", flush=True)
    for _ in range(10):
        sys.stdin.readline()
        results = await asyncio.gather(*(breakers.admit("qwen:1b") for _ in range(8)), return_exceptions=True)
        won = [each[0] for each in results if isinstance(each, list)]
        print(json.dumps([len(won), sum(isinstance(each, CircuitOpen) for each in results)]), flush=True)
        sys.stdin.readline()
        for each in won:
            await breakers.ignored(each)
        print("done", flush=True)

asyncio.run(race())
"""


async def test_of_eight_processes_exactly_one_has_the_probe(tmp_path: Path) -> None:
    await half_open(tmp_path / "t.db")
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path / "t.db")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]

    def all_of_them() -> list[Any]:
        lines = [racer.stdout.readline().strip() for racer in racers if racer.stdout]
        return [json.loads(line) if line.startswith("[") else line for line in lines]

    def go() -> None:
        for racer in racers:
            assert racer.stdin
            racer.stdin.write("\n")
            racer.stdin.flush()

    try:
        assert all_of_them() == ["ready"] * 8
        for _ in range(10):
            go()
            counts = all_of_them()
            assert sum(won for won, _ in counts) == 1, counts
            assert sum(refused for _, refused in counts) == 63, counts
            go()
            assert all_of_them() == ["done"] * 8
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
