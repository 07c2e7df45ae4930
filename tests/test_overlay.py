"""Patches lie over a graph: applied where they stand, aside where they do not, and never in its file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tinyllm.engine import Engine
from tinyllm.errors import GraphError
from tinyllm.overlay import Patch, grown, read_history, read_patches, serving
from tinyllm.settings import Settings
from tinyllm.spec import GraphSpec, read
from tinyllm.store import Store
from tinyllm.testing.scripted import Scripted
from tinyllm.transactions.staged import decide

GRAPH: dict[str, Any] = {
    "name": "g",
    "models": {"m": "m:1b"},
    "nodes": {"math": {"prompt": "Calculate.", "model": "m", "to": "after"}, "after": {"prompt": "Say it.", "model": "m"}},
}  # fmt: skip


def spec() -> GraphSpec:
    return read(GRAPH)


def patch(**more: Any) -> Patch:
    values: dict[str, Any] = {
        "graph": "g",
        "node": "math",
        "fingerprint": spec().mark("math"),
        "strategy": "prompt",
        "why": "a test",
        "nodes": {"math": {"prompt": "Calculate well.", "model": "m", "to": "after"}},
        "number": 1,
        "state": "accepted",
    }
    return Patch(**{**values, **more})


def write(store: Store, wanted: Patch, run: str = "") -> int:
    said = {"key": "k", "at": 1.0, "graph": wanted.graph, "state": wanted.state, "why": "so", "run": run}
    return store.write_now(lambda db: decide(db, {**said, "patch": wanted.number, "body": wanted.body()}))


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(database=str(home / "runs.db"))


def engine(settings: Settings, graph: Any = GRAPH) -> Engine:
    return Engine(graph, settings=settings, make=lambda *_: Scripted(lambda messages, **_: messages[0].text))


def test_a_patch_takes_the_place_of_its_node_and_leaves_the_rest() -> None:
    new = grown(spec(), [patch()])
    assert (new.nodes["math"].prompt, list(new.nodes)) == ("Calculate well.", ["math", "after"])  # type: ignore[attr-defined]
    assert spec().fingerprint != new.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "another"},
        {"node": "gone"},
        {"nodes": {"other": {"prompt": "x"}}},
        {"nodes": {"math": {"prompt": "x"}, "after": {"prompt": "x"}}},
        {"nodes": {"math": {"prompt": "x", "to": "nowhere"}}},
        {"nodes": {"math": {"prompt": "x", "model": "unknown"}}},
        {"nodes": {"math": {"kind": "unheard_of"}}},
        {"nodes": {"math": {"kind": "refuse"}}},
        {"nodes": {"math": {"turns": "many"}}},
    ],
)
def test_a_patch_that_does_not_fit_stands_aside(change: dict[str, Any]) -> None:
    assert grown(spec(), [patch(**change)]).fingerprint == spec().fingerprint


def test_an_edited_node_is_left_as_it_was_written() -> None:
    edited = {**GRAPH, "nodes": {**GRAPH["nodes"], "math": {**GRAPH["nodes"]["math"], "prompt": "Mine."}}}
    assert grown(read(edited), [patch()]).nodes["math"].prompt == "Mine."  # type: ignore[attr-defined]


def test_probation_serves_its_share_of_the_runs_and_the_same_ones_each_time() -> None:
    tried = patch(state="probation", share=0.3)
    served = [serving([tried], f"run{n}") for n in range(1000)]
    assert 230 < sum(map(len, served)) < 370
    assert served == [serving([tried], f"run{n}") for n in range(1000)]
    for state in ("proposed", "reverted", "rejected"):
        assert serving([replace(tried, state=state)], "run1") == []


async def test_the_next_run_begins_with_the_patch_and_an_earlier_one_keeps_its_graph(
    settings: Settings,
) -> None:
    nodes = {**GRAPH["nodes"], "after": {"kind": "human", "ask": "{{ outputs.math }}?", "to": "last"},
             "last": {"prompt": "Last.", "model": "m"}}  # fmt: skip
    async with engine(settings, {**GRAPH, "nodes": nodes}) as asked:
        waiting = await asked.ask("q")
        write(asked.transactions.store, patch(fingerprint=asked.spec.mark("math")))
        later = await asked.ask("q")
        assert [each.question["question"] for each in (waiting, later)] == ["Calculate.?", "Calculate well.?"]
        assert (await asked.resume(waiting.run, "yes")).status == "committed"
        rows = [await asked.transactions.run(each.run) for each in (waiting, later)]
    assert rows[0].fingerprint == asked.spec.fingerprint != rows[1].fingerprint


async def test_a_patch_of_a_run_that_is_not_committed_is_never_loaded(settings: Settings) -> None:
    nodes = {"may": {"kind": "human", "ask": "Well?"}}
    async with engine(settings, {**GRAPH, "nodes": nodes}) as asked:
        store = asked.transactions.store
        run = (await asked.ask("q")).run
        write(store, patch(number=0), run)
        assert store.read_now(lambda db: read_patches(db, "g")) == []
        await asked.resume(run, "yes")
        assert [each.number for each in store.read_now(lambda db: read_patches(db, "g"))] == [1]
        await asked.transactions.rollback(run)
        assert store.read_now(lambda db: read_history(db, "g")) == []


async def test_growth_that_is_off_leaves_the_graph_as_its_file_says(settings: Settings) -> None:
    async with engine(replace(settings, growth_mode="off")) as asked:
        write(asked.transactions.store, patch())
        run = (await asked.ask("q")).run
        assert (await asked.transactions.run(run)).fingerprint == asked.spec.fingerprint


async def test_an_accepted_file_beside_the_graph_counts_like_the_table(
    settings: Settings, home: Path
) -> None:
    (home / "g.yaml").write_text(json.dumps(GRAPH))
    body = {"graph": "g", "patches": [{**patch().body(), "state": "accepted"}]}
    (home / "g.growth.yaml").write_text(yaml.safe_dump(body))
    async with engine(settings, home / "g.yaml") as asked:
        first = await asked.ask("q")
        assert (await asked.transactions.run(first.run)).fingerprint != asked.spec.fingerprint
        write(asked.transactions.store, patch(number=0, state="reverted"))
        second = await asked.ask("q")
        assert (await asked.transactions.run(second.run)).fingerprint == asked.spec.fingerprint


@pytest.mark.parametrize("text", ["[]", "patches: [1]", "patches: [{node: a}]", "patches: [{node: math, fingerprint: x, state: great, nodes: {}}]", "patches: [{node: math, fingerprint: x, state: accepted, nodes: {math: {kind: unheard_of}}}]"])  # fmt: skip
async def test_a_file_of_growth_that_cannot_be_read_is_said(
    settings: Settings, home: Path, text: str
) -> None:
    (home / "g.yaml").write_text(json.dumps(GRAPH))
    (home / "g.growth.yaml").write_text(text)
    async with engine(settings, home / "g.yaml") as asked:
        with pytest.raises(GraphError):
            await asked.ask("q")


def beside_of(home: Path, *patches: dict[str, Any], **more: Any) -> None:
    (home / "g.yaml").write_text(json.dumps(GRAPH))
    body = {"graph": "g", "patches": [{"state": "accepted", **each} for each in patches], **more}
    (home / "g.growth.yaml").write_text(yaml.safe_dump(body))


def math(**more: Any) -> dict[str, Any]:
    return {"prompt": "Calculate well.", "model": "m", "to": "after", **more}


@pytest.mark.parametrize(
    "nodes",
    [
        {"math": math(tools=["shell_*"])},
        {"math": math(allow=["*"])},
        {"math": math(to="more"), "more": {"kind": "tool", "tool": "shell_run", "args": {"command": "ls"}}},
        {"math": math(tools=["no_such_tool"])},
        {"math": 5},
        {"math": None},
        {"math": math(), "more": []},
        {"math": {"kind": "refuse"}},
        {"math": math(use="after.use")},
    ],
)
async def test_a_file_of_growth_that_takes_more_is_refused(
    settings: Settings, home: Path, nodes: dict[str, Any]
) -> None:
    beside_of(home, patch().body() | {"nodes": nodes})
    async with engine(settings, home / "g.yaml") as asked:
        with pytest.raises(GraphError, match="the patch of 'math'") as refused:
            await asked.ask("q")
    assert refused.value.where.endswith("g.growth.yaml")
    assert refused.value.hint


async def test_growth_on_what_a_file_brings_takes_no_more_either(settings: Settings, home: Path) -> None:
    first = patch(nodes={"math": math(to="more"), "more": {"prompt": "More.", "model": "m", "to": "after"}})
    mark = first.on(spec()).mark("more")
    second = patch(node="more", fingerprint=mark, nodes={"more": math(allow=["*"])})
    beside_of(home, second.body(), first.body())
    async with engine(settings, home / "g.yaml") as asked:
        with pytest.raises(GraphError, match="would be allowed"):
            await asked.ask("q")


async def test_growth_of_another_graph_is_refused(settings: Settings, home: Path) -> None:
    beside_of(home, patch().body(), graph="other")
    async with engine(settings, home / "g.yaml") as asked:
        with pytest.raises(GraphError, match="growth of the graph 'other'"):
            await asked.ask("q")
