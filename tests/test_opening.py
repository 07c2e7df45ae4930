"""What a run begins with - solvers, routers - is done in its first step, and seen as if it were not."""

from pathlib import Path
from typing import Any

from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted

CODE = "Write a Python function that reverses a string."
GRAPH: dict[str, Any] = {
    "name": "opening",
    "nodes": {
        "exact": {"kind": "solve", "to": "end", "declines": "route"},
        "route": {
            "kind": "router",
            "routes": {"code": "programs", "general": "all else"},
            "sure": 0,
            "default": "general",
        },
        "code": {"prompt": "Program.", "to": "check"},
        "general": {"prompt": "Answer.", "to": "check"},
        "check": {"kind": "gate", "checks": ["not_empty"]},
    },
}


def engine(folder: Path, graph: dict[str, Any] = GRAPH, *said: Any) -> Engine:
    settings = Settings(database=str(folder / "runs.db"))
    return Engine(graph, settings=settings, make=lambda *_: Scripted(*(said or ("said",))))


async def test_every_node_is_on_the_path(tmp_path: Path) -> None:
    async with engine(tmp_path) as asked:
        assert (await asked.ask("What is 2 + 2?")).path == ("exact",)
        assert (await asked.ask(CODE)).path == ("exact", "route", "code", "check")
        assert (await asked.ask("Who wrote Emma?")).path == ("exact", "route", "general", "check")


async def test_the_first_savepoint_knows_the_way(tmp_path: Path) -> None:
    async with engine(tmp_path) as asked:
        answer = await asked.ask(CODE)
        lines = [
            line
            for line in await asked.transactions.timeline(answer.run)
            if line.kind in ("node", "savepoint")
        ]
        assert [line.node or line.data["number"] for line in lines] == [
            "exact", "route", 0, "code", "check", 1,
        ]  # fmt: skip


async def test_a_loop_comes_back_to_a_node_that_the_run_began_with(tmp_path: Path) -> None:
    nodes = {**GRAPH["nodes"], "check": {"kind": "condition", "when": "visits.route < 2", "then": "route"}}
    async with engine(tmp_path, {**GRAPH, "nodes": nodes}) as asked:
        answer = await asked.ask(CODE)
        assert answer.status == "committed"
        assert answer.path == ("exact", "route", "code", "check", "route", "code", "check")


async def test_the_next_turn_of_a_conversation_begins_from_nothing(tmp_path: Path) -> None:
    async with engine(tmp_path) as asked:
        await asked.ask(CODE, thread="t")
        again = await asked.ask("What is 2 + 2?", thread="t")
        assert (again.path, again.answer) == (("exact",), "4")


async def test_the_graph_for_studio_shows_every_step(tmp_path: Path) -> None:
    async with engine(tmp_path) as asked:
        assert {"begin", "exact", "route", "code", "general", "check"} <= set(asked.graph.nodes)
        state = await asked.graph.ainvoke({"inputs": {"question": CODE}})
        assert list(state["outputs"]) == ["route", "code", "check"]
