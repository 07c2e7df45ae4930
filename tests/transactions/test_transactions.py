"""A run is all or nothing, one at a time on a thread, and can be resumed, undone and forked."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.transactions.graphs import chain, execute
from tinyllm import failpoints
from tinyllm.clock import Virtual
from tinyllm.effects import InDoubt, perform, write_file
from tinyllm.errors import Interrupted, Permanent, Retryable, TinyError, UsageError, Waiting
from tinyllm.running import Event
from tinyllm.state import State
from tinyllm.store import Database, open_store
from tinyllm.transactions import Transactions
from tinyllm.transactions.owner import Owner


async def say(transactions: Transactions, text: str, thread: str = "t") -> str:
    """One turn: a question and its answer."""
    async with await transactions.begin(thread=thread, question=text) as run:
        said = [{"role": "user", "content": text}, {"role": "assistant", "content": text.upper()}]
        await run.commit({"answer": text.upper()}, said)
    return run.id


async def conversation(transactions: Transactions, thread: str = "t") -> list[str]:
    return [message["content"] for message in await transactions.window(thread)]


async def code(awaitable: Any) -> str:
    with pytest.raises(TinyError) as refusal:
        await awaitable
    assert refusal.value.hint
    return refusal.value.code


async def leave(transactions: Transactions, id: str) -> None:
    """Its process is gone."""
    values = {"id": id}
    await transactions.store.write(
        lambda db: db.execute("UPDATE runs SET pid = 0, started = 'x' WHERE id = :id", values)
    )


async def test_a_committed_run_is_the_thread(transactions: Transactions) -> None:
    await say(transactions, "one")
    second = await say(transactions, "two")
    async with await transactions.begin(thread="t", question="three") as run:
        assert [message["content"] for message in run.window] == ["one", "ONE", "two", "TWO"]
        await run.release()
    row = await transactions.run(second[:8])
    assert (row.status, row.answer, row.seq) == ("committed", {"answer": "TWO"}, 2)
    assert await transactions.last_thread() == "t"
    assert await transactions.problems() == []


async def test_a_conversation_is_given_as_far_as_it_fits_in_whole_turns(transactions: Transactions) -> None:
    for letter in "abc":
        await say(transactions, letter * 3_000)
    earlier, *said = await conversation(transactions)
    assert [each[0].lower() for each in said] == ["b", "b", "c", "c"]
    # Of what does not fit, the questions are still named, shortened.
    assert [line[:10] for line in earlier.splitlines()[1:]] == ["| user: aa"]
    assert len(earlier) < 300
    await say(transactions, "d" * 20_000)
    earlier, *said = await conversation(transactions)
    assert [len(each) for each in said] == [20_000, 20_000]
    assert [line[8] for line in earlier.splitlines()[1:]] == ["a", "b", "c"]
    assert len(await transactions.window("t", letters=10**9)) == 8


async def test_a_failed_run_leaves_the_thread_as_it_was(transactions: Transactions) -> None:
    await say(transactions, "one")
    run = await transactions.begin(thread="t", question="two")
    run.note(Event("node", "a", {"value": "x" * 5000}))
    with pytest.raises(ZeroDivisionError):
        async with run:
            raise ZeroDivisionError("division by zero")
    assert await conversation(transactions) == ["one", "ONE"]
    row = await transactions.run(run.id)
    assert row.status == "rolled_back"
    assert row.error is not None
    assert "division" in row.error["message"]
    (line,) = await transactions.timeline(run.id)
    assert (line.kind, line.node) == ("node", "a")
    assert len(line.data["value"]) < 300
    assert await transactions.problems() == []


async def test_a_busy_thread_is_refused_with_its_holder(transactions: Transactions) -> None:
    async with await transactions.begin(thread="t") as run:
        with pytest.raises(Retryable, match=run.id) as refusal:
            await transactions.begin(thread="t")
        assert refusal.value.code == "THREAD_BUSY"
        await run.commit({})
    await say(transactions, "next")


async def test_a_busy_thread_can_be_waited_for(transactions: Transactions) -> None:
    async with await transactions.begin(thread="t") as run:
        waiting = asyncio.ensure_future(transactions.begin(thread="t", wait=30))
        await asyncio.wait({waiting}, timeout=0.05)
        assert not waiting.done()
        await run.commit({})
    async with await waiting as second:
        await second.commit({})
    assert (await transactions.run(second.id)).parent == run.id


async def test_a_run_that_was_taken_over_writes_nothing_more(transactions: Transactions) -> None:
    run = await transactions.begin(thread="t")
    await leave(transactions, run.id)
    async with await transactions.resume(run.id) as second:
        with pytest.raises(Permanent, match="taken over") as fenced:
            async with run:
                await run.commit({"answer": "stale"}, [{"role": "user", "content": "stale"}])
        assert fenced.value.code == "FENCED"
        await second.commit({"answer": "fresh"}, [{"role": "user", "content": "fresh"}])
    assert await conversation(transactions) == ["fresh"]
    assert await transactions.problems() == []


async def test_of_two_that_take_over_one_run_only_one_gets_it(transactions: Transactions) -> None:
    run = await transactions.begin(thread="t")
    await leave(transactions, run.id)
    taken = await asyncio.gather(*(transactions.resume(run.id) for _ in range(4)), return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in taken) == 1
    assert {each.code for each in taken if isinstance(each, TinyError)} == {"THREAD_BUSY"}


async def test_a_new_run_ends_what_a_dead_process_left(transactions: Transactions) -> None:
    dead = await transactions.begin(thread="t", question="lost")
    await leave(transactions, dead.id)
    assert [row.id for row in await transactions.recover()] == [dead.id]
    await say(transactions, "one")
    row = await transactions.run(dead.id)
    assert row.status == "rolled_back"
    assert row.error is not None
    assert row.error["code"] == "ABANDONED"
    assert await transactions.recover() == []


async def test_a_resumed_run_does_not_ask_again(transactions: Transactions) -> None:
    asked: list[str] = []
    stopping = ["Ctrl-C"]

    async def first(state: State) -> Any:
        return await perform("model", "model", "q", lambda key: answer("first"))

    async def second(state: State) -> Any:
        said = await perform("model", "model", "q", lambda key: answer("second"))
        if stopping:
            raise Interrupted(stopping.pop())
        return said

    async def answer(name: str) -> str:
        asked.append(name)
        return f"{name} {len(asked)}"

    graph = chain(transactions.saver, first, second)
    run = await transactions.begin(thread="t", inputs={"question": "?"})
    with pytest.raises(Interrupted):
        async with run:
            await execute(graph, run)
    assert (await transactions.run(run.id)).shown(transactions.clock) == "recoverable"
    async with await transactions.resume(run.id) as again:
        assert again.resumed
        state = await execute(graph, again)
        await again.commit({"answer": state["outputs"]["second"]})
    assert asked == ["first", "second"]
    assert state["outputs"] == {"first": "first 1", "second": "second 2"}


async def test_a_run_killed_before_its_first_checkpoint_starts_with_its_inputs(
    transactions: Transactions,
) -> None:
    run = await transactions.begin(thread="t", inputs={"question": "?"})
    await leave(transactions, run.id)
    async with await transactions.resume(run.id) as again:
        assert not again.resumed
        assert again.row.inputs == {"question": "?"}


async def test_a_finished_run_that_was_not_committed_is_resumed_to_the_same_state(
    transactions: Transactions,
) -> None:
    times: list[int] = []

    async def only(state: State) -> Any:
        times.append(1)
        return "done"

    graph = chain(transactions.saver, only)
    run = await transactions.begin(thread="t", inputs={"question": "?"})
    async with run:
        await execute(graph, run)
        await run.release()
    async with await transactions.resume(run.id) as again:
        state = await execute(graph, again)
        await again.commit({"answer": state["outputs"]["only"]})
    assert state["outputs"] == {"only": "done"}
    assert times == [1]


async def test_files_come_back_when_a_run_fails(transactions: Transactions, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.txt").write_text("before")

    async def change(state: State) -> Any:
        await write_file(workspace / "a.txt", b"after")
        await write_file(workspace / "sub" / "b.txt", b"new")
        await write_file(workspace / "a.txt", None)
        raise ValueError("then it fails")

    def signature() -> str:
        files = sorted(path for path in workspace.rglob("*"))
        return hashlib.sha256(
            b"".join(str(p).encode() + (p.read_bytes() if p.is_file() else b"") for p in files)
        ).hexdigest()

    was = signature()
    graph = chain(transactions.saver, change)
    with pytest.raises(ValueError):
        async with await transactions.begin(thread="t", inputs={"question": "?"}) as run:
            await execute(graph, run)
    assert signature() == was
    assert [line.state for line in await transactions.effects(run.id)] == ["undone"] * 3
    assert (await transactions.run(run.id)).status == "rolled_back"


async def test_a_committed_run_can_be_taken_back_while_it_is_the_last(
    transactions: Transactions, tmp_path: Path
) -> None:
    first = await say(transactions, "one")
    path = tmp_path / "note.txt"
    async with await transactions.begin(thread="t", question="two") as run:
        await write_file(path, b"two")
        await run.commit({}, [{"role": "user", "content": "two"}])
    assert await code(transactions.rollback(first)) == "NOT_THE_HEAD"
    row = await transactions.rollback(run.id)
    assert row.status == "rolled_back"
    assert not path.exists()
    assert await conversation(transactions) == ["one", "ONE"]
    assert await transactions.problems() == []


async def write(transactions: Transactions, path: Path, content: str, thread: str) -> str:
    """A committed run that writes a file; its id."""
    async with await transactions.begin(thread=thread, question="?") as run:
        await write_file(path, content.encode())
        await run.commit({})
    return run.id


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("before", ["", "before"])
async def test_runs_taken_back_in_any_order_leave_the_file_of_before(
    transactions: Transactions, tmp_path: Path, order: tuple[int, ...], before: str
) -> None:
    path = tmp_path / "workspace" / "a.txt"
    if before:
        path.parent.mkdir()
        path.write_text(before)
    ids = [await write(transactions, path, f"by {name}", name) for name in "abc"]
    for each in order:
        await transactions.rollback(ids[each])
    assert (path.read_text() if path.is_file() else "") == before
    assert path.parent.exists() == bool(before)
    assert await transactions.problems() == []


async def test_what_a_committed_run_wrote_is_not_looked_past(
    transactions: Transactions, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    first = await write(transactions, path, "same", "a")
    await write(transactions, path, "same", "b")
    last = await write(transactions, path, "last", "c")
    await transactions.rollback(first)
    await transactions.rollback(last)
    assert path.read_text() == "same"


async def test_what_a_person_wrote_after_a_return_is_not_looked_past(
    transactions: Transactions, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    first = await write(transactions, path, "same", "a")
    path.write_text("by hand")
    await transactions.rollback(first)
    path.write_text("same")
    last = await write(transactions, path, "last", "b")
    await transactions.rollback(last)
    assert path.read_text() == "same"


async def test_a_refused_return_touches_no_file(transactions: Transactions, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    async with await transactions.begin(thread="t", question="one") as run:
        await write_file(path, b"one")
        await run.commit({}, [{"role": "user", "content": "one"}])
    await say(transactions, "two")
    assert await code(transactions.rollback(run.id)) == "NOT_THE_HEAD"
    assert path.read_bytes() == b"one"


async def test_what_another_thread_went_on_from_is_not_taken_back(transactions: Transactions) -> None:
    first = await say(transactions, "one")
    fork = await transactions.fork(first)
    assert await code(transactions.rollback(first)) == "NOT_THE_HEAD"
    other = await say(transactions, "other", fork)
    assert await code(transactions.rollback(first)) == "NOT_THE_HEAD"
    await transactions.rollback(other)
    assert await conversation(transactions, fork) == ["one", "ONE"]
    assert await transactions.problems() == []


async def test_a_return_that_was_cut_short_is_finished_by_the_next_who_comes(
    transactions: Transactions, tmp_path: Path
) -> None:
    path = tmp_path / "note.txt"
    await say(transactions, "one")
    async with await transactions.begin(thread="t", question="two") as run:
        await write_file(path, b"two")
        await run.commit({}, [{"role": "user", "content": "two"}])

    with failpoints.armed("rollback.after", failpoints.error, 1), pytest.raises(failpoints.Failed):
        await transactions.rollback(run.id)
    assert (await transactions.run(run.id)).status == "rolling_back"
    assert await conversation(transactions) == ["one", "ONE"]
    await leave(transactions, run.id)
    await say(transactions, "three")
    assert (await transactions.run(run.id)).status == "rolled_back"
    assert not path.exists()
    assert await conversation(transactions) == ["one", "ONE", "three", "THREE"]
    assert await transactions.problems() == []


async def test_a_run_that_is_given_up_frees_its_thread(transactions: Transactions) -> None:
    async with await transactions.begin(thread="t") as run:
        await run.wait({"question": "Go on?"})
    assert await code(transactions.begin(thread="t")) == "THREAD_WAITS"
    assert (await transactions.give_up(run.id)).status == "rolled_back"
    async with await transactions.begin(thread="t") as run:
        await run.release()
    assert (await transactions.give_up(run.id)).status == "rolled_back"
    done = await say(transactions, "one")
    assert (await transactions.give_up(done)).status == "committed"
    assert await transactions.problems() == []


async def test_a_run_returns_to_a_savepoint(transactions: Transactions, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    rolls: list[str] = []

    def step(name: str) -> Any:
        async def do(state: State) -> Any:
            async def ask(key: str) -> str:
                rolls.append(name)
                return f"{name}{len(rolls)}"

            said = await perform("model", "model", name, ask)
            await write_file(path, str(said).encode())
            return said

        do.__name__ = name
        return do

    graph = chain(transactions.saver, step("a"), step("b"), step("c"))
    async with await transactions.begin(thread="t", inputs={"question": "?"}) as run:
        await execute(graph, run)
        assert path.read_bytes() == b"c3"
        await run.release()
    numbers = await transactions.savepoints(run.id)
    assert set(numbers) >= {2, 3}
    assert await code(transactions.rollback(run.id, to=99)) == "SAVEPOINT_UNKNOWN"
    row = await transactions.rollback(run.id, to=2)
    assert path.read_bytes() == b"a1"
    assert row.shown(transactions.clock) == "recoverable"
    async with await transactions.resume(run.id) as again:
        state = await execute(graph, again)
        await again.commit({})
    assert state["outputs"] == {"a": "a1", "b": "b4", "c": "c5"}
    assert path.read_bytes() == b"c5"
    assert await transactions.problems() == []


async def test_a_rolled_back_run_lives_again_from_a_savepoint(transactions: Transactions) -> None:
    broken = [True]

    async def first(state: State) -> Any:
        return 1

    async def second(state: State) -> Any:
        if broken:
            raise ValueError("broken")
        return 2

    graph = chain(transactions.saver, first, second)
    with pytest.raises(ValueError):
        async with await transactions.begin(thread="t", inputs={"question": "?"}) as run:
            await execute(graph, run)
    assert await code(transactions.resume(run.id)) == "RUN_ROLLED_BACK"
    broken.clear()
    await transactions.rollback(run.id, to=max(await transactions.savepoints(run.id)))
    async with await transactions.resume(run.id) as again:
        state = await execute(graph, again)
        await again.commit({})
    assert state["outputs"] == {"first": 1, "second": 2}


async def test_a_savepoint_is_kept_every_so_many_steps(transactions: Transactions) -> None:
    steps = []
    for number in range(6):

        async def one(state: State) -> Any:
            return 1

        one.__name__ = f"s{number}"
        steps.append(one)
    graph = chain(transactions.saver, *steps)
    async with await transactions.begin(thread="t", inputs={"question": "?"}, every=3) as run:
        await execute(graph, run)
        await run.commit({})
    assert [data["step"] for data in (await transactions.savepoints(run.id)).values()] == [-1, 2, 5]


async def test_a_waiting_run_keeps_its_thread_until_it_is_answered(transactions: Transactions) -> None:
    async with await transactions.begin(thread="t") as run:
        await run.wait({"question": "Delete it?"})
    assert (await transactions.run(run.id)).waits == {"question": "Delete it?"}
    with pytest.raises(Waiting) as refusal:
        await transactions.begin(thread="t")
    assert refusal.value.code == "THREAD_WAITS"
    async with await transactions.resume(run.id) as again:
        assert again.question_asked == {"question": "Delete it?"}
        await again.commit({})


async def test_a_run_in_doubt_stops_until_a_person_says(transactions: Transactions) -> None:
    sent: list[str] = []

    async def mail(state: State) -> Any:
        async def send(key: str) -> str:
            sent.append(key)
            raise ConnectionResetError

        return await perform("mail_send", "unsafe", "hello", send)

    graph = chain(transactions.saver, mail)
    run = await transactions.begin(thread="t", inputs={"question": "?"})
    async with run:
        with pytest.raises(ConnectionResetError):
            await execute(graph, run)
        await run.release()
    with pytest.raises(InDoubt):
        async with await transactions.resume(run.id) as again:
            await execute(graph, again)
    assert (await transactions.run(run.id)).status == "in_doubt"
    assert await code(transactions.resume(run.id)) == "IN_DOUBT"
    assert await code(transactions.begin(thread="t")) == "THREAD_WAITS"
    await transactions.resolve(run.id, happened=True, result="sent")
    async with await transactions.resume(run.id) as settled:
        state = await execute(graph, settled)
        await settled.commit({})
    assert state["outputs"] == {"mail": "sent"}
    assert len(sent) == 1


async def test_a_new_run_does_not_sweep_a_doubt_under_the_carpet(transactions: Transactions) -> None:
    run = await transactions.begin(thread="t")
    run.ledger.check = lambda db: None

    async def send(key: str) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await run.ledger.call("mail_send", "unsafe", "x", send)
    await leave(transactions, run.id)
    assert await code(transactions.begin(thread="t")) == "THREAD_WAITS"
    assert (await transactions.run(run.id)).status == "in_doubt"
    assert (await transactions.rollback(run.id)).status == "rolled_back"


async def test_a_fork_goes_on_and_leaves_the_first_thread_alone(transactions: Transactions) -> None:
    first = await say(transactions, "one")
    await say(transactions, "two")
    fork = await transactions.fork(first)
    await say(transactions, "other", fork)
    assert await conversation(transactions, fork) == ["one", "ONE", "other", "OTHER"]
    assert await conversation(transactions) == ["one", "ONE", "two", "TWO"]
    with pytest.raises(UsageError, match="already"):
        await transactions.fork(first, thread="t")
    assert await transactions.problems() == []


async def test_bad_requests_are_refused_with_what_to_do(transactions: Transactions) -> None:
    done = await say(transactions, "one")
    assert await code(transactions.run("nothing")) == "RUN_UNKNOWN"
    assert await code(transactions.resume(done)) == "RUN_COMMITTED"
    assert await code(transactions.rollback(done, to=0)) == "RUN_COMMITTED"
    async with await transactions.begin(thread="t") as run:
        assert await code(transactions.rollback(run.id)) == "THREAD_BUSY"
        assert await code(transactions.resume(run.id)) == "THREAD_BUSY"
        with pytest.raises(UsageError, match="only a committed"):
            await transactions.fork(run.id)
        await run.commit({})


async def test_a_pure_run_is_one_write_at_its_end(transactions: Transactions) -> None:
    async def only(state: State) -> Any:
        return 1

    graph = chain(transactions.saver, only)
    async with await transactions.begin(inputs={"question": "?"}, durability="exit") as run:
        await execute(graph, run)
        assert await transactions.runs() == []
        await run.commit({"answer": "1"}, [{"role": "user", "content": "?"}])
    (row,) = await transactions.runs()
    assert (row.id, row.status) == (run.id, "committed")
    assert transactions.saver.get_tuple(run.config) is not None  # type: ignore[arg-type]
    assert await transactions.window(run.thread) == [{"role": "user", "content": "?"}]


async def test_the_graph_is_pinned(transactions: Transactions) -> None:
    async with await transactions.begin(graph="g", fingerprint="f1", body="name: g") as run:
        await run.commit({})
    assert await transactions.graph("f1") == "name: g"
    assert (await transactions.run(run.id)).fingerprint == "f1"


async def test_a_clock_set_back_hides_no_run(tmp_path: Path) -> None:
    clock = Virtual()
    with open_store(tmp_path / "runs.db", clock) as store:
        transactions = Transactions(store)
        await say(transactions, "one")
        clock.jump(-3600)
        await say(transactions, "two")
        assert await conversation(transactions) == ["one", "ONE", "two", "TWO"]
        run = await transactions.begin(thread="t")
        clock.jump(-3600)
        assert await code(transactions.begin(thread="t")) == "THREAD_BUSY"
        await leave(transactions, run.id)
        await say(transactions, "three")


async def test_a_lease_that_was_not_renewed_ends(tmp_path: Path) -> None:
    clock = Virtual()
    with open_store(tmp_path / "runs.db", clock) as store:
        transactions = Transactions(store)
        stuck = await transactions.begin(thread="t", question="stuck")
        clock.advance(31)
        await say(transactions, "one")
        with pytest.raises(Permanent, match="taken over"):
            await stuck.commit({})
        assert await conversation(transactions) == ["one", "ONE"]


async def test_old_runs_are_slim_and_pruned_ones_are_gone(transactions: Transactions) -> None:
    transactions.kept = 2

    async def only(state: State) -> Any:
        return "x" * 100

    graph = chain(transactions.saver, only)
    ids = []
    for number in range(16):
        async with await transactions.begin(thread="t", inputs={"question": str(number)}) as run:
            await execute(graph, run)
            await run.commit({}, [{"role": "user", "content": str(number)}])
        await transactions.thin(run)
        ids.append(run.id)

    def checkpoints(id: str) -> int:
        place: Any = {"configurable": {"thread_id": id, "checkpoint_ns": ""}}
        return len(list(transactions.saver.list(place)))

    assert checkpoints(ids[0]) == 1
    assert checkpoints(ids[-1]) > 1
    assert await conversation(transactions) == [str(number) for number in range(16)]
    assert await transactions.prune() == 14
    assert len(await transactions.runs()) == 16, "what later runs went on from stays, without its weight"
    assert checkpoints(ids[0]) == 0
    assert len(await conversation(transactions)) == 16
    assert await transactions.problems() == []


async def test_many_writers_on_one_thread_make_one_chain(transactions: Transactions) -> None:
    async def one(number: int) -> None:
        async with await transactions.begin(thread="t", wait=60) as run:
            await run.commit({}, [{"role": "user", "content": str(number)}])

    await asyncio.gather(*(one(number) for number in range(8)))
    assert sorted(await conversation(transactions)) == sorted(map(str, range(8)))
    assert await transactions.problems() == []


def test_a_process_is_known_by_when_it_started() -> None:
    me = Owner.me()
    assert not me.gone()
    assert Owner(me.host, me.pid, "other").gone()
    assert Owner(me.host, 2**22 + 1, "1").gone()
    assert not Owner("elsewhere", me.pid, "other").gone()


async def test_two_hundred_runs_share_ten_connections(postgres: str, tmp_path: Path) -> None:
    async def only(state: State) -> Any:
        return 1

    async def one(number: int) -> None:
        run = await transactions.begin(thread=f"t{number % 50}", inputs={"question": "?"}, wait=60)
        async with run:
            await execute(graph, run)
            await run.commit({}, [{"role": "user", "content": str(number)}])

    with open_store(postgres) as store:
        transactions = Transactions(store, contents=tmp_path / "contents")
        graph = chain(transactions.saver, only)
        await asyncio.gather(*(one(number) for number in range(200)))
        said = [content for number in range(50) for content in await conversation(transactions, f"t{number}")]
        assert sorted(said, key=int) == [str(number) for number in range(200)]
        assert await transactions.problems() == []


@pytest.mark.parametrize("graph", ["growth", "mcp"])
async def test_a_run_that_nobody_asked_for_is_no_conversation_to_go_on_with(
    transactions: Transactions, graph: str
) -> None:
    """A round of growing, and a tool that another program called, leave `-c` and `last` where they were."""
    asked = await say(transactions, "one")
    async with await transactions.begin(graph=graph, inputs={"x": 1}) as run:
        await run.commit({"answer": "done"}, [])
    assert await transactions.last_thread() == "t"
    assert (await transactions.run("last")).id == asked


async def test_what_is_told_while_a_write_is_under_way_is_filed_with_the_next(
    transactions: Transactions,
) -> None:
    grade = {"key": "k", "kind": "gate", "node": "n", "passed": True, "because": ""}
    async with await transactions.begin(thread="t") as run:
        beside = transactions.saver.runs[run.id]
        run.note(Event("one"))

        def work(db: Database) -> None:
            beside.check(db)
            # A thread writes; the loop goes on.
            run.note(Event("two"))
            run.note(Event("grade", "n", dict(grade)))

        await transactions.store.write(work)
        beside.forget()
        await run.commit({})
    assert [line.kind for line in await transactions.timeline(run.id)] == ["one", "two"]
    found = await transactions.store.read(lambda db: db.execute("SELECT key FROM grades").fetchall())
    assert [key for (key,) in found] == ["k"]
