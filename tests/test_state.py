"""The state: how what was there and what is new are put together."""

from hypothesis import given
from hypothesis import strategies as st

from tinyllm.state import Blank, Fresh, Goto, appended, latest, merged, tallied

lists = st.lists(st.integers(), max_size=4)
maps = st.dictionaries(st.sampled_from("abcd"), st.integers(), max_size=4)


@given(lists, lists)
def test_lists_grow_and_a_blank_one_replaces(old: list[int], new: list[int]) -> None:
    assert appended(old, new) == old + new
    assert appended(old, Blank(new)) == new
    assert appended(None, new) == new


@given(maps, maps)
def test_maps_merge_with_the_newest_key_last_and_a_fresh_one_replaces(
    old: dict[str, int], new: dict[str, int]
) -> None:
    both = merged(old, new)
    assert both == {**old, **new}
    assert list(both)[len(both) - len(new) :] == list(new)
    assert merged(old, Fresh(new)) == new


@given(maps, maps, maps)
def test_counts_add_up_in_any_order(a: dict[str, int], b: dict[str, int], c: dict[str, int]) -> None:
    assert tallied(tallied(a, b), c) == tallied(tallied(a, c), b)
    assert tallied(a, Fresh(b)) == b


@given(maps)
def test_nothing_given_is_changed(old: dict[str, int]) -> None:
    before = dict(old)
    merged(old, {"a": 1})
    tallied(old, {"a": 1})
    assert old == before


def test_the_latest_is_the_one_that_was_made_last() -> None:
    outputs = merged(merged({"a": 1, "b": 2}, {}), {"a": 3})
    assert latest(outputs, ("a", "b")) == "a"
    assert latest(outputs, ("c",)) == ""


def test_one_exit_or_several() -> None:
    assert (Goto("a").exits, Goto(("a", "b")).exits) == (("a",), ("a", "b"))
