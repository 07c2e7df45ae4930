"""What a run wants sent leaves when it is committed: not before, not without, and known by its key when it comes twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tinyllm.clock import Virtual
from tinyllm.effects import effect_key
from tinyllm.engine import Engine
from tinyllm.errors import Permanent, TinyError, Unavailable
from tinyllm.settings import Settings
from tinyllm.toolkit import Tool


@dataclass
class Post:
    """Takes letters; or is closed, or refuses."""

    got: list[tuple[str, str]] = field(default_factory=list)  # text, key
    closed: TinyError | None = None
    slow: asyncio.Event | None = None
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, text: str) -> str:
        """Send a letter when the run is committed."""
        self.began.set()
        if self.slow is not None:
            await self.slow.wait()
        if self.closed is not None:
            raise self.closed
        self.got.append((text, effect_key()))
        return "taken"

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.got]

    @property
    def tool(self) -> Tool:
        return Tool("post_send", self.send, effect="keyed", reach="net", delivers=True)


@dataclass
class House:
    """Engines on one database, and the post."""

    settings: Settings
    post: Post = field(default_factory=Post)
    clock: Virtual = field(default_factory=Virtual)
    opened: list[Engine] = field(default_factory=list)

    def engine(self, **nodes: Any) -> Engine:
        graph = {"name": "t", "allow": ["post_*"], "nodes": nodes or {"a": sends("hello")}}
        engine = Engine(graph, settings=self.settings, tools=(self.post.tool,), clock=self.clock)
        self.opened.append(engine)
        return engine


def sends(text: str, to: str = "end") -> dict[str, Any]:
    return {"kind": "tool", "tool": "post_send", "args": {"text": text}, "to": to}


def value(text: str, to: Any = "end") -> dict[str, Any]:
    return {"kind": "transform", "value": text, "to": to}


MAY = {"kind": "human", "ask": "Is it right?", "choices": {"yes": "said", "no": "said"}}


@pytest.fixture
async def house(place: Any, tmp_path: Path) -> AsyncIterator[House]:
    made = House(Settings(database=str(place), workspace=str(tmp_path), project=tmp_path))
    yield made
    for engine in made.opened:
        await engine.aclose()


async def states(engine: Engine) -> list[str]:
    return [each.state for each in await engine.transactions.outbox(whole=True)]


async def test_it_leaves_after_the_commit_under_the_key_of_its_effect(house: House) -> None:
    engine = house.engine(a=sends("one", to="b"), b=sends("two"))
    answer = await engine.ask("go")
    assert "it will be sent when the run commits" in answer.answer
    assert answer.notes == ()
    assert house.post.got == [("one", f"{answer.run}:a:1:1"), ("two", f"{answer.run}:b:1:1")]
    assert await states(engine) == ["sent", "sent"]
    assert await engine.transactions.outbox() == []
    told = [line.data for line in await engine.transactions.timeline(answer.run) if line.kind == "delivery"]
    assert [(each["tool"], each["state"]) for each in told] == [("post_send", "sent")] * 2
    assert await engine.deliver(again=True) == []
    assert len(house.post.got) == 2


async def test_a_run_that_fails_sends_nothing_ever(house: House) -> None:
    engine = house.engine(a=sends("never", to="b"), b=value("1 + 'a'"))
    with pytest.raises(TinyError):
        await engine.ask("go")
    assert await engine.deliver(again=True) == []
    assert await states(engine) == ["dropped"]
    assert house.post.got == []
    assert await engine.transactions.problems() == []


async def test_a_run_that_waits_sends_when_it_was_answered(house: House) -> None:
    engine = house.engine(a=sends("later", to="may"), may=MAY, said=value("'done'"))
    waiting = await engine.ask("go")
    assert await engine.deliver(again=True) == []
    assert house.post.got == []
    await engine.resume(waiting.run, "yes")
    assert house.post.texts == ["later"]


async def test_a_run_that_is_resumed_asks_for_it_once(house: House) -> None:
    engine = house.engine(a=sends("once", to="may"), may=MAY, said=value("'done'"))
    waiting = await engine.ask("go")
    await house.engine(a=sends("once", to="may"), may=MAY, said=value("'done'")).resume(waiting.run, "yes")
    await engine.replay(waiting.run)
    assert house.post.texts == ["once"]


async def test_while_nobody_takes_it_it_waits_and_a_later_run_sends_it(house: House) -> None:
    house.post.closed = Unavailable("the post is closed", code="REFUSED")
    answer = await house.engine().ask("go")
    assert answer.status == "committed"
    assert "post_send was not sent: the post is closed" in " ".join(answer.notes)
    house.post.closed = None
    await house.engine(a=value("1")).ask("too soon")
    assert house.post.got == []
    house.clock.advance(60)
    await house.engine(a=value("1")).ask("now")
    assert house.post.got == [("hello", f"{answer.run}:a:1:1")]


async def test_what_may_be_tried_again_is_tried_again_at_once_and_then_ever_later(house: House) -> None:
    busy = TinyError("try again", retry="backoff")
    house.post.closed = busy
    engine = house.engine()
    await engine.ask("go")
    first = (await engine.transactions.outbox())[0]
    assert (first.state, first.tries) == ("waits", 3)
    assert 90 < first.due - house.clock.now() < 150
    house.clock.advance(first.due - house.clock.now() + 1)
    await engine.deliver()
    assert (await engine.transactions.outbox())[0].due - house.clock.now() > 180


async def test_the_other_side_says_when_to_come_back(house: House) -> None:
    house.post.closed = TinyError("come back later", retry="retry_after", retry_after=5_000)
    engine = house.engine()
    await engine.ask("go")
    assert (await engine.transactions.outbox())[0].due >= house.clock.now() + 4_990


async def test_what_is_refused_for_good_waits_for_a_person(house: House) -> None:
    house.post.closed = Permanent("there is no such address", code="NOT_FOUND")
    engine = house.engine()
    await engine.ask("go")
    house.clock.advance(10**6)
    assert await engine.deliver() == []
    failed = (await engine.transactions.outbox())[0]
    assert (failed.state, failed.tries) == ("failed", 1)
    assert failed.stuck(house.clock.now())
    house.post.closed = None
    assert [each.state for each in await engine.deliver(failed.key, again=True)] == ["sent"]


async def test_a_person_can_drop_it(house: House) -> None:
    house.post.closed = Permanent("no", code="NO")
    engine = house.engine()
    answer = await engine.ask("go")
    assert (await engine.transactions.drop(answer.run)).state == "dropped"
    house.post.closed = None
    assert await engine.deliver(again=True) == []
    for wrong in (answer.run, "nothing"):
        with pytest.raises(TinyError) as refused:
            await engine.transactions.drop(wrong)
        assert refused.value.hint


async def test_two_relays_never_send_the_same(house: House) -> None:
    house.post.closed = Unavailable("closed", code="REFUSED")
    engine = house.engine(**{f"n{i}": sends(str(i), to=f"n{i + 1}" if i < 9 else "end") for i in range(10)})
    await engine.ask("go")
    house.post.closed = None
    relays = [house.engine(a=value("1")) for _ in range(8)]
    sent = await asyncio.gather(*(each.deliver(again=True) for each in relays))
    assert sorted(house.post.texts) == sorted(str(i) for i in range(10))
    assert sum(map(len, sent)) == 10


async def test_who_has_it_keeps_it_until_its_process_is_gone(house: House) -> None:
    engine, other = house.engine(), house.engine(a=value("1"))
    house.post.slow = asyncio.Event()
    asking = asyncio.ensure_future(engine.ask("go"))
    await house.post.began.wait()
    run = (await other.transactions.outbox(whole=True))[0].run
    assert await other.deliver(again=True) == []
    with pytest.raises(TinyError, match="just being sent"):
        await other.transactions.rollback(run)
    with pytest.raises(TinyError, match="just being sent"):
        await other.transactions.drop(run)
    assert (await other.transactions.run(run)).status == "committed"
    await other.transactions.store.write(lambda db: db.execute("UPDATE outbox SET pid = 0, started = 'x'"))
    first, house.post.slow = house.post.slow, None
    assert [each.state for each in await other.deliver()] == ["sent"]
    first.set()
    await asking
    assert len(house.post.got) == 2
    assert {key for _, key in house.post.got} == {f"{run}:a:1:1"}
    assert await states(engine) == ["sent"]


async def test_stopped_in_the_middle_it_is_sent_again_under_the_same_key(house: House) -> None:
    engine = house.engine()
    house.post.slow = asyncio.Event()
    asking = asyncio.ensure_future(engine.ask("go"))
    await house.post.began.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert [each.status for each in await engine.transactions.runs()] == ["committed"]
    house.post.slow.set()
    assert [each.tries for each in await engine.deliver()] == [2]
    assert house.post.texts == ["hello"]


async def test_a_committed_run_that_is_taken_back_sends_nothing_more(house: House) -> None:
    house.post.closed = Unavailable("closed", code="REFUSED")
    engine = house.engine()
    answer = await engine.ask("go")
    await engine.transactions.rollback(answer.run)
    house.post.closed = None
    assert await engine.deliver(again=True) == []
    assert await states(engine) == ["dropped"]


async def test_what_was_sent_stays_sent_and_the_run_says_so(house: House) -> None:
    engine = house.engine()
    answer = await engine.ask("go")
    await engine.transactions.rollback(answer.run)
    said = [
        line.data["text"] for line in await engine.transactions.timeline(answer.run) if line.kind == "note"
    ]
    assert said == ["post_send was sent, and that is not taken back"]


async def test_after_a_return_only_what_is_asked_for_again_is_sent(house: House) -> None:
    nodes = {"a": sends("first", to="b"), "b": sends("second", to="may"), "may": MAY, "said": value("'done'")}
    engine = house.engine(**nodes)
    waiting = await engine.ask("go")
    await engine.transactions.rollback(waiting.run, to=1)
    assert [each.arguments["text"] for each in await engine.transactions.outbox(whole=True)] == ["first"]
    again = await engine.resume(waiting.run)
    await engine.resume(again.run, "yes")
    assert house.post.texts == ["first", "second"]


async def test_what_is_forbidden_meanwhile_is_not_sent(house: House) -> None:
    house.post.closed = Unavailable("closed", code="REFUSED")
    await house.engine().ask("go")
    house.post.closed = None
    house.settings = replace(house.settings, deny=("post_*",))
    left = await house.engine(a=value("1")).deliver(again=True)
    assert [(each.state, each.error) for each in left] == [("failed", "post_send is forbidden by 'post_*'")]
    assert house.post.got == []


async def test_a_run_whose_mail_waits_is_not_pruned(house: House) -> None:
    house.post.closed = Unavailable("closed", code="REFUSED")
    engine = house.engine()
    answer = await engine.ask("go")
    house.post.closed = None
    assert await engine.transactions.prune(kept=0) == 0
    await engine.deliver(again=True)
    assert await engine.transactions.prune(kept=0) == 1
    assert house.post.got == [("hello", f"{answer.run}:a:1:1")]


async def test_without_a_run_it_is_sent_at_once(house: House) -> None:
    result = await house.engine().services.call("post_send", {"text": "now"})
    assert result.data == "taken"
    assert house.post.texts == ["now"]
