"""JSON is looked up, checked and repaired, within bounds."""

import pytest

from tests.tools.conftest import Call
from tinyllm.errors import TinyError

ORDERS = '{"orders": [{"id": 1, "by": {"name": "Ada"}}, {"id": 2, "by": {"name": "Grace"}}], "a b": 3}'


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("orders[0].id", 1),
        ("$.orders[-1].by.name", "Grace"),
        ("orders[*].by.name", ["Ada", "Grace"]),
        ("orders.id", [1, 2]),
        ("['a b']", 3),
    ],
)
async def test_a_path_names_a_value(path: str, value: object, call: Call) -> None:
    assert await call("json_get", text=ORDERS, path=path) == value


async def test_a_wrong_path_says_what_is_there(call: Call) -> None:
    with pytest.raises(TinyError, match="it has orders, a b"):
        await call("json_get", text=ORDERS, path="order")
    with pytest.raises(TinyError, match="it is a list of 2"):
        await call("json_get", text=ORDERS, path="orders[7]")
    with pytest.raises(TinyError, match="is not a path"):
        await call("json_get", text=ORDERS, path="orders[")


async def test_faults_are_told_with_their_place(call: Call) -> None:
    schema = {"properties": {"orders": {"items": {"properties": {"id": {"type": "string"}}}}}}
    checked = await call("json_validate", text=ORDERS, against=schema)
    assert checked["valid"] is False
    assert checked["faults"][0] == {"at": "orders[0].id", "wrong": "1 is not of type 'string'"}
    assert (await call("json_validate", text="{}", against={"type": "object"}))["valid"]


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "(a+)+$"},
        {"patternProperties": {"(a+)+$": {}}},
        {"$ref": "http://127.0.0.1:9/schema"},
        {"$ref": "file:///etc/passwd"},
        {"type": "nonsense"},
        {"$ref": "#"},
    ],
)
async def test_a_schema_fetches_nothing_and_takes_no_time(schema: dict[str, object], call: Call) -> None:
    with pytest.raises(TinyError, match="schema"):
        await call("json_validate", text='"aaaa"', against=schema)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 1,}", {"a": 1}),
        ('```json\n{"a": [1, 2}\n```', {"a": [1, 2]}),
        ('Sure! {"a": true', {"a": True}),
        ("[]", []),
    ],
)
async def test_what_a_model_broke_is_repaired(text: str, value: object, call: Call) -> None:
    assert await call("json_repair", text=text) == value


@pytest.mark.parametrize("text", ["", "no json here", "[" * 5000, "{" * 5000])
async def test_what_cannot_be_repaired_is_said(text: str, call: Call) -> None:
    with pytest.raises(TinyError):
        await call("json_repair", text=text)


async def test_a_repair_that_takes_too_long_is_given_up(call: Call) -> None:
    with pytest.raises(TinyError, match="longer than"):
        await call("json_repair", text='{"' + 'a"' * 20_000)


async def test_a_long_text_is_repaired_as_well(call: Call) -> None:
    assert len(await call("json_repair", text="[" + "1, " * 1000)) == 1000
