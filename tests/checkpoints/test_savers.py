"""A checkpoint is written whole, by its owner, and read only when it is what was written."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, empty_checkpoint

from tinyllm import failpoints
from tinyllm.checkpoints import Beside, Checkpoints, Serializer, open_checkpoints
from tinyllm.errors import Permanent, TinyError
from tinyllm.store import Database, Work, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Checkpoints]:
    place = tmp_path / "runs.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    with open_store(place) as store:
        yield open_checkpoints(store)


NEXT: dict[str, Any] = {"branch:to:next": None}  # somebody comes after this step


def at(thread: str, checkpoint: str = "") -> RunnableConfig:
    place: dict[str, Any] = {"thread_id": thread, "checkpoint_ns": ""}
    return {"configurable": {**place, "checkpoint_id": checkpoint} if checkpoint else place}


def checkpoint(id: str, **values: Any) -> Checkpoint:
    versions = dict.fromkeys(values, f"{uuid.uuid4()}")
    return {**empty_checkpoint(), "id": id, "channel_values": values, "channel_versions": versions}  # type: ignore[typeddict-item]


async def put(saver: Checkpoints, thread: str, id: str, parent: str = "", **values: Any) -> None:
    made = checkpoint(id, **values)
    await saver.aput(at(thread, parent), made, {"source": "loop", "step": 1}, made["channel_versions"])


async def test_the_head_is_what_was_written_last_even_when_the_clock_went_back(saver: Checkpoints) -> None:
    await put(saver, "t", "2", outputs={"a": [1]})
    await put(saver, "t", "1", "2", outputs={"a": [2]})
    found = await saver.aget_tuple(at("t"))
    assert found is not None
    assert found.checkpoint["channel_values"]["outputs"] == {"a": [2]}
    assert saver.get_tuple(at("t")) == found


async def test_an_unknown_thread_is_empty(saver: Checkpoints) -> None:
    assert await saver.aget_tuple(at("nobody")) is None


async def test_a_stale_writer_writes_nothing(saver: Checkpoints) -> None:
    def stale(db: Database) -> None:
        raise Permanent("fenced", code="FENCED")

    await put(saver, "t", "1", outputs={"a": 1})
    saver.runs["t"] = Beside(stale)
    with pytest.raises(Permanent, match="fenced"):
        await put(saver, "t", "2", "1", outputs={"a": 2})
    with pytest.raises(Permanent, match="fenced"):
        await saver.aput_writes(at("t", "1"), [("outputs", {"a": 2})], "task")
    found = await saver.aget_tuple(at("t"))
    assert found is not None
    assert found.checkpoint["id"] == "1"
    assert found.pending_writes == []


async def test_one_tasks_result_waits_for_the_checkpoint_that_contains_it(saver: Checkpoints) -> None:
    saver.runs["t"] = Beside(lambda db: None, grouped=True)
    await put(saver, "t", "1", **NEXT)
    await saver.aput_writes(at("t", "1"), [("outputs", {"a": 2})], "task")
    waiting = await saver.aget_tuple(at("t"))
    assert waiting is not None
    assert waiting.pending_writes == []
    await put(saver, "t", "2", "1", outputs={"a": 2}, **NEXT)
    found = await saver.aget_tuple(at("t"))
    assert found is not None
    assert found.checkpoint["channel_values"] == {"outputs": {"a": 2}, **NEXT}
    assert saver.runs["t"].waiting == []


async def test_what_costs_nothing_to_repeat_and_the_last_step_wait_for_what_comes_next(
    saver: Checkpoints,
) -> None:
    run = saver.runs["t"] = Beside(lambda db: None, grouped=True, idle=True)
    await put(saver, "t", "1", **NEXT)
    assert await saver.aget_tuple(at("t")) is None
    run.idle = False
    await put(saver, "t", "2", "1", **NEXT)
    found = [each.checkpoint["id"] for each in saver.list(at("t"))]
    assert found == ["2", "1"]
    await saver.aput_writes(at("t", "2"), [("outputs", {"a": 3})], "task")
    await put(saver, "t", "3", "2", outputs={"a": 3})
    assert len([*saver.list(at("t"))]) == 2
    await saver.store.write(run.flushed)
    run.forget()
    last = await saver.aget_tuple(at("t"))
    assert last is not None
    assert (last.checkpoint["id"], last.pending_writes) == ("3", [])


async def test_an_interrupt_never_waits(saver: Checkpoints) -> None:
    saver.runs["t"] = Beside(lambda db: None, grouped=True)
    await put(saver, "t", "1", **NEXT)
    await saver.aput_writes(at("t", "1"), [("__interrupt__", ["who?"])], "task")
    found = await saver.aget_tuple(at("t"))
    assert found is not None
    assert found.pending_writes == [("task", "__interrupt__", ["who?"])]


async def test_the_input_waits_for_the_first_step_or_the_end(saver: Checkpoints) -> None:
    run = saver.runs["t"] = Beside(lambda db: None, grouped=True)
    made = checkpoint("1", inputs={"q": 1})
    await saver.aput(at("t"), made, {"source": "input", "step": -1}, made["channel_versions"])
    assert await saver.aget_tuple(at("t")) is None
    await saver.store.write(run.flushed)
    run.forget()
    found = await saver.aget_tuple(at("t"))
    assert found is not None
    assert found.checkpoint["channel_values"] == {"inputs": {"q": 1}}


async def test_what_is_held_is_written_in_one_transaction(saver: Checkpoints) -> None:
    run = saver.runs["t"] = Beside(lambda db: None, held=True)
    await put(saver, "t", "1", outputs={"a": 1})
    await saver.aput_writes(at("t", "1"), [("outputs", {"a": 2})], "task")
    assert await saver.aget_tuple(at("t")) is None
    await saver.store.write(run.flushed)
    run.forget()
    found = await saver.aget_tuple(at("t"))
    assert found is not None
    assert found.pending_writes == [("task", "outputs", {"a": 2})]


async def test_a_disk_error_leaves_the_old_head(saver: Checkpoints) -> None:
    await put(saver, "t", "1", outputs={"a": 1})
    with failpoints.armed("write.before", failpoints.error), pytest.raises((TinyError, OSError)):
        await put(saver, "t", "2", "1", outputs={"a": 2})
    found = await saver.aget_tuple(at("t"))
    assert found is not None
    assert found.checkpoint["id"] == "1"


async def test_an_old_run_keeps_its_head_without_the_conversation(saver: Checkpoints) -> None:
    for number in range(1, 4):
        await put(
            saver, "t", str(number), str(number - 1), outputs={"a": number}, messages=[{"content": "x" * 900}]
        )
    await saver.store.write(lambda db: saver.thin(db, "t"))
    kept = saver.get_tuple(at("t"))
    assert kept is not None
    assert kept.checkpoint["channel_values"] == {"outputs": {"a": 3}}
    assert len(list(saver.list(at("t")))) == 1


class Forbidden:
    """Would leave a trace if it were ever made."""

    def __init__(self, path: str) -> None:
        os.mkdir(path)  # noqa: PTH102


def forged(path: Path) -> bytes:
    inner = ormsgpack.packb(("os", "mkdir", str(path)))
    return ormsgpack.packb({"channel_values": {"a": ormsgpack.Ext(0, inner)}})


@pytest.mark.parametrize("kind", ["msgpack", "msgpack:checked", "json", "pickle", "json:00000000"])
def test_a_forged_value_is_refused_before_anything_runs(tmp_path: Path, kind: str) -> None:
    import zlib

    data = forged(tmp_path / "trace")
    if kind == "msgpack:checked":
        kind = f"msgpack:{zlib.crc32(data):08x}"
    with pytest.raises(TinyError) as refusal:
        Serializer().loads_typed((kind, data))
    assert refusal.value.code == "DB_TAMPERED"
    assert not (tmp_path / "trace").exists()


def forging(sql: str, data: bytes) -> Work[object]:
    return lambda db: db.execute(sql, {"data": data})


def test_a_forged_row_is_refused(saver: Checkpoints, tmp_path: Path) -> None:
    made = checkpoint("1", outputs={"a": 1})
    saver.put(at("t"), made, {"step": 1}, made["channel_versions"])
    table, blob = ("checkpoints", "checkpoint") if len(saver.tables) == 2 else ("checkpoint_blobs", "blob")
    data = forged(tmp_path / "trace")
    saver.put_writes(at("t", "1"), [("outputs", {"b": 1})], "task")
    writes, value = ("writes", "value") if len(saver.tables) == 2 else ("checkpoint_writes", "blob")
    for where, column in ((table, blob), (writes, value)):
        saver.store.write_now(forging(f"UPDATE {where} SET {column} = :data, type = 'msgpack'", data))
        with pytest.raises(TinyError) as refusal:
            saver.get_tuple(at("t"))
        assert refusal.value.code == "DB_TAMPERED"
    assert not (tmp_path / "trace").exists()


def test_a_flipped_bit_is_noticed() -> None:
    kind, data = Serializer().dumps_typed({"answer": "the meeting is at nine"})
    with pytest.raises(TinyError) as refusal:
        Serializer().loads_typed((kind, data.replace(b"nine", b"five")))
    assert refusal.value.code == "DB_CORRUPT"
