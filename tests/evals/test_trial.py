"""A suite is put to graphs: all cases once, written as they end, and gone on with after a stop."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.outputs import ChatGenerationChunk

from tests.evals.conftest import PLAIN, knowing, models, suite
from tinyllm import evals
from tinyllm.errors import BadReply, TinyError, UsageError
from tinyllm.evals.suite import parsed
from tinyllm.evals.trial import Progress
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted


async def test_every_case_is_asked_once_and_scored(own: Settings) -> None:
    make, model = models(knowing([1, 2, 3]))
    results = await evals.run(suite(), [PLAIN], settings=own, make=make)
    assert len(model.calls) == 8
    assert {row.case for row in results.rows.values() if row.right} == {"c1", "c2", "c3"}
    assert {row.outcome for row in results.rows.values()} == {"right", "wrong"}
    row = results.rows["plain", "c1"]
    assert (row.answer, row.status, row.calls, row.tier) == ("1", "committed", 1, 1)
    assert row.tokens_in > 0 < row.tokens_out
    assert row.tags == ("odd",)
    assert results.path.parent == own.data / "evals"


async def test_what_was_answered_is_not_asked_again(own: Settings) -> None:
    make, model = models(knowing([1]))
    first = await evals.run(suite(), [PLAIN], settings=own, make=make)
    told: list[int] = []
    again = await evals.run(
        suite(), [PLAIN], settings=own, make=make, tell=lambda progress: told.append(progress.known)
    )
    assert len(model.calls) == 8
    assert again.rows == first.rows
    assert told == [8]
    await evals.run(suite(), [PLAIN], settings=own, make=make, fresh=True)
    assert len(model.calls) == 16


async def test_a_run_that_was_stopped_goes_on_where_it_was(own: Settings) -> None:
    make, model = models(knowing(range(8)))

    async def stopped(after: int) -> None:
        task = asyncio.current_task()
        assert task is not None

        def tell(progress: Progress) -> None:
            if progress.done == after:
                task.cancel()

        await evals.run(suite(), [PLAIN], settings=own, make=make, parallel=1, tell=tell)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(stopped(3))
    (file,) = (own.data / "evals").glob("*.jsonl")
    kept = [json.loads(line)["case"] for line in file.read_text().splitlines()]
    assert kept == ["c0", "c1", "c2"]
    before = len(model.calls)
    results = await evals.run(suite(), [PLAIN], settings=own, make=make, parallel=1)
    assert len(results.rows) == 8
    asked = [call.messages[-1].text for call in model.calls[before:]]
    assert not any(f"number {n}?" in text for text in asked for n in range(3))
    assert len(asked) == 5


async def test_a_line_that_a_kill_left_half_written_costs_one_case(own: Settings, tmp_path: Path) -> None:
    make, model = models(knowing(range(8)))
    out = tmp_path / "out.jsonl"
    await evals.run(suite(3), [PLAIN], settings=own, make=make, out=out, parallel=1)
    out.write_bytes(out.read_bytes()[:-40])
    results = await evals.run(suite(4), [PLAIN], settings=own, make=make, out=out, parallel=1)
    assert len(model.calls) == 5  # three, the torn one again, and the new one
    assert len(results.rows) == len(evals.Results.read(out).rows) == 4
    assert (evals.Results.read(out).torn, len(out.read_text().splitlines())) == (0, 4)


@pytest.mark.parametrize(
    "left", [b"{", b'{"schema": "tinyllm.eval/1", "sui', b'{"schema": "tinyllm.eval/1", "s\0\0\0']
)
async def test_half_a_line_alone_is_no_reason_to_stop(own: Settings, tmp_path: Path, left: bytes) -> None:
    make, _ = models(knowing(range(8)))
    out = tmp_path / "out.jsonl"
    out.write_bytes(left)
    await evals.run(suite(2), [PLAIN], settings=own, make=make, out=out)
    assert [json.loads(line)["outcome"] for line in out.read_text().splitlines()] == ["right", "right"]


@pytest.mark.parametrize("other", ['{"a": 1}', '{"a": 1', "name: good\n", "{\n}\n"])
async def test_a_file_of_something_else_is_left_as_it_is(own: Settings, tmp_path: Path, other: str) -> None:
    make, model = models(knowing(range(8)))
    out = tmp_path / "other.jsonl"
    out.write_text(other)
    with pytest.raises(UsageError, match="is no results file"):
        await evals.run(suite(3), [PLAIN], settings=own, make=make, out=out)
    assert (out.read_text(), len(model.calls)) == (other, 0)


@pytest.mark.parametrize("fresh", [False, True])
async def test_the_results_of_two_suites_are_never_mixed(own: Settings, tmp_path: Path, fresh: bool) -> None:
    make, model = models(knowing(range(8)))
    out = tmp_path / "out.jsonl"
    await evals.run(suite(3), [PLAIN], settings=own, make=make, out=out)
    before = out.read_bytes()
    other = parsed(b"- {id: c0, question: What is number 1?, equals: 1}", "mine.yaml")
    with pytest.raises(
        UsageError, match=r"has the results of the suite 'counting', and this is 'mine'"
    ) as failure:
        await evals.run(other, [PLAIN], settings=own, make=make, out=out, fresh=fresh)
    assert "--out" in failure.value.hint
    assert (out.read_bytes(), len(model.calls)) == (before, 3)


async def test_a_case_that_changed_is_asked_again(own: Settings, tmp_path: Path) -> None:
    make, model = models(knowing([0, 1]))
    out = tmp_path / "out.jsonl"

    def one(wanted: str) -> Any:
        return parsed(f"- {{id: a, question: What is number 1?, equals: {wanted}}}".encode(), "s.yaml")

    assert not (await evals.run(one("2"), [PLAIN], settings=own, make=make, out=out)).rows["plain", "a"].right
    assert (await evals.run(one("1"), [PLAIN], settings=own, make=make, out=out)).rows["plain", "a"].right
    changed = {**PLAIN, "nodes": {"answer": {"prompt": "Answer well.", "to": "end"}}}
    await evals.run(one("1"), [changed], settings=own, make=make, out=out)
    await evals.run(one("1"), [changed], settings=own, make=make, out=out, model="other:1b")
    assert len(model.calls) == 4
    assert evals.Results.read(out).of().name == "plain with other:1b"


async def test_as_many_questions_at_once_as_allowed(own: Settings) -> None:
    """Nobody goes on before three have come, and never are there four."""
    inside: list[int] = [0]
    three = asyncio.Barrier(3)

    class Meeting(Scripted):
        async def _astream(self, *given: Any, **more: Any) -> AsyncIterator[ChatGenerationChunk]:
            inside.append(inside[-1] + 1)
            await three.wait()
            inside.append(inside[-1] - 1)
            async for chunk in super()._astream(*given, **more):
                yield chunk

    model = Meeting(replies=["1"])
    await evals.run(suite(12), [PLAIN], settings=own, make=lambda *_: model, parallel=3)
    assert max(inside) == 3
    assert len(model.calls) == 12


async def test_a_refusal_is_no_wrong_answer_and_its_best_attempt_is_looked_at(own: Settings) -> None:
    picky = {
        "name": "picky",
        "nodes": {
            "answer": {"prompt": "Answer.", "to": "look"},
            "look": {"kind": "condition", "when": "outputs.answer in ['3', 'hm']", "then": "refuse"},
        },
    }

    def say(messages: list[Any], **_: Any) -> str:
        unsure = any(f"number {n}?" in messages[-1].text for n in (4, 5))
        return "hm" if unsure else knowing([0, 1, 2, 3])(messages)

    make, _ = models(say)
    results = await evals.run(suite(), [picky], settings=own, make=make)
    found = evals.Summary(results.of())
    assert found.outcomes["right"] == 3
    assert found.outcomes["wrong"] == 2
    assert found.outcomes["refused"] == 3
    assert (found.shipped.hits, found.shipped.cases) == (2, 4)
    assert (found.rejected.hits, found.rejected.cases) == (1, 4)


async def test_an_impossible_question_may_be_refused(own: Settings) -> None:
    impossible = parsed(b"- {id: a, question: What is number 3?, declined: true}", "s.yaml")
    refusing = {"name": "g", "nodes": {"exact": {"kind": "solve", "to": "end", "declines": "refuse"}}}
    row = (await evals.run(impossible, [refusing], settings=own)).rows["g", "a"]
    assert (row.outcome, row.status) == ("right", "refused")


async def test_a_failure_of_the_graph_is_an_outcome(own: Settings) -> None:
    broken = {"name": "broken", "nodes": {"t": {"kind": "transform", "value": "inputs.question | int // 0"}}}
    results = await evals.run(suite(2), [broken], settings=own)
    assert {row.outcome for row in results.rows.values()} == {"failed"}
    assert all(row.failure["code"] and row.why for row in results.rows.values())


async def test_what_no_model_answered_to_standard_is_refused(own: Settings) -> None:
    make, _ = models(BadReply("the reply is not JSON", code="OUTPUT_NOT_JSON"))
    results = await evals.run(suite(1), [PLAIN], settings=own, make=make)
    assert [row.outcome for row in results.rows.values()] == ["refused"]


async def test_a_server_that_is_gone_ends_the_run_and_leaves_the_case_open(
    offline: Settings, own: Settings
) -> None:
    gone = replace(own, ollama_host=offline.ollama_host)
    with pytest.raises(TinyError) as raised:
        await evals.run(suite(), [PLAIN], settings=gone)
    assert raised.value.exit_code == 4
    (file,) = (own.data / "evals").glob("*.jsonl")
    assert file.read_text() == ""


async def test_two_graphs_are_compared_case_by_case(own: Settings, tmp_path: Path) -> None:
    knows = {"small": range(8), "big": range(4, 12)}

    def make(name: str, _: Settings) -> Any:
        return models(knowing(knows[name]))[1]

    graphs = [
        {
            "name": name,
            "models": {"general": {"name": name}},
            "nodes": {"answer": {"prompt": "Answer.", "to": "end"}},
        }
        for name in knows
    ]
    results = await evals.run(suite(12), graphs, settings=own, make=make)
    assert results.graphs == ("small", "big")
    found = evals.compare(results.of("small"), results.of("big"))
    assert (found.paired.both, found.paired.only_a, found.paired.only_b, found.paired.neither) == (4, 4, 4, 0)
    assert [row.case for row in found.lost] == ["c0", "c1", "c2", "c3"]
    with pytest.raises(UsageError, match="named twice"):
        await evals.run(suite(1), [graphs[0], graphs[0]], settings=own, make=make)


async def test_a_trial_leaves_no_trace_among_the_users_runs(own: Settings) -> None:
    make, _ = models(knowing([1]))
    await evals.run(suite(2), [PLAIN], settings=own, make=make)
    assert not Path(own.database_url).exists()


async def test_only_the_router_is_asked_when_the_suite_is_about_routes(own: Settings) -> None:
    text = (
        b"only: route\ngraph: assistant\ncases:\n"
        b"  - {question: Write a Python function that reverses a string., route: code}\n"
        b"  - {question: Write a Python function that sorts a list., route: [math]}\n"
    )
    results = await evals.run(parsed(text, "routes.yaml"), settings=own)
    assert [row.outcome for row in results.rows.values()] == ["right", "wrong"]
    assert all(row.calls == 0 for row in results.rows.values())
    with pytest.raises(UsageError, match="has no node of kind router"):
        await evals.run(parsed(text, "routes.yaml"), [PLAIN], settings=own)
