"""The queue under schedules that nobody would think of: nothing is lost, no rank overtaken, no window overfilled."""

import asyncio
import random
from dataclasses import dataclass, field

import pytest

from tests.guard.jumping import OnTheLoop, jumped
from tinyllm.clock import Virtual
from tinyllm.errors import TinyError
from tinyllm.guard.queue import Place, Queue
from tinyllm.guard.queue_line import Waiter
from tinyllm.guard.queue_turns import Turns
from tinyllm.running import Priority, Running, entered

MODELS = ("a:1b", "b:1b", "c:1b")
POLICIES = ("wait", "refuse", "drop_oldest", "drop_newest")
PRIORITIES: tuple[Priority, ...] = ("person", "batch", "background")


class Watched(Turns):
    """Whoever is let through is looked at."""

    def next(self, now: float) -> Waiter | None:
        chosen = super().next(now)
        if chosen is not None:
            line = chosen.line
            assert chosen.state == "waits"
            assert line.flying < line.window.size
            assert not any(line.counts[: chosen.rank]), "somebody who comes first was overtaken"
            swaps = line.model not in self.loaded
            assert not (swaps and self.leaving and self.leaving.flying), (
                "a model that is in use was pushed out"
            )
        return chosen


@dataclass
class World:
    """A server that holds `room` models, and requests that come, go, give up and run out of time."""

    seed: int
    held: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.room = self.dice.choice((1, 1, 2, 3))
        self.slots = self.dice.choice((0, 1, 2, 4))
        self.most = self.dice.choice((2, 5, 100))
        self.policy = self.dice.choice(POLICIES)
        self.clock = OnTheLoop()
        self.queue = Queue(self.clock, self.look)
        self.queue.turns = Watched(self.queue.lines)

    async def look(self) -> list[str]:
        await asyncio.sleep(self.dice.choice((0, 0.01, 3)))
        return list(self.held)

    async def request(self, number: int) -> None:
        dice = self.dice
        await asyncio.sleep(dice.choice((0, 0, dice.uniform(0, 30))))
        deadline = self.clock.monotonic() + dice.choice((float("inf"), dice.uniform(0, 40)))
        running = Running(
            f"r{number}", f"t{number % 5}", dice.choice(PRIORITIES), deadline=deadline, clock=self.clock
        )
        line = self.queue.line(dice.choice(MODELS), self.slots)
        with entered(running):
            async with Place(self.queue, line, "host", self.most, self.policy):
                if line.model in self.held:
                    self.held.remove(line.model)
                self.held = [*self.held, line.model][-self.room :]
                await asyncio.sleep(dice.choice((0, 1, dice.uniform(0, 5))))
                if dice.random() < 0.1:
                    raise ConnectionError("broken")

    async def whole(self, requests: int) -> None:
        tasks = [asyncio.ensure_future(self.request(number)) for number in range(requests)]
        for task in self.dice.sample(tasks, requests // 4):
            asyncio.get_running_loop().call_later(self.dice.uniform(0, 60), task.cancel)
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            assert not isinstance(end, AssertionError), end
            self.ends.append(end.code if isinstance(end, TinyError) else type(end).__name__)
        await asyncio.sleep(10)


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_whatever_comes_all_end_and_every_place_is_given_back(first: int) -> None:
    seen: set[str] = set()
    for seed in range(first, first + 30):
        world = World(seed)
        jumped(world.whole(60))
        assert len(world.ends) == 60
        seen.update(world.ends)
        assert set(world.ends) <= {
            "NoneType", "CancelledError", "ConnectionError", "DEADLINE_EXCEEDED", "MODEL_QUEUE_FULL",
        }  # fmt: skip
        assert [(line.flying, line.counts, line.waiting) for line in world.queue.lines.values()] == [
            (0, [0, 0, 0], [])
        ] * len(world.queue.lines)
        assert world.queue._timer is None
        assert world.queue._looking is None
    assert len(seen) == 5


def test_a_place_that_was_given_to_somebody_who_just_gave_up_goes_to_the_next() -> None:
    async def work() -> list[str]:
        queue = Queue(OnTheLoop())
        line = queue.line("m", 1)
        done: list[str] = []
        tasks: list[asyncio.Task[None]] = []

        async def ask(name: str) -> None:
            async with Place(queue, line, "host", 10, "refuse"):
                await asyncio.sleep(1)
                done.append(name)
            if name == "a":
                tasks[1].cancel()  # it was told to go, and has not woken up yet

        tasks += [asyncio.ensure_future(ask(name)) for name in "abc"]
        await asyncio.gather(*tasks, return_exceptions=True)
        return done

    assert jumped(work()) == ["a", "c"]


def test_whose_time_is_over_does_not_go_although_nobody_woke_it() -> None:
    async def work() -> tuple[object, ...]:
        queue, clock = Queue(OnTheLoop()), Virtual()
        line = queue.line("m", 1)

        async def ask(deadline: float) -> None:
            with entered(Running(deadline=deadline, clock=clock)):
                async with Place(queue, line, "host", 10, "refuse"):
                    await asyncio.sleep(1)
                    clock.advance(100)

        return await asyncio.gather(ask(1000), ask(50), ask(1000), return_exceptions=True)

    first, late, last = jumped(work())
    assert (first, last) == (None, None)
    assert isinstance(late, TinyError)
    assert late.code == "DEADLINE_EXCEEDED"


def test_a_line_that_is_never_empty_keeps_nothing_of_those_who_are_gone() -> None:
    async def work() -> tuple[int, int]:
        queue = Queue(OnTheLoop())
        line = queue.line("m", 1)

        async def ask(number: int, priority: Priority) -> None:
            with entered(Running(id=f"r{number}", priority=priority, clock=queue.clock)):
                async with Place(queue, line, "host", 10_000, "refuse"):
                    await asyncio.sleep(1)

        tasks = [asyncio.ensure_future(ask(number, "person")) for number in range(-9, 0)]
        for number in range(1_000):  # one comes each second and one goes; another can wait, and gives up
            tasks.append(asyncio.ensure_future(ask(number, "person")))
            tasks.append(asyncio.ensure_future(ask(10_000 + number, "background")))
            asyncio.get_running_loop().call_later(20, tasks[-1].cancel)
            await asyncio.sleep(1)
        sizes = len(line.waiting), len(line._lasts)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return sizes

    waiting, threads = jumped(work())
    assert waiting < 400
    assert threads < 900
