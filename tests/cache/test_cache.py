"""A request that always gets the same reply is asked once, and its reply is everybody's when its run is committed."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cache.conftest import MODEL, Counted, Opened, graph
from tinyllm.cache import Cache, Digests, deterministic, key_of, rows
from tinyllm.clock import Virtual
from tinyllm.errors import TinyError
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.running import Event, Running, entered
from tinyllm.settings import Settings
from tinyllm.store import checksum, open_store

FAIL: dict[str, Any] = {
    "kind": "transform",
    "value": "1 / (outputs.say | length - outputs.say | length)",
    "to": "end",
}


async def told(engine: Any, question: str = "Who?", **options: Any) -> tuple[str, list[Event]]:
    heard: list[Event] = []
    async with engine:
        answer = await engine.ask(question, listen=heard.append, **options)
    return str(answer), heard


def of(kind: str, heard: list[Event]) -> list[dict[str, Any]]:
    return [event.data for event in heard if event.kind == kind]


# What is asked once.


async def test_what_a_committed_run_was_told_is_not_asked_again(opened: Opened, server: Counted) -> None:
    first, heard = await told(opened())
    assert (first, [call["cache"] for call in of("call", heard)]) == ("reply 1", ["missed"])
    async with opened() as engine:
        again = await engine.ask("Who?")
        assert (str(again), again.models, again.tokens) == ("reply 1", (MODEL,), {"in": 0, "out": 0})
        other = await engine.ask("Where?")
        assert (str(other), server.asked) == ("reply 2", 2)
        lines = await engine.transactions.timeline(again.run)
        [cached] = [line.data for line in lines if line.kind == "cached"]
        assert (cached["shared"], cached["model"]) == (False, MODEL)
        assert cached["tokens_out"] > 0
        assert str(await engine.replay(again.run)) == "reply 1"
        effects = await engine.transactions.effects(again.run)
        assert [(line.effect, line.state) for line in effects] == [("model", "done")]
    assert server.asked == 2


async def test_a_hit_does_not_ask_which_model_it_is(opened: Opened, server: Counted) -> None:
    async with opened() as engine:
        for question in ("a", "b"):
            await engine.ask(question)
        assert server.times("/api/tags") == 1 + 2  # at first, and before each was kept
        for question in ("b", "a", "b"):
            await engine.ask(question)
    assert (server.asked, server.times("/api/tags")) == (2, 3)


async def test_replies_that_come_together_are_kept_after_one_look(server: Counted) -> None:
    digests = Digests(Settings(ollama_host=server.simulator.url), Virtual())
    digest = await digests.of(MODEL)
    assert await asyncio.gather(*(digests.still(MODEL, digest) for _ in range(9))) == [True] * 9
    assert server.times("/api/tags") == 1 + 2  # the first asks, and then one for all who came meanwhile
    server.digest = ""
    assert not await digests.still(MODEL, digest)


@pytest.mark.parametrize(
    ("options", "asked"),
    [({"temperature": None}, 2), ({"temperature": 0.4}, 2), ({"temperature": 0}, 1)],
)
async def test_only_what_would_be_the_same_again_is_kept(
    opened: Opened, server: Counted, options: dict[str, Any], asked: int
) -> None:
    for _ in range(2):
        await told(opened(options))
    assert server.asked == asked
    assert bool(server.times("/api/tags")) == (asked == 1)


def test_a_fixed_seed_is_as_good_as_no_heat() -> None:
    def sure(entry: dict[str, Any], options: dict[str, Any]) -> bool:
        return deterministic(Entry(name="m", **entry), Ask([], options=options))

    certain: list[Any] = [
        ({"temperature": 0}, {}),
        ({}, {"temperature": 0.0}),
        ({"seed": 0}, {}),
        ({"temperature": 0.9}, {"seed": 7}),
    ]
    assert all(sure(*each) for each in certain)
    open_: list[Any] = [
        ({}, {}),
        ({"seed": -1}, {}),
        ({"temperature": 0}, {"temperature": 1}),
        ({"temperature": 0.4}, {}),
    ]
    assert not any(sure(*each) for each in open_)
    assert not sure({"seed": 3}, {"seed": -1})


async def test_everything_that_is_sent_belongs_to_the_request() -> None:
    models = Models(Settings())
    hello: Any = {"role": "user", "content": "hello"}

    def key(
        digest: str = "d", entry: dict[str, Any] | None = None, in_words: bool = False, **ask: Any
    ) -> str:
        made = Ask(**{"messages": [hello], **ask})
        return key_of(digest, made, models.wanted(Entry(name="m", **(entry or {})), made), in_words=in_words)

    tool = {"type": "function", "function": {"name": "f", "description": "", "parameters": {}}}
    call: Any = {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "1", "name": "f", "args": {"a": 1}}],
    }
    called = {**call, "tool_calls": [{"id": "1", "name": "f", "args": {"a": 2}}]}
    schema: dict[str, Any] = {"properties": {"a": {}, "b": {}}}
    different = [
        key(), key("another"), key(entry={"num_ctx": 512}), key(in_words=True), key(options={"seed": 1}),
        key(tools=[tool]), key(schema=schema), key(schema={"properties": {"b": {}, "a": {}}}),
        key(messages=[{**hello, "role": "system"}]), key(messages=[hello, hello]), key(messages=[call]),
        key(messages=[called]), key(messages=[{"role": "user", "content": "hello "}]),
    ]  # fmt: skip
    assert len(set(different)) == len(different)
    # What stays with us, and what says the same, does not count.
    assert key(messages=[{**hello, "node": "n"}], token=print) == key()
    assert key(options={"seed": 1, "top_k": 2}) == key(options={"top_k": 2, "seed": 1})
    assert key(options={"temperature": 0}) == key(options={"temperature": 0.0})
    assert key(entry={"seed": 1}) == key(options={"seed": 1})
    again = {**call, "tool_calls": [{**call["tool_calls"][0], "id": "2"}], "tokens": 7}
    assert key(messages=[again]) == key(messages=[call])


async def test_a_model_that_was_pulled_anew_is_asked_again(opened: Opened, server: Counted) -> None:
    assert (await told(opened()))[0] == "reply 1"
    server.digest = "3" * 64
    assert (await told(opened()))[0] == "reply 2"


async def test_a_process_that_lives_long_looks_again_which_model_it_is(server: Counted) -> None:
    clock = Virtual()
    digests = Digests(Settings(ollama_host=server.simulator.url), clock)
    assert [await digests.of(name) for name in (MODEL, "M:1B", "gone:1b", "far:1b")] == ["1" * 64] * 2 + [
        ""
    ] * 2
    server.digest = "3" * 64
    assert await digests.of(MODEL) == "1" * 64
    clock.advance(61)
    assert await digests.of(MODEL) == "3" * 64
    assert server.times("/api/tags") == 2


async def test_a_reply_of_a_model_that_was_pulled_meanwhile_is_not_kept_as_one_of_the_old(
    opened: Opened, server: Counted
) -> None:
    async with opened() as engine:
        await engine.ask("Who?")
        server.digest = "3" * 64
        assert str(await engine.ask("Where?")) == "reply 2"
        assert str(await engine.ask("Who?")) == "reply 3"  # known at once from then on
        assert str(await engine.ask("Who?")) == "reply 3"
    server.digest = "1" * 64
    assert [(await told(opened(), question))[0] for question in ("Who?", "Where?")] == ["reply 1", "reply 4"]


async def test_without_a_server_that_says_which_model_it_is_nothing_is_kept(
    opened: Opened, server: Counted
) -> None:
    server.digest = ""
    assert [(await told(opened()))[0], (await told(opened()))[0]] == ["reply 1", "reply 2"]


async def test_a_server_that_rests_is_not_asked_which_model_it_is(opened: Opened, server: Counted) -> None:
    async with opened() as engine:
        await engine.services.guard.breakers.set(server.simulator.url, "open")
        with pytest.raises(TinyError, match="is resting"):
            await engine.ask("Who?")
    assert server.simulator.connections == 0


async def test_switched_off_nothing_is_kept_or_looked_for(opened: Opened, server: Counted) -> None:
    await told(opened())
    looked = server.times("/api/tags")
    for _ in range(2):
        _, heard = await told(opened(cache="off"))
        assert "cache" not in of("call", heard)[0]
    assert (server.asked, server.times("/api/tags")) == (3, looked)
    assert (await told(opened()))[0] == "reply 1"


# When it counts.


async def test_what_a_run_was_told_is_nobodys_until_it_commits(opened: Opened, server: Counted) -> None:
    asks = {"kind": "human", "ask": "Go on?", "choices": {"yes": "end", "no": "end"}}
    async with opened(given=graph(may=asks)) as engine, opened() as other:
        waiting = await engine.ask("Who?")
        assert waiting.status == "waiting"
        assert str(await other.ask("Who?")) == "reply 2"
        await engine.transactions.rollback(waiting.run)
        again = await engine.ask("Who?")
        assert server.asked == 2  # … and what the other one was told is everybody's
        await engine.resume(again.run, "yes")


async def test_a_run_that_is_rolled_back_leaves_nothing(opened: Opened, server: Counted) -> None:
    async with opened(given=graph(fail=FAIL)) as engine:
        for _ in range(2):
            with pytest.raises(TinyError):
                await engine.ask("Who?")
        assert server.asked == 2
        assert await engine.transactions.store.read(rows.size) == 0


async def test_a_run_that_is_taken_back_takes_its_replies_along(opened: Opened, server: Counted) -> None:
    async with opened() as engine:
        first = await engine.ask("Who?")
        await engine.transactions.rollback(first.run)
        assert await engine.transactions.store.read(rows.size) == 0
        await engine.ask("Who?")
    assert server.asked == 2


async def test_a_run_that_goes_back_to_a_savepoint_was_never_told(opened: Opened, server: Counted) -> None:
    asks = {"kind": "human", "ask": "Go on?", "choices": {"yes": "end", "no": "end"}}
    second = {"prompt": "And why?", "model": MODEL, "temperature": 0, "to": "may"}
    async with opened(given=graph(why=second, may=asks)) as engine:
        waiting = await engine.ask("Who?")
        await engine.transactions.rollback(waiting.run, to=1)
        before = await engine.transactions.store.read(
            lambda db: db.execute("SELECT key FROM cache").fetchall()
        )
        await engine.resume(waiting.run)
        after = await engine.transactions.store.read(
            lambda db: db.execute("SELECT key FROM cache").fetchall()
        )
    assert (len(before), len(after), server.asked) == (1, 2, 3)


async def test_replies_outlive_the_runs_that_asked(opened: Opened, server: Counted) -> None:
    async with opened() as engine:
        for question in ("a", "b"):
            await engine.ask(question, thread="t")
        assert await engine.transactions.prune(kept=0) > 0
        assert len(await engine.transactions.store.read(rows.read_all)) == 2
        await engine.ask("a")
    assert server.asked == 2


# What is served.


async def test_a_kept_reply_is_judged_like_a_fresh_one_and_asked_for_again(
    opened: Opened, server: Counted
) -> None:
    await told(opened())
    async with opened() as engine:

        def read(reply: Reply) -> str:
            if reply.text == "reply 1":
                raise TinyError("not this one", code="OUTPUT_SCHEMA")
            return reply.text

        guard = engine.services.guard
        ask = Ask([{"role": "system", "content": "Answer."}, {"role": "user", "content": "Who?"}],
                  options={"temperature": 0})  # fmt: skip
        assert await guard.ask(MODEL, ask, lambda reply: reply.text) == "reply 1"
        assert await guard.ask(MODEL, ask, read) == "reply 2"
    assert server.asked == 2


async def test_what_a_gate_sent_back_is_not_served_again_in_that_run(opened: Opened, server: Counted) -> None:
    """A loop whose node asks the same again: the run would go round in circles on one reply."""
    again = {"kind": "condition", "when": "visits.say < 2", "then": "say", "otherwise": "end"}
    nodes = graph({"max_visits": 3}, again=again)
    assert (await told(opened(given=nodes)))[0] == "reply 2"
    text, heard = await told(opened(given=nodes))
    assert (text, len(of("cached", heard)), len(of("call", heard))) == ("reply 3", 1, 1)
    assert (await told(opened()))[0] == "reply 3"  # the newest word counts


async def test_a_damaged_reply_is_dropped_and_never_served(
    opened: Opened, server: Counted, tmp_path: Path
) -> None:
    await told(opened())
    for damage in ("replace(body, 'reply', 'reply!')", "'{}'", "'no JSON'"):
        with sqlite3.connect(tmp_path / "t.db") as db:
            db.execute(f"UPDATE cache SET body = {damage}")
        asked = server.asked
        text, heard = await told(opened())
        assert (server.asked, text) == (asked + 1, f"reply {asked + 1}")
        assert "is damaged" in of("note", heard)[0]["text"]
    assert (await told(opened()))[0] == f"reply {server.asked}"


async def test_what_is_no_reply_is_dropped_though_its_checksum_is_right(
    opened: Opened, server: Counted, tmp_path: Path
) -> None:
    await told(opened())
    with sqlite3.connect(tmp_path / "t.db") as db:
        row = db.execute("SELECT key, digest, body FROM cache").fetchone()
    whole = json.loads(row[2])
    wrong = [{**whole, name: 7} for name in ("text", "tool_calls", "done_reason")]
    for body in (
        json.dumps("text"),
        "null",
        "[" * 5000,
        json.dumps({**whole, "tokens_in": "x"}),
        *map(json.dumps, wrong),
    ):
        with sqlite3.connect(tmp_path / "t.db") as db:
            db.execute("UPDATE cache SET body = ?, crc = ?", (body, checksum(*row[:2], body)))
        asked = server.asked
        assert (await told(opened()))[0] == f"reply {asked + 1}"


async def test_a_damaged_digest_is_no_reply_of_this_model(
    opened: Opened, server: Counted, tmp_path: Path
) -> None:
    await told(opened())
    with sqlite3.connect(tmp_path / "t.db") as db:
        db.execute("UPDATE cache SET digest = 'x'")
    assert (await told(opened()))[0] == "reply 2"


async def test_who_watches_gets_a_kept_reply_in_one_piece(opened: Opened) -> None:
    await told(opened())
    text, heard = await told(opened(), streams=True)
    assert [data["text"] for data in of("token", heard)] == [text] == ["reply 1"]


async def test_a_reply_with_a_secret_in_it_is_not_kept(
    opened: Opened, server: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "reply 100000")
    server.said = 99_999
    assert [(await told(opened()))[0], (await told(opened()))[0]] == ["reply 100000", "reply 100001"]
    assert (await told(opened()))[0] == "reply 100001"


@pytest.mark.parametrize(
    "args",
    [{"content": 'password = "hunter2222"\n'}, {"content": '{"api_key": "hunter2222"}'}, {"password": "hunter22"},
     {"lines": ["a\nBearer hunter2222"]}],
)  # fmt: skip
def test_a_call_of_a_tool_with_a_secret_in_it_is_not_kept(args: dict[str, Any]) -> None:
    cache = Cache.of(Models(Settings()), lambda: pytest.fail("nothing is looked up"))
    assert cache is not None
    for given, kept in (({"content": "the password is a secret"}, 1), (args, 0)):
        heard: list[Event] = []
        with entered(Running(id="r", listen=heard.append)):
            calls = ({"id": "1", "name": "write", "args": {"path": "a.py", **given}},)
            cache.keep("k", "d", Reply("", MODEL, tool_calls=calls), in_words=False)
        assert len(of("kept", heard)) == kept


async def test_events_for_the_database_are_told_to_nobody_else(opened: Opened, tmp_path: Path) -> None:
    log = tmp_path / "log"
    _, heard = await told(opened(log=str(log)))
    _, again = await told(opened(log=str(log)))
    assert not of("kept", [*heard, *again])
    assert '"cached"' in log.read_text()
    assert '"kept",' not in log.read_text()


# Bounds.


async def test_the_least_recently_used_go_first(opened: Opened, server: Counted) -> None:
    body = "x" * 1000
    async with opened(cache_size=0.01) as engine:
        store, cache = engine.transactions.store, engine.services.guard.cache
        assert isinstance(cache, Cache)

        def fill(db: Any) -> None:
            for number in range(12):
                rows.put(db, {"key": f"k{number}", "run": "", "savepoint": 0, "model": "m", "digest": "d",
                              "body": body, "at": float(number)})  # fmt: skip
            rows.put(db, {"key": "k0", "by": "", "at": 100.0})

        await store.write(fill)
        assert await cache.sweep() > 0
        left = [row["key"] for row in await store.read(rows.read_all)]
        assert await store.read(rows.size) <= 10_000
        assert left[0] == "k0"
        assert set(left[1:]) == {f"k{number}" for number in range(12 - len(left) + 1, 12)}
        assert await cache.sweep() == 0


async def test_an_engine_sweeps_when_it_closes(opened: Opened, tmp_path: Path) -> None:
    for question in "abcdefgh":
        await told(opened(cache_size=0.001), question)
    with open_store(tmp_path / "t.db") as store:
        assert 0 < store.read_now(rows.size) <= 1000


async def test_programs_that_never_close_stay_within_the_limit_as_well(opened: Opened) -> None:
    left = [opened(cache_size=0.002) for _ in range(3)]
    try:
        for number, engine in enumerate(left):
            for question in "abcdef":
                await engine.ask(f"{question}{number}")
                assert 0 < await engine.transactions.store.read(rows.size) <= 2000
    finally:
        for engine in left:
            await engine.aclose()


async def test_the_first_reply_of_a_program_makes_room(opened: Opened) -> None:
    async with opened() as large:
        for question in "abcdef":
            await large.ask(question)
        async with opened(cache_size=0.001) as small:
            await small.ask("a")  # a hit keeps nothing
            assert await large.transactions.store.read(rows.size) > 1000
            await small.ask("g")
            assert 0 < await large.transactions.store.read(rows.size) <= 1000


async def test_a_store_that_cannot_be_read_costs_a_call_and_no_answer(
    opened: Opened, server: Counted, tmp_path: Path
) -> None:
    await told(opened())
    async with opened() as engine:
        engine.transactions.store.close()
        guard = engine.services.guard
        ask = Ask([{"role": "user", "content": "Who?"}], options={"temperature": 0})
        with entered(Running()):
            assert await guard.ask(MODEL, ask, lambda reply: reply.text) == "reply 2"


async def test_all_of_it_on_postgresql(opened: Opened, server: Counted, postgres: str) -> None:
    async with (
        opened(database=postgres) as engine,
        opened(given=graph(fail=FAIL), database=postgres) as failing,
    ):
        store, cache = engine.transactions.store, engine.services.guard.cache
        with pytest.raises(TinyError):
            await failing.ask("Who?")
        assert await store.read(rows.size) == 0
        assert [str(await engine.ask(word)) for word in ("Who?", "Who?", "Where?")] == [
            "reply 2", "reply 2", "reply 3",
        ]  # fmt: skip
        assert [row["hits"] for row in await store.read(rows.read_all)] == [0, 1]
        [stats] = await store.read(rows.read_stats)
        assert (stats["model"], stats["replies"], stats["hits"]) == (MODEL, 2, 1)
        assert isinstance(cache, Cache)
        cache.limit = 0.0006
        assert await cache.sweep() > 0
        [left] = await store.read(rows.read_all)
        assert '"reply 3"' in left["body"]
        assert await store.write(lambda db: rows.clear(db, model=MODEL, before=left["used"])) == 0
        assert await store.write(rows.clear) == 1
