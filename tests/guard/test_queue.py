"""Who is asked for first when there are few slots: people, every thread alike, and the model that is there."""

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from tests.guard.jumping import OnTheLoop, jumped
from tinyllm.clock import Clock
from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.guard import Guard
from tinyllm.guard.queue import Place, Queue, place
from tinyllm.guard.queue_line import Line
from tinyllm.guard.queue_window import Window
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.ollama import full, same
from tinyllm.running import Event, Priority, Running, entered
from tinyllm.settings import Settings
from tinyllm.testing.simulator import Reply as Said
from tinyllm.testing.simulator import Script, Simulator
from tinyllm.testing.simulator.model import Model


class Asked:
    """Questions that are put one after the other, and heard by the server in the order of the queue."""

    def __init__(self, guard: Guard, simulator: Simulator) -> None:
        self.guard = guard
        self.simulator = simulator
        self.events: list[Event] = []
        self.tasks: list[asyncio.Task[str]] = []

    async def put(self, text: str, priority: Priority = "person", model: str = "m:1b", **more: Any) -> None:
        running = Running(**{"id": text, "priority": priority, "listen": self.events.append, **more})

        async def ask() -> str:
            with entered(running):
                given = Ask([{"role": "user", "content": text}])
                return await self.guard.ask(model, given, lambda reply: reply.text)

        self.tasks.append(asyncio.ensure_future(ask()))
        await asyncio.sleep(0)

    @asynccontextmanager
    async def held(self, model: str = "m:1b", slots: int = 1) -> AsyncIterator[Line]:
        """All slots are taken, until everybody stands in the line."""
        places = [place(self.guard.models, model) for _ in range(slots)]
        async with AsyncExitStack() as taken:
            lines = [(await taken.enter_async_context(each)).line for each in places if each is not None]
            yield lines[0]

    async def ends(self) -> list[str]:
        ended = await asyncio.gather(*self.tasks, return_exceptions=True)
        return [
            each.code if isinstance(each, TinyError) else "gone" if isinstance(each, BaseException) else "ok"
            for each in ended
        ]

    @property
    def heard(self) -> list[str]:
        return [request.text.split()[-1] for request in self.simulator.asked]


class Stepping(Clock):
    """A clock that is put forward."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@asynccontextmanager
async def asking(delay: float = 0.01, room: int = 1, **settings: Any) -> AsyncIterator[Asked]:
    models = [Model(name=name, slots=4) for name in ("m:1b", "n:1b")]
    script = Script({model.name: Said("yes", first_delay=delay) for model in models}, models)
    async with Simulator(script, room=room) as simulator:
        made = Models(Settings(ollama_host=simulator.url, **{"slots": 1, **settings}))
        yield Asked(Guard(made), simulator)
        await made.aclose()


async def test_a_person_is_asked_for_before_a_batch_and_a_batch_before_the_background() -> None:
    rows: list[tuple[str, Priority]] = [
        ("late", "background"),
        ("row1", "batch"),
        ("row2", "batch"),
        ("me", "person"),
    ]
    async with asking() as asked:
        async with asked.held():
            for name, priority in rows:
                await asked.put(name, priority)
        assert await asked.ends() == ["ok"] * 4
        assert asked.heard == ["me", "row1", "row2", "late"]


async def test_a_thread_that_asks_for_much_at_once_waits_behind_itself() -> None:
    async with asking() as asked:
        async with asked.held():
            for number in range(4):
                await asked.put(f"a{number}", thread="a")
            for name in ("b0", "c0", "b1"):
                await asked.put(name, thread=name[0])
        await asked.ends()
        assert asked.heard == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]


async def test_questions_for_the_loaded_model_go_first_and_the_other_is_loaded_once() -> None:
    async with asking(slots=4) as asked:
        async with asked.held(slots=4):
            for number in range(24):
                await asked.put(f"q{number}", model="mn"[number % 2] + ":1b")
        await asked.ends()
        assert asked.simulator.world.memory.swaps == 1
        assert [request.model for request in asked.simulator.asked] == ["m:1b"] * 12 + ["n:1b"] * 12


async def test_models_that_are_both_there_are_asked_together() -> None:
    async with asking(room=2) as asked:
        for model in ("m:1b", "n:1b"):
            await asked.put(f"first {model}", model=model)
            await asked.ends()
        async with asked.held():
            for number in range(12):
                await asked.put(f"q{number}", model="mn"[number % 2] + ":1b")
            await asyncio.gather(*asked.tasks[3::2])  # one look shows that they need not wait for the other
        await asked.ends()
        memory = asked.simulator.world.memory
        assert (memory.loads, memory.swaps) == (2, 0)
        assert [request.model for request in asked.simulator.asked][2:] == ["n:1b"] * 6 + ["m:1b"] * 6
        assert sum(request.path == "/api/ps" for request in asked.simulator.requests) == 1


async def test_a_person_has_the_other_model_loaded_at_once_and_the_batch_goes_on_afterwards() -> None:
    async with asking(slots=2) as asked:
        await asked.put("first")
        await asked.ends()
        async with asked.held(slots=2):
            for number in range(8):
                await asked.put(f"row{number}", "batch")
            await asked.put("me", model="n:1b")
        await asked.ends()
        assert asked.heard[:2] == ["first", "me"]
        assert asked.simulator.world.memory.swaps == 2


@pytest.mark.parametrize(
    ("policy", "ends"),
    [
        ("wait", ["ok"] * 4),
        ("refuse", ["ok", "ok", "MODEL_QUEUE_FULL", "MODEL_QUEUE_FULL"]),
        ("drop_oldest", ["MODEL_QUEUE_FULL", "MODEL_QUEUE_FULL", "ok", "ok"]),
        ("drop_newest", ["ok", "MODEL_QUEUE_FULL", "MODEL_QUEUE_FULL", "ok"]),
    ],
)
async def test_a_full_queue_does_what_was_set(policy: str, ends: list[str]) -> None:
    async with asking(queue=2, queue_full=policy) as asked:
        async with asked.held():
            for number in range(4):
                await asked.put(f"q{number}", "batch")
            await asked.put("me")  # those who are overtaken do not count
        assert await asked.ends() == [*ends, "ok"]
        assert len(asked.heard) == ends.count("ok") + 1


async def test_a_refusal_says_what_to_do_and_nothing_else_is_tried() -> None:
    async with asking(queue=1) as asked:
        asked.guard.entries = {
            "a": Entry(key="a", name="m:1b", fallback="b"),
            "b": Entry(key="b", name="n:1b"),
        }
        async with asked.held():
            for number in range(2):
                await asked.put(f"q{number}", model="a")
            with pytest.raises(TinyError, match="1 request waits for m:1b already: this one is") as raised:
                await asked.tasks[1]
        assert (raised.value.exit_code, raised.value.hint.split(",")[0]) == (4, "ask later or less at once")
        await asked.ends()
        assert [request.model for request in asked.simulator.asked] == ["m:1b"]
        assert await asked.guard.breakers.shelf.all() == []


async def test_a_run_without_time_leaves_the_queue_and_blames_nobody() -> None:
    async with asking() as asked:
        clock = asked.guard.clock
        async with asked.held():
            await asked.put("late", deadline=clock.monotonic() + 0.05, clock=clock)
            with pytest.raises(TinyError, match="used up while it waited for m:1b") as raised:
                await asked.tasks[0]
        assert (raised.value.code, raised.value.exit_code) == ("DEADLINE_EXCEEDED", 124)
        assert asked.heard == []
        assert await asked.guard.breakers.shelf.all() == []


async def test_who_finds_that_another_one_has_no_time_left_tells_it_where_that_one_is() -> None:
    clock = Stepping()
    async with asking() as asked:
        with entered(Running(id="first", node="here")):
            async with asked.held():
                await asked.put("late", node="there", deadline=clock.monotonic() + 100, clock=clock)
                clock.ahead = 200
        with pytest.raises(TinyError, match=r"^there: .* while it waited for m:1b"):
            await asked.tasks[0]


async def test_whoever_gives_up_leaves_the_place_to_the_next() -> None:
    async with asking() as asked:
        async with asked.held():
            for name in ("gone", "next"):
                await asked.put(name)
            asked.tasks[0].cancel()
        assert await asked.ends() == ["gone", "ok"]
        assert asked.heard == ["next"]


async def test_who_waited_says_for_how_long_and_behind_how_many() -> None:
    async with asking() as asked:
        async with asked.held():
            for name in ("second", "third"):
                await asked.put(name)
        await asked.ends()
        waits = [event.data for event in asked.events if event.kind == "waits"]
        assert [(each["model"], each["before"]) for each in waits] == [("m:1b", 0), ("m:1b", 1)]
        queued = [event.data for event in asked.events if event.kind == "queued"]
        assert [each["before"] for each in queued] == [0, 1]
        assert 0 <= queued[0]["seconds"] < queued[1]["seconds"]
        assert queued[0]["host"] == asked.simulator.url


async def test_a_question_that_need_not_wait_says_nothing() -> None:
    async with asking() as asked:
        await asked.put("alone")
        await asked.ends()
        assert not {"waits", "queued"} & {event.kind for event in asked.events}


async def test_entries_and_engines_that_name_one_model_share_its_place() -> None:
    async with asking() as asked, asked.held():
        asked.guard = Guard(Models(asked.guard.models.settings), {"x": Entry(key="x", name="M:1B")})
        await asked.put("another engine", model="x")
        assert [event.kind for event in asked.events] == ["waits"]
        asked.tasks[0].cancel()
        await asked.guard.models.aclose()
    assert full("llama3.2") == "llama3.2:latest"
    assert full("host:5000/team/Model") == "host:5000/team/model:latest"


async def test_a_batch_through_the_front_door_lets_a_person_pass() -> None:
    node = {"kind": "llm", "model": "m:1b", "prompt": "{{ inputs.question }}", "to": "end"}
    async with asking() as asked:
        async with Engine(
            {"name": "g", "nodes": {"n": node}}, settings=asked.guard.models.settings
        ) as engine:
            async with asked.held() as line:
                rows = [asyncio.ensure_future(engine.ask(f"row{n}", priority="batch")) for n in range(6)]
                rows.append(asyncio.ensure_future(engine.ask("me")))
                while line.counts != [1, 6, 0]:
                    await asyncio.sleep(0.001)
            await asyncio.gather(*rows)
        assert asked.heard[0] == "me"
        assert len(asked.heard) == 7


# How many at a time.


def worked(window: Window, slots: int, seconds: float = 1.0, rounds: int = 40) -> None:
    """Replies of a server that has so many slots, each asked as much as the window lets."""
    for _ in range(rounds):
        size = window.size
        for peer in range(1, size + 1):
            window.heard(peer, seconds, seconds * ((peer - 1) // slots))


@pytest.mark.parametrize("slots", [1, 2, 4, 7, 16])
def test_the_slots_of_a_server_are_found_by_who_waits_there(slots: int) -> None:
    window = Window()
    worked(window, slots)
    assert slots <= window.size <= slots + 1


def test_what_was_set_is_not_found_out() -> None:
    window = Window(3)
    worked(window, 1)
    window.overrun()
    assert window.size == 3


def test_a_server_that_refuses_is_sent_half_and_one_at_least() -> None:
    window = Window()
    sizes = []
    for _ in range(4):
        window.overrun()
        sizes.append(window.size)
    assert sizes == [2, 1, 1, 1]


def test_more_at_a_time_that_brings_no_more_is_taken_back() -> None:
    window = Window()
    for _ in range(30):
        size = window.size
        for peer in range(1, size + 1):
            window.heard(peer, 0.5 * size, 0.0)  # as many as one likes, and each the slower for it
    assert window.size <= 5


# On a clock that jumps.


async def all_of(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    return list(await asyncio.gather(*work))


def test_eight_equal_threads_wait_equally() -> None:
    waits: dict[str, list[float]] = {}

    async def ask(queue: Queue, thread: str) -> None:
        clock = queue.clock
        with entered(Running(thread=thread, priority="batch", clock=clock)):
            began = clock.monotonic()
            async with Place(queue, queue.line("m", 4), "host", 1000, "refuse"):
                waits.setdefault(thread, []).append(clock.monotonic() - began)
                await asyncio.sleep(4)

    async def work() -> None:
        queue = Queue(OnTheLoop())
        await all_of(*(ask(queue, f"t{thread}") for thread in range(8) for _ in range(50)))

    jumped(work())
    means = [sum(each) / len(each) for each in waits.values()]
    assert max(means) <= 1.2 * sum(means) / len(means)


def test_waiting_is_no_slowness_of_the_model() -> None:
    from tinyllm.testing.scripted import Scripted

    class Slow(Scripted):
        async def _agenerate(self, *given: Any, **options: Any) -> Any:
            await asyncio.sleep(4)
            return await super()._agenerate(*given, **options)

    async def ask(guard: Guard) -> Reply:
        return await guard.ask("m", Ask([], options={"num_predict": 9}), lambda reply: reply)

    async def work() -> float:
        clock = OnTheLoop()
        settings = Settings(slots=1, call_timeout=5.0, load_timeout=5.0)
        guard = Guard(Models(settings, lambda *_: Slow(replies=["yes"]), clock))
        await all_of(*(ask(guard) for _ in range(6)))
        assert await guard.breakers.shelf.all() == []
        return clock.monotonic()

    assert jumped(work()) == 24


def test_an_equal_waits_for_its_turn_and_not_for_ever() -> None:
    order: list[tuple[str, float]] = []

    async def ask(queue: Queue, model: str, at: float) -> None:
        await asyncio.sleep(at)
        line = queue.line(model, 1)
        async with Place(queue, line, "host", 1000, "refuse"):
            loaded = order and order[-1][0] == model
            order.append((model, queue.clock.monotonic()))
            await asyncio.sleep(1 if loaded else 9)
            queue.turns.answered(line, 0.0 if loaded else 8.0, queue.clock.monotonic())

    async def holds() -> list[str]:
        return [full(order[-1][0])]

    async def work() -> None:
        queue = Queue(OnTheLoop(), holds)
        await all_of(*(ask(queue, "a", 0.5 * n) for n in range(200)), ask(queue, "b", 1.0))

    jumped(work())
    turned = next(at for model, at in order if model == "b")
    assert 4 * 8 <= turned <= 4 * 8 + 10
    assert sum(x[0] != y[0] for x, y in itertools.pairwise(order)) == 2


@pytest.mark.parametrize(("seconds", "fails"), [(5, True), (119, False)])
def test_a_model_that_never_answers_makes_room_for_its_equals(seconds: float, fails: bool) -> None:
    async def work() -> float:
        async def look() -> list[str]:
            return ["a:latest"]

        queue = Queue(OnTheLoop(), look)
        loop = asyncio.get_running_loop()
        over = asyncio.Event()

        async def silent(which: int) -> None:
            await asyncio.sleep(which)
            while not over.is_set() and loop.time() < 10_000:
                with entered(Running(id=f"a{which}", clock=queue.clock)):
                    try:
                        async with Place(queue, queue.line("a", 4), "h", 1024, "refuse"):
                            await asyncio.sleep(seconds)
                            if fails:
                                raise TinyError("it failed")
                    except TinyError:
                        pass

        tasks = [asyncio.create_task(silent(which)) for which in range(8)]
        await asyncio.sleep(10)
        began = loop.time()
        with entered(Running(id="b", clock=queue.clock)):
            async with Place(queue, queue.line("b", 4), "h", 1024, "refuse"):
                over.set()
                waited = loop.time() - began
        await asyncio.gather(*tasks)
        return waited

    assert jumped(work()) < 300


async def test_the_smaller_number_of_slots_counts_as_long_as_both_are_there() -> None:
    queue = Queue(OnTheLoop())
    one, other = Models(Settings()), Models(Settings())
    line = queue.line("m", 0, one)
    line.window.found = 2.0
    assert queue.line("m", 1, other).window.size == 1
    assert queue.line("registry.ollama.ai/library/m:latest", 0, one) is line
    assert line.window.size == 1
    del other
    gc.collect()
    assert queue.line("m", 0, one).window.size == 2


def test_this_machine_has_one_address() -> None:
    hosts = ["http://localhost:11434", "http://127.0.0.1:11434/", "http://[::1]:11434"]
    assert {same(host) for host in hosts} == {"http://127.0.0.1:11434"}
    assert same("http://localhost:1") != same("http://localhost:2")
    assert same("https://models.example/ollama") == "https://models.example/ollama"
