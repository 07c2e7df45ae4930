"""Branches that ran in parallel meet once, however long each of them was."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sound import sound_graphs
from tinyllm.engine import Engine
from tinyllm.errors import Bug, TinyError
from tinyllm.joins import Joins
from tinyllm.settings import Settings
from tinyllm.spec import read
from tinyllm.testing.scripted import Scripted


def node(to: Any = "end", value: str = "1", **more: Any) -> dict[str, Any]:
    return {"kind": "transform", "value": value, "to": to, **more}


def fork(when: str, then: str, otherwise: str = "end") -> dict[str, Any]:
    return {"kind": "condition", "when": when, "then": then, "otherwise": otherwise}


async def path(offline: Settings, nodes: dict[str, Any], question: str = "q") -> list[str]:
    return list((await Engine({"nodes": nodes}, settings=offline).ask(question)).path)


async def test_branches_of_unequal_length_meet_once(offline: Settings) -> None:
    went = await path(offline, {
        "start": node(["short", "long"]),
        "short": node("meet"),
        "long": node("longer"), "longer": node("longest"), "longest": node("meet"),
        "meet": node("after"), "after": node(),
    })  # fmt: skip
    assert Counter(went) == Counter(["start", "short", "long", "longer", "longest", "meet", "after"])
    assert went[-2:] == ["meet", "after"]


async def test_the_node_they_meet_in_sees_what_all_of_them_made(offline: Settings) -> None:
    nodes = {
        "start": node(["a", "b"]),
        "a": node("meet", "10"),
        "b": node("c", "20"), "c": node("meet", "outputs.b + 1"),
        "meet": node("end", "outputs.a + outputs.c"),
    }  # fmt: skip
    assert (await Engine({"nodes": nodes}, settings=offline).ask("q")).value == 31


async def test_a_fan_out_inside_a_fan_out_meets_inside_and_outside(offline: Settings) -> None:
    went = await path(offline, {
        "start": node(["a", "b"]),
        "a": node(["a1", "a2"]), "a1": node("inner"), "a2": node("a3"), "a3": node("inner"), "inner": node("outer"),
        "b": node("outer"),
        "outer": node(),
    })  # fmt: skip
    assert (Counter(went).most_common(1)[0][1], went[-1]) == (1, "outer")
    assert went.index("inner") > went.index("a3")


async def test_a_branch_that_ends_elsewhere_is_not_waited_for(offline: Settings) -> None:
    went = await path(offline, {
        "start": node(["a", "b"]),
        "a": fork("false", "meet", "end"),
        "b": node("b2"), "b2": node("meet"),
        "meet": node(),
    })  # fmt: skip
    assert went == ["start", "a", "b", "b2", "meet"]


async def test_a_branch_that_skips_the_meeting_goes_its_own_way(offline: Settings) -> None:
    went = await path(offline, {
        "start": node(["a", "b"]),
        "a": fork("true", "aside", "meet"), "aside": node(),
        "b": node("b2"), "b2": node("b3"), "b3": node("meet"),
        "meet": node(),
    })  # fmt: skip
    assert (Counter(went)["meet"], went[-1]) == (1, "meet")


async def test_a_branch_that_failed_and_was_caught_is_waited_for(offline: Settings) -> None:
    went = await path(offline, {
        "start": node(["a", "b"]),
        "a": node("meet", "outputs.nothing.there", on_error="mend") | {"value": "1 / 0"},
        "mend": node("mend2"), "mend2": node("meet"),
        "b": node("meet"),
        "meet": node(),
    })  # fmt: skip
    assert (Counter(went)["meet"], went[-1]) == (1, "meet")


async def test_three_branches_meet_two_by_two(offline: Settings) -> None:
    went = await path(offline, {
        "start": node(["a", "b", "c"]),
        "a": node("ab"), "b": node("b2"), "b2": node("ab"), "ab": node("all"),
        "c": node("all"),
        "all": node(),
    })  # fmt: skip
    assert (max(Counter(went).values()), went[-1]) == (1, "all")


async def test_a_loop_around_a_fan_out_meets_once_per_round(offline: Settings) -> None:
    went = await path(offline, {
        "first": node("start", "0"),
        "start": node(["a", "b"], "(outputs.start if 'start' in outputs else 0) + 1"),
        "a": node("meet"), "b": node("b2"), "b2": node("meet"),
        "meet": node("again"),
        "again": fork("outputs.start < 3", "start"),
    })  # fmt: skip
    assert Counter(went)["meet"] == Counter(went)["b2"] == 3


async def test_a_loop_inside_a_branch_is_waited_for(offline: Settings) -> None:
    went = await path(offline, {
        "start": node(["a", "b"]),
        "a": node("meet"),
        "b": node("more", "(outputs.b if 'b' in outputs else 0) + 1"), "more": fork("outputs.b < 4", "b", "meet"),
        "meet": node(),
    })  # fmt: skip
    assert (Counter(went)["b"], Counter(went)["meet"], went[-1]) == (4, 1, "meet")


async def test_two_arrows_to_the_same_node_are_one_call(offline: Settings) -> None:
    assert await path(offline, {"start": node(["a", "a"]), "a": node()}) == ["start", "a"]


async def test_a_graph_that_never_forks_counts_nothing(offline: Settings) -> None:
    spec = read({"nodes": {"a": node("b"), "b": node()}})
    assert Joins.of(spec) == Joins()


async def test_a_router_that_fans_out_merges_once(offline: Settings) -> None:
    graph = {
        "models": {"m": "x:1b"},
        "nodes": {
            "route": {
                "kind": "router", "model": "m", "routes": {"a": "first", "b": "second", "c": "third"},
                "fan_out": "merge", "default": "a",
            },
            "a": {"prompt": "A", "model": "m"},
            "b": {"prompt": "B", "model": "m", "to": "b2"}, "b2": node(),
            "c": {"prompt": "C", "model": "m"},
            "merge": node("end", "outputs | length"),
        },
    }  # fmt: skip
    chat = Scripted('{"labels": ["a", "b"]}', "from a model")
    answer = await Engine(graph, settings=offline, make=lambda *_: chat).ask("q")
    assert answer.path[0] == "route"
    assert sorted(answer.path[1:3]) == ["a.beside", "b.beside"]
    assert answer.path[3:] == ("merge",)


async def test_a_router_that_fans_out_runs_one_alone_as_it_stands(offline: Settings) -> None:
    graph = {
        "models": {"m": "x:1b"},
        "nodes": {
            "route": {"kind": "router", "model": "m", "routes": {"a": "1", "b": "2"}, "fan_out": "merge", "default": "a"},
            "a": {"prompt": "A", "model": "m", "to": "end"},
            "b": {"prompt": "B", "model": "m", "to": "merge"},
            "merge": node(),
        },
    }  # fmt: skip
    chat = Scripted('{"labels": ["a"]}', "said")
    assert (await Engine(graph, settings=offline, make=lambda *_: chat).ask("q")).path == ("route", "a")


@settings(max_examples=80, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(sound_graphs(), st.integers(0, 3))
@pytest.mark.timeout(300)
async def test_every_sound_graph_runs_to_an_end(body: dict[str, Any], said: int) -> None:
    """With answers, tool calls, failures and refusals: an answer or a typed failure, never a bug of ours."""
    replies: list[Any] = ["fine", '{"labels": ["a"]}', "", "cut"]
    chat = Scripted(replies[said:])

    async def person(question: str, choices: tuple[str, ...]) -> str:
        return choices[said % len(choices)]

    try:
        answer = await Engine(body, settings=Settings(), make=lambda *_: chat).ask("q", ask=person)
    except TinyError as failure:
        if isinstance(failure, Bug) or failure.code in ("UNCLASSIFIED", "PROGRAMMING_BUG"):
            raise
    else:
        assert answer.status in ("committed", "refused")
