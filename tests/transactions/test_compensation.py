"""What a rolled-back run left outside is told, and something is done about it when a person says so: in order, and recorded."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tinyllm import failpoints
from tinyllm.clock import Virtual
from tinyllm.engine import Engine
from tinyllm.errors import Permanent, TinyError
from tinyllm.settings import Settings
from tinyllm.toolkit import Tool


@dataclass
class Hotel:
    """Takes guests in, and lets them go."""

    inside: list[str] = field(default_factory=list)
    went: list[tuple[str | None, str]] = field(default_factory=list)  # in what order, by which key
    closed: TinyError | None = None
    often: int = 0
    torn: bool = False  # the line is, after a guest was let in

    async def enter(self, name: str) -> str:
        """Let a guest in."""
        self.inside.append(name)
        if self.torn:
            raise ConnectionResetError("midway")
        return name

    async def leave(self, key: str, result: Any) -> str:
        self.often += 1
        if self.closed is not None:
            raise self.closed
        if result in self.inside:
            self.inside.remove(result)
        self.went.append((result, key))
        return f"{result} left"

    @property
    def tools(self) -> tuple[Tool, ...]:
        enter = Tool("hotel_enter", self.enter, effect="unsafe", reach="none", compensate=self.leave)
        return (enter, replace(enter, name="hotel_stay", compensate=None))


@pytest.fixture
async def hotel(place: Any, tmp_path: Path) -> AsyncIterator[tuple[Hotel, Engine]]:
    made = Hotel()
    settings = Settings(database=str(place), workspace=str(tmp_path), project=tmp_path)
    nodes = {
        "a": {"kind": "tool", "tool": "hotel_enter", "args": {"name": "Ada"}, "to": "b"},
        "b": {"kind": "tool", "tool": "hotel_stay", "args": {"name": "Bob"}, "to": "c"},
        "c": {"kind": "tool", "tool": "hotel_enter", "args": {"name": "Cy"}, "to": "end"},
    }
    graph = {"name": "t", "allow": ["hotel_*"], "nodes": nodes}
    async with Engine(graph, settings=settings, tools=made.tools, clock=Virtual()) as engine:
        yield made, engine


async def rolled_back(engine: Engine) -> str:
    answer = await engine.ask("go")
    await engine.transactions.rollback(answer.run)
    return answer.run


async def states(engine: Engine, run: str) -> dict[str, str]:
    return {line.key[0]: line.state for line in await engine.transactions.effects(run)}


async def test_the_last_one_goes_first_and_all_of_it_is_recorded(hotel: tuple[Hotel, Engine]) -> None:
    made, engine = hotel
    run = await rolled_back(engine)
    assert made.inside == ["Ada", "Bob", "Cy"]  # a rollback alone does nothing outside
    done = await engine.transactions.compensate(run, engine.services)
    assert made.went == [("Cy", f"{run}:c:1:1"), ("Ada", f"{run}:a:1:1")]
    assert [(each.done, each.said) for each in done] == [(True, "Cy left"), (True, "Ada left")]
    assert await states(engine, run) == {"a": "compensated", "b": "done", "c": "compensated"}
    notes = [line.data["text"] for line in await engine.transactions.timeline(run) if line.kind == "note"]
    assert notes == ["hotel_enter was compensated: Cy left", "hotel_enter was compensated: Ada left"]
    assert await engine.transactions.compensate(run, engine.services) == []
    assert await engine.transactions.problems() == []


async def test_only_a_run_that_was_rolled_back_is_compensated(hotel: tuple[Hotel, Engine]) -> None:
    made, engine = hotel
    answer = await engine.ask("go")
    with pytest.raises(TinyError) as refused:
        await engine.transactions.compensate(answer.run, engine.services)
    assert (refused.value.code, "--compensate" in refused.value.hint) == ("RUN_NOT_ROLLED_BACK", True)
    assert made.went == []


async def test_what_fails_is_loud_stops_nobody_and_can_be_tried_again(hotel: tuple[Hotel, Engine]) -> None:
    made, engine = hotel
    run = await rolled_back(engine)
    made.closed = Permanent("the door is locked", code="LOCKED")
    done = await engine.transactions.compensate(run, engine.services)
    assert [each.done for each in done] == [False, False]
    assert set((await states(engine, run)).values()) == {"compensation failed", "done"}
    notes = [line.data["text"] for line in await engine.transactions.timeline(run) if line.kind == "note"]
    assert notes[-1].startswith("compensation failed: ")
    assert "the door is locked" in notes[-1]
    made.closed = None
    await engine.transactions.compensate(run, engine.services)
    assert made.inside == ["Bob"]


async def test_what_may_pass_is_tried_again(hotel: tuple[Hotel, Engine]) -> None:
    made, engine = hotel
    run = await rolled_back(engine)
    made.closed = TinyError("busy", retry="backoff")
    await engine.transactions.compensate(run, engine.services)
    assert made.often == 6


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
async def test_cut_short_anywhere_it_is_taken_up_again(hotel: tuple[Hotel, Engine], nth: int) -> None:
    made, engine = hotel
    run = await rolled_back(engine)
    with failpoints.armed("compensate.before", failpoints.error, nth), pytest.raises((OSError, TinyError)):
        await engine.transactions.compensate(run, engine.services)
    await engine.transactions.compensate(run, engine.services)
    assert made.inside == ["Bob"]
    assert await states(engine, run) == {"a": "compensated", "b": "done", "c": "compensated"}


async def test_what_is_forbidden_is_not_done(hotel: tuple[Hotel, Engine]) -> None:
    made, engine = hotel
    run = await rolled_back(engine)
    services = replace(engine.services, settings=replace(engine.settings, deny=("hotel_*",)))
    done = await engine.transactions.compensate(run, services)
    assert [(each.done, "forbidden" in each.said) for each in done] == [(False, True)] * 2
    assert made.inside == ["Ada", "Bob", "Cy"]


async def test_what_failed_half_way_is_handed_over_without_a_result(hotel: tuple[Hotel, Engine]) -> None:
    made, engine = hotel
    made.torn = True
    with pytest.raises(TinyError):
        await engine.ask("go")
    (row,) = await engine.transactions.runs()
    made.closed = Permanent("the door is locked")
    await engine.transactions.compensate(row.id, engine.services)
    made.closed = None
    await engine.transactions.compensate(row.id, engine.services)
    assert made.went == [(None, f"{row.id}:a:1:1")]
