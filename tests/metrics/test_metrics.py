"""What Prometheus reads: valid text, right sums, and counters that never fall."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tinyllm.clock import Virtual
from tinyllm.engine import Engine
from tinyllm.guard import StoreShelf
from tinyllm.metrics import metrics
from tinyllm.metrics.reading import STATES
from tinyllm.metrics.sums import summed
from tinyllm.settings import Settings
from tinyllm.store import Store, open_store
from tinyllm.testing.scripted import Scripted

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
Open = Callable[..., Engine]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    place = tmp_path / "runs.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    with open_store(place) as opened:
        yield opened


@pytest.fixture
def other(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A second process' store at the same place."""
    sqlite = store.dialect == "sqlite"
    with open_store(tmp_path / "runs.db" if sqlite else request.getfixturevalue("postgres")) as opened:
        yield opened


@pytest.fixture
async def open_engine(tmp_path: Path) -> AsyncIterator[Open]:
    """Engines on one database; the model says what it is told."""
    opened: list[Engine] = []

    def make(graph: dict[str, Any], *said: Any) -> Engine:
        settings = Settings(database=str(tmp_path / "runs.db"), workspace=str(tmp_path))
        engine = Engine(graph, settings=settings, make=lambda *_: Scripted(*said), clock=Virtual())
        opened.append(engine)
        return engine

    yield make
    for engine in opened:
        await engine.aclose()


async def read(store: Store) -> Samples:
    return parsed(await metrics(store, "1.0"))


def parsed(text: str) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.name.startswith("tinyllm_"), family.name
        assert family.documentation
        assert family.type in ("counter", "gauge", "histogram")
        for sample in family.samples:
            key = (sample.name.removeprefix("tinyllm_"), tuple(sorted(sample.labels.items())))
            assert key not in found, "a series twice"
            found[key] = sample.value
    return found


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, tuple(sorted(labels.items()))))


def file_run(store: Store, id: str, *events: tuple[str, dict[str, Any]], status: str = "committed") -> None:
    """A run with these events, as it stands in the database."""

    def write(db: Any) -> None:
        db.execute("INSERT INTO threads (id) VALUES (:id)", {"id": id})
        db.execute(
            "INSERT INTO runs (id, thread, status, graph, answer) VALUES (:id, :id, :status, 'g', '{}')",
            {"id": id, "status": status},
        )
        add(db, id, 0, *events)

    store.write_now(write)


def add(db: Any, id: str, since: int, *events: tuple[str, dict[str, Any]]) -> None:
    for seq, (kind, data) in enumerate(events, since + 1):
        db.execute(
            "INSERT INTO events (run, seq, kind, node, data) VALUES (:run, :seq, :kind, 'n', :data)",
            {"run": id, "seq": seq, "kind": kind, "data": json.dumps(data, separators=(",", ":"))},
        )


def call(model: str = "m", seconds: float = 0.3) -> tuple[str, dict[str, Any]]:
    return "call", {"model": model, "tokens_in": 10, "tokens_out": 4, "seconds": seconds}


async def test_an_empty_database_is_valid_text(store: Store) -> None:
    samples = await read(store)
    assert value(samples, "build_info", version="1.0") == 1
    assert (value(samples, "database_bytes") or 0) > 0


async def test_calls_tokens_waits_and_caches_are_added_up(store: Store) -> None:
    waits = [("queued", {"model": "m", "seconds": 0.07}), ("queued", {"model": "m", "seconds": 400})]
    looks = [("cached", {"model": "m", "hit": True}), ("cached", {"model": "m", "hit": False})]
    file_run(store, "a", call(), call(seconds=7), *waits, *looks, ("tool", {"tool": "calc", "arguments": {}}))
    file_run(store, "b", call(), ("tool", {"tool": "calc", "failure": {"code": "X"}}), status="rolled_back")
    samples = await read(store)
    assert value(samples, "model_calls_total", model="m", outcome="ok") == 3
    assert value(samples, "tokens_total", model="m", direction="in") == 30
    assert value(samples, "tokens_total", model="m", direction="out") == 12
    assert value(samples, "model_call_seconds_bucket", model="m", le="0.5") == 2
    assert value(samples, "model_call_seconds_bucket", model="m", le="+Inf") == 3
    assert value(samples, "model_call_seconds_count", model="m") == 3
    assert value(samples, "model_call_seconds_sum", model="m") == pytest.approx(7.6)
    assert value(samples, "queue_wait_seconds_bucket", model="m", le="300") == 1
    assert value(samples, "queue_wait_seconds_count", model="m") == 2
    assert value(samples, "cache_lookups_total", model="m", result="hit") == 1
    assert value(samples, "cache_lookups_total", model="m", result="miss") == 1
    assert value(samples, "tool_calls_total", tool="calc", outcome="failed") == 1
    assert value(samples, "runs_ended_total", graph="g", status="rolled_back") == 1


async def test_a_bad_reply_is_one_call(store: Store) -> None:
    bad = ("failure", {"model": "entry", "kind": "validation"})
    silent = ("failure", {"model": "m", "kind": "timeout"})
    file_run(store, "a", call(), bad, call(), silent, ("failure", {"kind": "timeout"}))
    samples = await read(store)
    assert value(samples, "model_calls_total", model="m", outcome="ok") == 1
    assert value(samples, "model_calls_total", model="m", outcome="validation") == 1
    assert value(samples, "model_calls_total", model="m", outcome="timeout") == 1


@pytest.mark.parametrize("name", ['a "quoted" \\ name\nwith a line', "}\u2028", "m" * 5_000])
async def test_any_name_is_a_label(store: Store, name: str) -> None:
    file_run(store, "a", call(name))
    assert value(await read(store), "model_calls_total", model=name[:200], outcome="ok") == 1


async def test_a_run_is_added_up_once_however_often_one_looks(store: Store) -> None:
    file_run(store, "alive", call(), status="executing")
    file_run(store, "ended", call())
    first = await read(store)
    assert await read(store) == first
    assert value(first, "model_calls_total", model="m", outcome="ok") == 2
    store.write_now(lambda db: add(db, "alive", 1, call()))
    assert value(await read(store), "model_calls_total", model="m", outcome="ok") == 3
    store.write_now(lambda db: db.execute("UPDATE runs SET status = 'committed' WHERE id = 'alive'"))
    for _ in range(2):
        samples = await read(store)
        assert value(samples, "model_calls_total", model="m", outcome="ok") == 3
        assert value(samples, "runs_ended_total", graph="g", status="committed") == 2


async def test_a_run_that_ends_between_adding_up_and_looking_is_counted_once(store: Store) -> None:
    file_run(store, "a", call(), status="executing")
    before = await read(store)
    store.write_now(lambda db: add(db, "a", 1, call()))
    store.write_now(lambda db: db.execute("UPDATE runs SET status = 'committed' WHERE id = 'a'"))
    found = store.read_now(summed)  # nobody has added it up
    assert found["model_calls_total", ("m", "ok")] == 2
    assert found["runs_ended_total", ("g", "committed")] == 1
    assert value(before, "model_calls_total", model="m", outcome="ok") == 1
    await read(store)
    assert store.read_now(summed) == found


async def test_two_who_look_at_once_count_once(store: Store, other: Store) -> None:
    for number in range(20):
        file_run(store, str(number), call())
    both = await asyncio.gather(*(asyncio.to_thread(asyncio.run, read(each)) for each in (store, other)))
    for samples in (*both, await read(store)):
        assert value(samples, "model_calls_total", model="m", outcome="ok") == 20
        assert value(samples, "runs_ended_total", graph="g", status="committed") == 20


DAMAGED = (
    "{cut", "[1]", "null", '"m"', "{}", "[" * 100_000, '{"model":["m"],"tokens_in":{},"seconds":"long"}',
    '{"model":"m","tokens_in":"7","tokens_out":-50,"seconds":NaN}', '{"model":"m","tokens_in":1e999,"seconds":-1}',
)  # fmt: skip


async def test_what_is_damaged_stops_nobody(store: Store) -> None:
    file_run(store, "a", call())
    file_run(store, "b", call("\ud800\0"))

    def damage(db: Any) -> None:
        for id, answer in (("a", "{cut"), ("b", '["refused"]')):
            db.execute("UPDATE runs SET answer = :answer WHERE id = :id", {"id": id, "answer": answer})
        for seq, data in enumerate(DAMAGED, 9):
            for kind, at in (("call", seq), ("node", seq + 100), ("failure", seq + 200)):
                values = {"seq": at, "kind": kind, "data": data}
                db.execute(
                    "INSERT INTO events (run, seq, kind, data) VALUES ('a', :seq, :kind, :data)", values
                )
        for labels in ("{cut", "7", '["m"]', '["m", "ok", "x"]'):
            values = {"labels": labels}
            db.execute(
                "INSERT INTO sums (name, labels, value) VALUES ('model_calls_total', :labels, 1)", values
            )

    store.write_now(damage)
    samples = await read(store)
    assert value(samples, "model_calls_total", model="m", outcome="ok") == 3
    assert value(samples, "tokens_total", model="m", direction="in") == 17
    assert value(samples, "tokens_total", model="m", direction="out") == 4
    assert value(samples, "model_calls_total", model="��", outcome="ok") == 1
    assert value(samples, "runs_ended_total", graph="g", status="committed") == 2


async def test_many_ended_runs_are_added_up_in_parts(store: Store) -> None:
    for number in range(3):
        file_run(store, f"first{number}", call())

    def many(db: Any) -> None:
        for number in range(600):
            db.execute(
                "INSERT INTO runs (id, thread, status) VALUES (:id, 'first0', 'committed')",
                {"id": str(number)},
            )

    store.write_now(many)
    assert value(await read(store), "runs_ended_total", graph="", status="committed") == 600


async def test_pruning_takes_runs_away_and_no_count(open_engine: Open) -> None:
    engine = open_engine({"name": "plain", "nodes": {"say": {"prompt": "Be brief."}}}, "fine")
    for _ in range(3):
        await engine.ask("Say something.", thread="t")
    store = engine.transactions.store
    before = await read(store)
    assert value(before, "runs", status="committed") == 3
    await engine.ask("Say something.", thread="t")  # never looked at before it is pruned
    assert await engine.transactions.prune(kept=0) == 4
    after = await read(store)
    assert value(after, "runs_ended_total", graph="plain", status="committed") == 4
    for (name, labels), count in before.items():
        if name.endswith(("_total", "_bucket", "_count", "_sum")):
            assert after[name, labels] >= count, name


async def test_a_run_that_lives_again_is_counted_on_from_where_it_was(open_engine: Open) -> None:
    graph = {
        "name": "steps",
        "nodes": {
            "say": {"prompt": "Be brief.", "to": "ask"},
            "ask": {"kind": "human", "ask": "Good?", "choices": {"yes": "end"}},
        },
    }
    engine = open_engine(graph, "fine")
    run = (await engine.ask("Say something.")).run
    store, transactions = engine.transactions.store, engine.transactions
    model = {"model": "scripted", "outcome": "ok"}
    assert value(await read(store), "model_calls_total", **model) == 1
    await transactions.rollback(run)
    assert value(await read(store), "runs_ended_total", graph="steps", status="rolled_back") == 1
    await transactions.rollback(run, to=0)
    assert value(await read(store), "model_calls_total", **model) == 1
    await engine.resume(run)
    await engine.resume(run, "yes")
    samples = await read(store)
    assert value(samples, "model_calls_total", **model) == 2
    assert value(samples, "runs_ended_total", graph="steps", status="committed") == 1


async def test_what_a_gate_said_and_a_refusal(open_engine: Open) -> None:
    check = {"kind": "gate", "checks": ["not_empty", {"matches": {"pattern": "right"}}], "tries": 1}
    graph = {"name": "gated", "nodes": {"say": {"prompt": "Be brief.", "to": "check"}, "check": check}}
    engine = open_engine(graph, "all is right", "w" * 300)
    assert [(await engine.ask("?")).status for _ in range(2)] == ["committed", "refused"]
    samples = await read(engine.transactions.store)
    for verdict in ("passed", "failed"):
        assert value(samples, "gate_verdicts_total", graph="gated", node="check", verdict=verdict) == 1
    assert value(samples, "runs_ended_total", graph="gated", status="refused") == 1


async def test_breakers_and_what_is_to_be_sent_are_shown_as_they_are(store: Store) -> None:
    await StoreShelf(store).change("http://h", lambda row: row)
    file_run(store, "a")
    store.write_now(lambda db: db.execute("INSERT INTO outbox (key, run, state) VALUES ('k', 'a', 'waits')"))
    samples = await read(store)
    assert value(samples, "breaker_state", target="http://h", state="closed") == 1
    assert value(samples, "breaker_state", target="http://h", state="open") == 0
    assert value(samples, "outbox", state="waits") == 1


async def test_a_model_that_never_failed_has_a_closed_breaker(store: Store) -> None:
    await StoreShelf(store).change("tripped", lambda row: replace(row, state="open"))
    file_run(store, "a", call("fine"), call("tripped"), ("cached", {"model": "kept", "hit": True}))
    samples = await read(store)
    for target, state in (("fine", "closed"), ("kept", "closed"), ("tripped", "open")):
        states = {each: value(samples, "breaker_state", target=target, state=each) for each in STATES}
        assert states == {each: float(each == state) for each in STATES}


async def test_the_newest_decision_on_a_patch_counts(store: Store) -> None:
    file_run(store, "tries", status="executing")

    def decide(db: Any) -> None:
        for seq, run, state in ((1, "", "proposed"), (2, "", "accepted"), (3, "tries", "reverted")):
            values = {"seq": seq, "run": run, "state": state}
            db.execute(
                "INSERT INTO growth (patch, seq, run, graph, state) VALUES (1, :seq, :run, 'g', :state)",
                values,
            )

    store.write_now(decide)
    samples = await read(store)
    assert value(samples, "growth_patches", graph="g", state="accepted") == 1
    assert value(samples, "growth_patches", graph="g", state="reverted") is None


def test_a_database_from_before_gets_what_is_missing(tmp_path: Path) -> None:
    def older(db: Any) -> None:
        db.execute("DROP INDEX runs_untallied")
        db.execute("ALTER TABLE runs DROP COLUMN tallied")
        db.execute("DROP TABLE sums")
        db.execute("PRAGMA user_version=6")

    with open_store(tmp_path / "t.db") as store:
        file_run(store, "a", call())
        store.write_now(older)
    with open_store(tmp_path / "t.db") as store:
        found = store.read_now(lambda db: db.execute("SELECT tallied FROM runs").fetchall())
    assert found == [(-1,)]
