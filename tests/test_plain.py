"""What enters the state can be kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tinyllm.errors import Invalid
from tinyllm.plain import plain

ANYTHING = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False)
    | some.text()
    | some.binary(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner) | some.tuples(inner, inner),
    max_leaves=20,
)


@given(ANYTHING)
def test_whatever_a_node_returns_can_be_kept(value: Any) -> None:
    kept = plain(value)
    text = json.dumps(kept, ensure_ascii=False).encode()
    assert b"\\u0000" not in text
    assert plain(kept) == kept == json.loads(text)


def test_a_lone_surrogate_and_a_nul_are_replaced_in_keys_too() -> None:
    assert plain({"a\ud800": "b\0"}) == {"a�": "b�"}
    assert plain("😀") == "😀"


def test_a_large_number_keeps_its_digits() -> None:
    assert plain([2**63 - 1, 2**70]) == [2**63 - 1, str(2**70)]


def test_what_is_filed_does_not_change_with_its_source() -> None:
    source = {"list": [1]}
    kept = plain(source)
    source["list"].append(2)
    assert kept == {"list": [1]}


def test_a_bottomless_value_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(Invalid, match="nested deeper"):
        plain(deep)
    with pytest.raises(Invalid, match="cannot be kept"):
        plain(object())
