"""Chains of pure nodes run as one step, and nobody can tell from the answer."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tinyllm.engine import Engine
from tinyllm.fuse import added, chains
from tinyllm.joins import Joins
from tinyllm.spec import read
from tinyllm.state import Blank, Fresh


def graph(**nodes: Any) -> Any:
    return {"name": "fused", "nodes": nodes}


def transform(value: str, to: Any = "end", **more: Any) -> dict[str, Any]:
    return {"kind": "transform", "value": value, "to": to, **more}


def groups(body: Any) -> list[tuple[str, ...]]:
    spec = read(body).lowered()
    return list(chains(spec, Joins.of(spec)))


def test_pure_nodes_in_a_row_are_one_step() -> None:
    body = graph(a=transform("1", "b"), b=transform("2", "c"), c=transform("3"))
    assert groups(body) == [("a", "b", "c")]


def test_a_condition_may_end_a_chain_but_not_lead_on_in_it() -> None:
    fork = {"kind": "condition", "when": "outputs.a == 1", "then": "b", "otherwise": "c"}
    body = graph(a=transform("1", "fork"), fork=fork, b=transform("2"), c=transform("3"))
    assert groups(body) == [("a", "fork"), ("b",), ("c",)]


def test_a_node_that_may_fail_elsewhere_or_that_others_reach_stands_alone() -> None:
    body = graph(
        a=transform("1", "b", on_error="end"),
        b=transform("2", "c"),
        c={"kind": "condition", "when": "outputs.b == 2", "then": "end", "otherwise": "b"},
    )
    assert groups(body) == [("a",), ("b", "c")]


def test_a_model_is_never_part_of_a_chain() -> None:
    body = graph(a=transform("1", "ask"), ask={"prompt": "Hello", "to": "b"}, b=transform("2"))
    assert groups(body) == [("a",), ("ask",), ("b",)]


def test_a_graph_without_checkpoints_keeps_every_node_to_be_looked_at() -> None:
    engine = Engine(graph(a=transform("1", "b"), b=transform("2")))
    assert {"a", "b"} <= set(engine.graph.nodes)
    assert "b" not in engine.machine.graph.nodes


async def test_the_path_and_the_answer_are_those_of_single_steps() -> None:
    async with Engine(
        graph(a=transform("1", "b"), b=transform("outputs.a + 1", "c"), c=transform("outputs.b * 3"))
    ) as engine:
        answer = await engine.ask("?")
    assert (answer.answer, answer.path) == ("6", ("a", "b", "c"))


VALUES = st.dictionaries(st.sampled_from("abc"), st.integers(0, 5), max_size=3)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.fixed_dictionaries({"outputs": VALUES, "visits": VALUES}), max_size=5))
def test_updates_put_together_do_what_they_do_one_by_one(updates: list[dict[str, Any]]) -> None:
    start = {"outputs": Fresh(), "visits": Fresh(), "failures": Blank()}
    one_by_one: dict[str, Any] = dict(start)
    whole: dict[str, Any] = {}
    for update in updates:
        one_by_one = added(one_by_one, update)
        whole = added(whole, update)
    assert added(start, whole) == one_by_one
