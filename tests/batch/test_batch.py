"""Many rows: in order, each once, whatever happened before."""

import asyncio
import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.batch.conftest import GRAPH, Hurried, Project, numbered
from tinyllm.batch import AHEAD, Order, Output, Source, Summary, known, run, runs_of
from tinyllm.batch.reasons import KEPT, Reasons
from tinyllm.batch.warm import warm
from tinyllm.clock import CLOCK
from tinyllm.engine import Engine
from tinyllm.errors import TinyError, UsageError
from tinyllm.testing.simulator import Reply, Request, Script, Simulator

ASKS = {
    "name": "asks",
    "models": {"m": "m:1b"},
    "nodes": {
        "answer": {"prompt": "Answer.", "model": "m", "to": "may"},
        "may": {"kind": "human", "ask": "Send it?", "choices": {"yes": "sent", "no": "end"}},
        "sent": {"kind": "transform", "value": "'sent: ' ~ outputs.answer"},
    },
}
GATED = {
    "name": "gated",
    "models": {"m": "m:1b"},
    "nodes": {
        "answer": {"prompt": "Answer.", "model": "m", "to": "check"},
        "check": {"kind": "gate", "checks": [{"matches": {"pattern": "right", "whole": False}}], "passes": "end", "gives_up": "refuse", "tries": 1},
    },
}  # fmt: skip


async def test_every_row_has_its_line_in_order(project: Project) -> None:
    summary = await project.batch(project.questions(12), parallel=4)
    assert (summary.exit_code, summary.rows, summary.known) == (0, 12, 0)
    rows = project.rows
    assert [row["index"] for row in rows] == list(range(12))
    assert [(row["id"], row["answer"]) for row in rows] == [(f"q{n}", f"It is {n}.") for n in range(12)]
    assert {row["status"] for row in rows} == {"committed"}
    assert {"run", "evidence", "route", "path", "models", "tokens", "elapsed_ms"} <= rows[0].keys()
    assert summary.as_dict()["models"] == {"m:1b": 12}
    assert summary.as_dict()["tokens"]["out"] == sum(row["tokens"]["out"] for row in rows)


async def test_called_again_it_asks_nothing(project: Project) -> None:
    await project.batch(project.questions(5))
    before = project.output.read_bytes()
    again = await project.batch(project.questions(5))
    assert (again.rows, again.known, again.exit_code) == (5, 5, 0)
    assert project.output.read_bytes() == before
    assert project.asked == dict.fromkeys("01234", 1)


@pytest.mark.parametrize("lost", ["everything", "the tail", "half a line"])
async def test_what_the_output_lost_is_written_from_the_database(project: Project, lost: str) -> None:
    await project.batch(project.questions(6))
    rows, whole = project.rows, project.output.read_bytes()
    ends = {"everything": 0, "the tail": whole.index(b"\n") + 1, "half a line": len(whole) - 9}
    project.output.write_bytes(whole[: ends[lost]])
    await project.batch(project.questions(6))
    said = ("index", "id", "run", "answer", "tokens")
    assert [[row[name] for name in said] for row in project.rows] == [
        [row[name] for name in said] for row in rows
    ]
    assert project.asked == dict.fromkeys("012345", 1)


async def test_a_slow_row_holds_back_the_output_but_not_the_work_and_not_without_bound(
    project: Project,
) -> None:
    held, released = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def say(request: Request) -> str:
        if numbered(request) == "0":
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(released.wait(), loop))
        elif len(project.asked) == 2 * AHEAD:
            loop.call_soon_threadsafe(held.set)
        return "said"

    project.say = say
    going = asyncio.ensure_future(project.batch(project.questions(2 * AHEAD + 4), parallel=2))
    await held.wait()
    assert project.rows == []
    released.set()
    await going
    assert [row["index"] for row in project.rows] == list(range(2 * AHEAD + 4))


async def test_a_bad_row_fails_by_itself(project: Project) -> None:
    path = project.folder / "in.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"question": "number 1", "id": 7}\n\n"number 2"\n{"prompt": "number 3"}\n{"question": 4}\n'
        b'[1]\nnot json\n{}\n{"question": "\xff"}\n{"question": "number 9", "inputs": {"attached": ["/etc/passwd"]}}\n'
        b'{"question": "number 8", "id": NaN}\n{"question": "number 8", "id": 1e400}\n'
        b'{"inputs": {"question": "number 8", "size": 1e400}}\n{"inputs": {"question": "number 8", "size": -Infinity}}\n'
    )
    summary = await project.batch(path)
    rows = project.rows
    assert [row["status"] for row in rows] == ["committed"] * 3 + ["failed"] * 10
    assert (rows[0]["id"], rows[1]["id"]) == (7, None)
    assert {row["code"] for row in rows[3:]} == {"ROW_INVALID"}
    assert {row["exit_code"] for row in rows[3:]} == {2}
    assert all(row["error"] and row["hint"] for row in rows[3:])
    assert summary.exit_code == 1
    assert (await project.batch(path)).known == 13


@pytest.mark.parametrize(
    ("row", "said", "hint"),
    [
        ({"qestion": "number 1"}, "there is no question", 'did you mean "question"?'),
        ({"qestion": "number 1", "inputs": {}}, "there is no question", 'did you mean "question"?'),
        ({"question": " "}, "there is no question", "a row is"),
        ("", "there is no question", "a row is"),
        ({"question": "number 1", "id": 1.5}, "`id` is neither text nor a whole number", "a row is"),
        ({"question": "number 1", "id": {}}, "`id` is neither text nor a whole number", "a row is"),
        ({"question": "number 1", "tpic": "x"}, "needs the input 'topic'", 'did you mean "topic"?'),
    ],
)
async def test_a_row_that_cannot_be_asked_says_why(project: Project, row: Any, said: str, hint: str) -> None:
    graph = (
        {**GRAPH, "inputs": {"topic": "What.", "size": "How long.", "tone": "How."}}
        if "tpic" in row
        else GRAPH
    )
    summary = await project.batch(project.write(row), graph, inputs={"tone": "kind"})
    [line] = project.rows
    assert (line["code"], line["exit_code"], summary.exit_code) == ("ROW_INVALID", 2, 1)
    assert said in line["error"]
    assert hint in line["hint"]
    assert not project.asked


async def test_a_table_without_a_column_of_ours_asks_nothing(project: Project) -> None:
    table = project.folder / "in.csv"
    table.write_text("Qestion,label\nnumber 1,x\n")
    await project.batch(table)
    assert project.rows[0]["code"] == "ROW_INVALID"
    assert not project.asked


async def test_lines_of_text_and_columns_of_a_table_are_rows(project: Project) -> None:
    graph = {**GRAPH, "inputs": {"topic": "What it is about."},
             "nodes": {"answer": {"prompt": "About {{ inputs.topic }}.", "model": "m", "to": "end"}}}  # fmt: skip
    table = project.folder / "in.csv"
    table.write_text('id,topic,label\na,"number 1, or\nnumber 2",x\nb,number 3,y\n')
    await project.batch(table, graph)
    assert [(row["id"], row["answer"]) for row in project.rows] == [("a", "It is 2."), ("b", "It is 3.")]
    text = project.folder / "in.txt"
    text.write_text('number 4\n\n"number 5"\n')
    project.output.unlink()
    await project.batch(text)
    assert [row["answer"] for row in project.rows] == ["It is 4.", "It is 5."]
    assert [request.text for request in project.server.asked][-1].endswith('"number 5"')


async def test_failures_and_refusals_stand_in_their_rows_and_are_found_again(project: Project) -> None:
    def say(request: Request) -> Any:
        number = int(numbered(request))
        return "right" if number < 2 else "wrong" if number < 4 else Reply(status=400, error="bad request")

    project.say = say
    summary = await project.batch(project.questions(6), GATED)
    rows = project.rows
    assert [row["status"] for row in rows] == ["committed"] * 2 + ["refused"] * 2 + ["failed"] * 2
    assert summary.exit_code == 1
    assert rows[4]["error"]
    assert rows[4]["code"]
    assert rows[4]["run"].endswith("-4")
    asked = project.asked.copy()
    project.output.write_bytes(b"")
    await project.batch(project.questions(6), GATED)
    names = ("index", "run", "status", "answer", "error", "hint", "code", "exit_code")
    assert [[row.get(n) for n in names] for row in project.rows] == [
        [row.get(n) for n in names] for row in rows
    ]
    assert project.asked == asked


async def test_only_what_failed_is_asked_again(project: Project) -> None:
    failing = True

    def say(request: Request) -> Any:
        return Reply(status=400, error="bad request") if failing and numbered(request) == "2" else "fine"

    project.say = say
    assert (await project.batch(project.questions(5))).exit_code == 1
    failing = False
    asked = project.asked.copy()
    assert (await project.batch(project.questions(5))).exit_code == 1
    assert project.asked == asked
    summary = await project.batch(project.questions(5), retry=True)
    assert (summary.exit_code, [row["status"] for row in project.rows]) == (0, ["committed"] * 5)
    assert project.asked - asked == {"2": 1}
    assert project.rows[2]["run"].endswith("-2.2")
    project.output.unlink()
    assert (await project.batch(project.questions(5))).exit_code == 0
    assert project.asked - asked == {"2": 1}


async def test_a_row_that_waits_is_answered_by_a_person_and_then_by_the_batch(project: Project) -> None:
    summary = await project.batch(project.questions(3), ASKS)
    assert (summary.exit_code, [row["status"] for row in project.rows]) == (6, ["waiting"] * 3)
    assert project.rows[0]["question"]["question"] == "Send it?"
    assert (await project.batch(project.questions(3), ASKS)).known == 3
    async with Engine(ASKS, settings=project.settings) as engine:
        await engine.resume(project.rows[1]["run"], "yes")
    await project.batch(project.questions(3), ASKS)
    assert [row["status"] for row in project.rows] == ["waiting", "committed", "waiting"]
    assert project.rows[1]["answer"] == "sent: It is 1."
    assert project.asked == dict.fromkeys("012", 1)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("input", "the input is not what it was"),
        ("graph", "the graph counting was changed"),
        ("name", "it was begun with the graph counting, and now it is other"),
        ("model", "it was begun with the model of the graph, and now it is n:1b"),
        ("inputs", "the inputs of -i are not what they were"),
    ],
)
async def test_a_change_of_what_is_asked_is_refused(project: Project, what: str, said: str) -> None:
    path = project.questions(2)
    await project.batch(path)
    before = project.output.read_bytes()
    graph: dict[str, Any] = GRAPH
    order: dict[str, Any] = {}
    if what == "input":
        path.write_text(path.read_text() + '"one more"\n')
    elif what == "graph":
        graph = {**GRAPH, "nodes": {"answer": {"prompt": "Answer well.", "model": "m", "to": "end"}}}
    elif what == "name":
        graph = {**GRAPH, "name": "other"}
    else:
        order = {"model": "n:1b"} if what == "model" else {"inputs": {"tone": "kind"}}
    with pytest.raises(UsageError) as failure:
        await project.batch(path, graph, **order)
    assert said in failure.value.message
    assert "--restart" in failure.value.hint
    assert project.output.read_bytes() == before


async def test_a_restart_asks_everything_anew(project: Project) -> None:
    await project.batch(project.questions(2))
    first = project.rows
    await project.batch(project.questions(3), restart=True)
    assert [row["index"] for row in project.rows] == [0, 1, 2]
    assert {row["run"] for row in project.rows}.isdisjoint(row["run"] for row in first)
    assert project.asked == {"0": 2, "1": 2, "2": 1}


@pytest.mark.parametrize("restart", [False, True])
async def test_what_somebody_else_wrote_is_left_alone(project: Project, restart: bool) -> None:
    project.output.write_text("my notes")
    with pytest.raises(UsageError, match="has something else in it"):
        await project.batch(project.questions(1), restart=restart)
    assert project.output.read_text() == "my notes"


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("at", [1, 3])
async def test_a_line_that_somebody_added_is_left_alone(project: Project, at: int, restart: bool) -> None:
    await project.batch(project.questions(3))
    lines = project.output.read_text().splitlines(keepends=True)
    added = "".join([*lines[:at], "a note of mine\n", *lines[at:]])
    project.output.write_text(added)
    with pytest.raises(UsageError, match=f"has something else in line {at + 1}") as failure:
        await project.batch(project.questions(3), restart=restart)
    assert failure.value.exit_code == 2
    assert project.output.read_text() == added


async def test_a_copy_of_an_output_is_said_to_be_one(project: Project) -> None:
    summary = await project.batch(project.questions(2))
    copied = project.output.read_bytes()
    project.output.rename(project.folder / "first.jsonl")
    project.output.write_bytes(copied)
    async with Engine(GRAPH, settings=project.settings) as engine:
        await engine.transactions.store.write(
            lambda db: db.execute(
                "UPDATE batches SET output = :path", {"path": str(project.folder / "first.jsonl")}
            )
        )
    with pytest.raises(UsageError, match=f"is a copy of the output of the batch {summary.batch}") as failure:
        await project.batch(project.questions(2))
    assert "first.jsonl" in failure.value.hint
    assert project.output.read_bytes() == copied


async def test_what_warms_the_cache_is_given_up_when_it_is_stopped(project: Project) -> None:
    loop = asyncio.get_running_loop()

    def say(_: Request) -> str:
        loop.call_soon_threadsafe(going.cancel)
        return "said"

    project.say = say
    source = Source.open(str(project.questions(3)))
    async with Engine(GRAPH, settings=project.settings) as engine:
        going = asyncio.ensure_future(warm(engine, source, Order(parallel=2)))
        with pytest.raises(asyncio.CancelledError):
            await going
        runs = await engine.transactions.runs()
        assert {row.status for row in runs} == {"rolled_back"}
        with pytest.raises(UsageError, match="there is no run 'last'"):
            await engine.transactions.run("last")
    source.close()


async def test_a_row_is_no_conversation_of_a_person(project: Project) -> None:
    async with Engine(GRAPH, settings=project.settings) as engine:
        mine = await engine.ask("What is number 7?", thread="mine")
    await project.batch(project.write({"question": "number 1"}, {"question": "number 2", "thread": "t"}))
    async with Engine(GRAPH, settings=project.settings) as engine:
        assert await engine.transactions.last_thread() == "mine"
        assert (await engine.transactions.run("last")).id == mine.run


async def test_another_database_knows_nothing_of_it(project: Project) -> None:
    await project.batch(project.questions(1))
    project.database = str(project.folder / "other.db")
    with pytest.raises(UsageError, match="belongs to a batch that this database does not know"):
        await project.batch(project.questions(1))
    assert (await project.batch(project.questions(1), restart=True)).exit_code == 0


async def test_a_second_batch_on_the_same_output_is_refused(project: Project) -> None:
    with Output(project.output, CLOCK), pytest.raises(UsageError, match="another batch is writing"):
        await project.batch(project.questions(1))
    assert not project.asked


async def test_a_limit_is_lifted_later(project: Project) -> None:
    assert (await project.batch(project.questions(9), limit=4)).rows == 4
    assert (await project.batch(project.questions(9))).rows == 9
    assert set(project.asked.values()) == {1}


async def test_without_a_server_it_stops_early_and_goes_on_when_there_is_one(project: Project) -> None:
    source = project.questions(200)
    with Simulator() as gone:
        project.host = gone.url
    summary = await project.batch(source, parallel=2)
    assert (summary.exit_code, summary.rows, project.rows) == (4, 0, [])
    assert summary.stopped is not None
    assert "no answer from the model server" in summary.stopped.message
    async with Engine(GRAPH, settings=project.settings) as engine:
        assert len(await engine.transactions.runs(limit=200)) < 50
    with Simulator(Script("It is so.", models=["m:1b"]), port=gone.port):
        assert (await project.batch(source, limit=12)).exit_code == 0
    assert [row["index"] for row in project.rows] == list(range(12))


async def test_the_turns_of_a_conversation_follow_each_other(project: Project) -> None:
    rows = [{"question": f"What is number {n}?", "thread": "ab"[n % 2]} for n in range(8)]
    await project.batch(project.write(*rows), parallel=4)
    assert {row["status"] for row in project.rows} == {"committed"}
    async with Engine(GRAPH, settings=project.settings) as engine:
        said = [message["content"] for message in await engine.transactions.window("b")]
    assert said == [word for n in (1, 3, 5, 7) for word in (f"What is number {n}?", f"It is {n}.")]


async def test_a_person_goes_before_the_rows_that_wait(project: Project) -> None:
    project.slots = 1
    loop, fifth, waits = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    async def say(request: Request) -> str:
        if len(project.asked) == 5:
            loop.call_soon_threadsafe(fifth.set)
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(waits.wait(), loop))
        return "said"

    project.say = say
    going = asyncio.ensure_future(project.batch(project.questions(16), parallel=8))
    await fifth.wait()
    async with Engine(GRAPH, settings=project.settings) as engine:
        person = engine.ask(
            "What is number 99?", listen=lambda event: waits.set() if event.kind == "waits" else None
        )
        await asyncio.gather(person, going)
    assert [numbered(request) for request in project.server.asked].index("99") == 5


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], 0),
        (["committed"], 0),
        (["committed", "waiting"], 6),
        (["waiting", "refused"], 5),
        (["refused", "failed", "committed"], 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst_row(statuses: list[str], code: int) -> None:
    summary = Summary("b", "out.jsonl")
    for status in statuses:
        summary.add({"status": status})
    assert summary.exit_code == code


async def test_a_batch_is_known_by_its_output_and_by_its_id(project: Project) -> None:
    summary = await project.batch(project.questions(1))
    async with Engine(GRAPH, settings=project.settings) as engine:
        store = engine.transactions.store
        found = [await known(store, name) for name in (summary.batch, str(project.output), "out.jsonl")]
        with pytest.raises(UsageError, match="there is no batch 'other'") as failure:
            await known(store, "other")
    assert {batch.id for batch in found} == {summary.batch}
    assert json.loads(project.output.read_text())["run"].startswith(found[0].id)
    assert "out.jsonl" in failure.value.hint


async def test_it_goes_on_in_a_database_on_a_server(project: Project, postgres: str) -> None:
    project.database = postgres
    await project.batch(project.questions(4), limit=2)
    project.output.unlink()
    summary = await project.batch(project.questions(4))
    assert (summary.exit_code, [row["index"] for row in project.rows]) == (0, [0, 1, 2, 3])
    assert project.asked == dict.fromkeys("0123", 1)
    async with Engine(GRAPH, settings=project.settings) as engine:
        store = engine.transactions.store
        found = await engine.transactions.runs(begins=await runs_of(store, summary.batch))
        assert len(found) == 4


@pytest.mark.parametrize("parallel", [1, 4])
async def test_rows_that_crash_the_model_let_the_others_be_answered(project: Project, parallel: int) -> None:
    bad = range(2, 6)
    project.say = lambda request: Reply(status=500, error="boom") if int(numbered(request)) in bad else "said"
    project.clock = Hurried()
    summary = await project.batch(project.questions(10), parallel=parallel)
    assert (summary.exit_code, summary.rows, summary.stopped) == (1, 10, None)
    failed = {row["index"]: row["code"] for row in project.rows if row["status"] != "committed"}
    assert failed == dict.fromkeys(bad, "RUNNER_CRASHED")


async def test_it_is_told_how_long_a_busy_server_lets_a_row_wait(project: Project) -> None:
    busy = [Reply(status=503, error="busy", headers={"Retry-After": "60"})]
    project.say = lambda _: busy.pop() if busy else "said"
    project.clock = clock = Hurried()
    waited: list[dict[str, float]] = []
    project.tell = lambda progress: waited.append(
        {target: until - clock.now() for target, until in progress.waits.items()}
    )
    assert (await project.batch(project.questions(1))).exit_code == 0
    told = [each for each in waited if each]
    assert [list(each) for each in told] == [["m:1b"]]
    assert 59 < told[0]["m:1b"] < 62
    assert waited[-1] == {}


async def test_a_model_that_stays_away_does_not_keep_the_batch_for_ever(project: Project) -> None:
    project.say = lambda _: Reply(status=500, error="boom")
    project.clock = clock = Hurried()
    waited: dict[str, float] = {}
    project.tell = lambda progress: waited.update(
        {target: until - clock.now() for target, until in progress.waits.items()}
    )
    summary = await project.batch(project.questions(40), parallel=1)
    assert (summary.exit_code, summary.rows, summary.stopped) == (1, 40, None)
    assert {row["code"] for row in project.rows} == {"RUNNER_CRASHED", "CIRCUIT_OPEN"}
    assert len(project.asked) < 30
    assert waited.keys() == {"m:1b"}
    assert waited["m:1b"] <= 120
    assert (await project.batch(project.questions(40))).known == 40


@pytest.mark.parametrize("link", [False, True])
async def test_no_batch_empties_its_own_input(project: Project, link: bool) -> None:
    await project.batch(project.questions(3))
    before = project.output.read_bytes()
    source = project.folder / "same.jsonl"
    if link:
        source.symlink_to(project.output)
    with pytest.raises(UsageError, match="is the input and the output"):
        await project.batch(source if link else project.output, restart=True)
    assert project.output.read_bytes() == before


async def test_a_removed_output_stays_with_the_batch_that_writes_it(project: Project) -> None:
    seconds: list[str] = []

    async def say(request: Request) -> str:
        if not seconds:
            project.output.unlink()
            with pytest.raises(UsageError, match="another batch is writing"), Output(project.output, CLOCK):
                pass
            seconds.append("refused")
        return f"It is {numbered(request)}."

    project.say = say
    with pytest.raises(UsageError, match="was removed or replaced"):
        await project.batch(project.questions(3), parallel=1)
    assert seconds == ["refused"]
    assert (await project.batch(project.questions(3))).exit_code == 0
    assert [row["index"] for row in project.rows] == [0, 1, 2]
    assert project.asked["0"] == 1
    assert not list(project.folder.glob(".*.lock"))


async def test_rows_of_a_batch_that_was_replaced_are_left_alone(project: Project) -> None:
    source = project.questions(2)
    await project.batch(source)
    old = project.output.read_bytes()
    await project.batch(source, restart=True)
    project.output.write_bytes(old)
    with pytest.raises(UsageError, match="which a later one replaced"):
        await project.batch(source)
    assert project.output.read_bytes() == old


class Stopping(Output):
    """An output whose process is gone after it was emptied."""

    def clear(self) -> None:
        super().clear()
        raise KeyboardInterrupt


@pytest.mark.parametrize("same", [True, False])
async def test_the_old_batch_counts_until_the_new_one_is_known(project: Project, same: bool) -> None:
    await project.batch(project.questions(3))
    old = {row["run"] for row in project.rows}
    source = project.questions(3 if same else 2)
    with closing(Source.open(str(source))) as opened, Stopping(project.output, CLOCK) as output:
        async with Engine(GRAPH, settings=project.settings) as engine:
            with pytest.raises(KeyboardInterrupt):
                await run(engine, opened, output, Order(restart=True))
    await project.batch(source)
    now = {row["run"] for row in project.rows}
    assert (now == old) if same else (now.isdisjoint(old) and len(now) == 2)
    assert project.asked["0"] == (1 if same else 2)


async def test_a_restart_that_cannot_empty_the_output_leaves_the_old_batch(project: Project) -> None:
    source = project.questions(2)
    await project.batch(source)
    old = project.output.read_bytes()
    async with Engine(GRAPH, settings=project.settings) as engine:
        with Output(project.output, CLOCK) as output, closing(Source.open(str(source))) as opened:
            os.close(output.handle)
            output.handle = os.open(project.output, os.O_RDONLY)  # nothing can be cut from it
            with pytest.raises(TinyError):
                await run(engine, opened, output, Order(restart=True))
    assert (await project.batch(source)).known == 2
    assert project.output.read_bytes() == old


async def test_blank_lines_that_an_editor_added_at_the_end_are_no_obstacle(project: Project) -> None:
    source = project.questions(4)
    await project.batch(source, limit=2)
    whole = project.output.read_bytes()
    project.output.write_bytes(whole + b"\n \r\n\n")
    assert (await project.batch(source)).known == 2
    assert [row["index"] for row in project.rows] == [0, 1, 2, 3]
    project.output.write_bytes(whole + b"\n" + whole)
    with pytest.raises(UsageError, match="something else in line 3"):
        await project.batch(source)


async def test_a_pipe_is_read_like_stdin(project: Project) -> None:
    pipe = project.folder / "pipe"
    os.mkfifo(pipe)
    writing = asyncio.create_task(asyncio.to_thread(pipe.write_text, "number 1\nnumber 2\n"))
    source = await asyncio.to_thread(Source.open, str(pipe))
    await writing
    async with Engine(GRAPH, settings=project.settings) as engine:
        with closing(source), Output(project.output, engine.clock) as output:
            assert (await run(engine, source, output, Order())).rows == 2
    assert [row["answer"] for row in project.rows] == ["It is 1.", "It is 2."]


async def test_a_bad_row_of_a_table_fails_by_itself(project: Project) -> None:
    table = project.folder / "in.csv"
    table.write_text(f'question,id,note\nnumber 1,a,{"x" * 140_000}\n"number 2"?,b,\nnumber 3,c,\n')
    await project.batch(table)
    assert [row["status"] for row in project.rows] == ["committed", "failed", "committed"]
    assert project.rows[1]["code"] == "ROW_INVALID"
    table.write_text('question,id\nnumber 1,a\n"number 2,b\nnumber 3,c\n')
    project.output.unlink()
    with pytest.raises(UsageError, match="is no CSV"):
        await project.batch(table)


def test_a_row_of_a_table_has_the_line_in_which_it_begins(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('question,id\n"one\ntwo",1\n\nthree,2\n"four\n",3,more\n')
    with closing(Source.open(str(tmp_path / "in.csv"))) as source:
        assert source.lines(range(9)) == {0: 2, 1: 5, 2: 6}
        assert source.lines([1]) == {1: 5}


def test_failures_that_say_the_same_of_other_rows_are_one_kind() -> None:
    reasons = Reasons()
    for index in range(500):
        reasons.add({"index": index, "code": "SLOW", "error": f"'m{index}:1b' took {index}.5 s"})
    assert [(each.rows, each.first) for each in reasons.of.values()] == [(500, 0)]
    for index in range(500):
        reasons.add({"index": index, "code": "ODD", "error": "x" * index})
    assert len(reasons.of) <= KEPT + 1
    assert sum(each.rows for each in reasons.of.values()) == 1_000
