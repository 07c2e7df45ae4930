"""MongoDB through the front and the official client; behind the wire stands mongomock, and not a real server."""

from dataclasses import replace
from typing import Any

import pytest

from tests.tools.conftest import Call
from tests.tools.counterparts import Counterpart
from tests.tools.mongo_wire import Wire
from tinyllm.errors import TinyError
from tinyllm.services import Services
from tinyllm.tools import operators


@pytest.fixture
def counterpart(mongo_counterpart: Counterpart) -> Counterpart:
    return mongo_counterpart


def state(mongo: Wire) -> Any:
    database = mongo.client["shop"]
    return {name: list(database[name].find()) for name in database.list_collection_names()}


async def test_collections_are_listed_with_their_fields(call: Call) -> None:
    assert await call("mongo_collections", connection="shop") == [
        {"name": "orders", "documents": 3, "fields": ["_id", "amount", "product", "when"]}
    ]


async def test_documents_are_found_sorted_and_cut_to_fields(call: Call) -> None:
    told = await call(
        "mongo_find",
        collection="orders",
        filter={"amount": {"$gte": 5}},
        fields=["product"],
        sort="-amount",
        connection="shop",
    )
    assert [each["product"] for each in told] == ["coffee", "tea"]
    assert set(told[0]) == {"_id", "product"}


async def test_a_document_is_found_by_the_id_that_was_shown(call: Call) -> None:
    shown = (await call("mongo_find", collection="orders", limit=1, connection="shop"))[0]["_id"]
    for wanted in (shown, {"$oid": shown}):
        told = await call("mongo_find", collection="orders", filter={"_id": wanted}, connection="shop")
        assert [each["_id"] for each in told] == [shown]


async def test_documents_are_grouped(call: Call) -> None:
    pipeline = [
        {"$match": {"amount": {"$gt": 1}}},
        {"$group": {"_id": "$product", "sum": {"$sum": "$amount"}}},
        {"$sort": {"_id": 1}},
    ]
    told = await call("mongo_aggregate", collection="orders", pipeline=pipeline, connection="shop")
    assert told == [{"_id": "coffee", "sum": 9}, {"_id": "tea", "sum": 7}]


async def test_collections_are_joined_by_a_pipeline_that_reads(call: Call) -> None:
    inner = [{"$match": {"amount": {"$gt": 5}}}, {"$project": {"_id": 0, "product": 1}}]
    pipeline = [{"$limit": 1}, {"$facet": {"large": [{"$match": {"amount": {"$gt": 1}}}, {"$count": "n"}]}}]
    told = await call("mongo_aggregate", collection="orders", pipeline=pipeline, connection="shop")
    assert told == [{"large": [{"n": 1}]}]
    checked = list(
        operators.stages(
            [{"$lookup": {"from": "orders", "pipeline": inner, "as": "x"}}, {"$unionWith": "orders"}]
        )
    )
    assert checked == [
        {"$lookup": {"from": "orders", "pipeline": inner, "as": "x"}},
        {"$unionWith": "orders"},
    ]


FILTERS: list[dict[str, Any]] = [
    {"$where": "sleep(1000) || true"},
    {"$and": [{"$where": "1"}]},
    {"a": {"$not": {"$where": "1"}}},
    {"$expr": {"$function": {"body": "function() { return true }", "args": [], "lang": "js"}}},
    {"$expr": {"$gt": [{"$accumulator": {}}, 1]}},
    {"a": [{"b": [{"$where": "1"}]}]},
    {"$rand": {}},
    {"\0": 1},
    {"a": {"$oid": "x"}},
    {"a": {"$date": "yesterday"}},
]
PIPELINES: list[list[dict[str, Any]]] = [
    [{"$out": "orders"}],
    [{"$merge": {"into": "orders"}}],
    [{"$match": {"$where": "1"}}],
    [{"$group": {"_id": None, "x": {"$accumulator": {"init": "function() {}"}}}}],
    [{"$project": {"x": {"$function": {"body": "function() {}", "args": [], "lang": "js"}}}}],
    [{"$facet": {"a": [{"$out": "orders"}]}}],
    [{"$lookup": {"from": "orders", "pipeline": [{"$merge": "orders"}], "as": "x"}}],
    [{"$lookup": {"from": {"db": "admin", "coll": "system.users"}, "as": "x"}}],
    [{"$lookup": {"from": "system.users", "localField": "a", "foreignField": "b", "as": "x"}}],
    [{"$unionWith": {"coll": "orders", "pipeline": [{"$out": "x"}]}}],
    [{"$unionWith": "system.users"}],
    [{"$facet": {"a": [{"$unionWith": "system.users"}]}}],
    [{"$lookup": {"from": "orders", "pipeline": 5, "as": "x"}}],
    [{"$lookup": {"from": "orders", "pipeline": [5], "as": "x"}}],
    [{"$lookup": {"from": "orders", "pipeline": {"$match": {}}, "as": "x"}}],
    [{"$facet": {"a": 5}}],
    [{"$facet": "a"}],
    [{"$currentOp": {}}],
    [{"$listSessions": {}}],
    [{"$collStats": {}}],
    [{"$match": {}, "$out": "orders"}],
    [{}],
]


@pytest.mark.parametrize("filter", FILTERS, ids=str)
async def test_a_filter_runs_no_code(services: Services, mongo: Wire, filter: dict[str, Any]) -> None:
    before = state(mongo)
    mongo.seen.clear()
    calls: list[tuple[str, dict[str, Any]]] = [
        ("mongo_find", {"filter": filter, "connection": "shop"}),
        ("mongo_update", {"filter": filter, "change": {"$set": {"x": 1}}, "connection": "stock"}),
        ("mongo_delete", {"filter": filter, "connection": "stock"}),
    ]
    for name, arguments in calls:
        with pytest.raises(TinyError) as refused:
            await services.call(name, {"collection": "orders", **arguments})
        assert refused.value.code == "TOOL_INPUT"
        assert refused.value.hint
    assert not {"find", "update", "delete"} & set(mongo.seen)
    assert state(mongo) == before


@pytest.mark.parametrize("pipeline", PIPELINES, ids=str)
async def test_a_pipeline_only_reads(services: Services, mongo: Wire, pipeline: list[dict[str, Any]]) -> None:
    mongo.seen.clear()
    with pytest.raises(TinyError) as refused:
        await services.call(
            "mongo_aggregate", {"collection": "orders", "pipeline": pipeline, "connection": "shop"}
        )
    assert refused.value.code == "TOOL_INPUT"
    assert "aggregate" not in mongo.seen


async def test_documents_are_changed_where_a_person_lets_it(call: Call, mongo: Wire) -> None:
    told = await call(
        "mongo_update",
        collection="orders",
        filter={"product": "tea"},
        change={"$inc": {"amount": 1}},
        connection="stock",
    )
    assert told == "found 2 documents and changed 2"
    assert await call(
        "mongo_insert", collection="new", documents=[{"a": {"$date": "2026-03-01"}}], connection="stock"
    )
    assert mongo.client["shop"]["new"].find_one()["a"].year == 2026
    assert (
        await call("mongo_delete", collection="new", filter={"a": {"$exists": True}}, connection="stock")
        == "deleted 1 documents"
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mongo_insert", {"documents": [{"a": 1}]}),
        ("mongo_update", {"filter": {}, "change": {"$set": {"a": 1}}}),
        ("mongo_delete", {"filter": {"a": 1}}),
    ],
)
async def test_nothing_is_written_elsewhere(
    services: Services, mongo: Wire, name: str, arguments: dict[str, Any]
) -> None:
    before = state(mongo)
    with pytest.raises(TinyError, match="is for reading"):
        await services.call(name, {"collection": "orders", "connection": "shop", **arguments})
    assert state(mongo) == before


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mongo_update", {"filter": {}, "change": {"amount": 1}}),
        ("mongo_update", {"filter": {}, "change": {}}),
        ("mongo_update", {"filter": {}, "change": {"$set": {"a": {"$function": {}}}}}),
        ("mongo_delete", {"filter": {}}),
        ("mongo_insert", {"documents": []}),
        ("mongo_insert", {"documents": [{"$where": "1"}]}),
        ("mongo_insert", {"collection": "system.users", "documents": [{"a": 1}]}),
        ("mongo_insert", {"collection": "a$b", "documents": [{"a": 1}]}),
    ],
)
async def test_what_makes_no_sense_is_not_written(
    services: Services, mongo: Wire, name: str, arguments: dict[str, Any]
) -> None:
    before = state(mongo)
    with pytest.raises(TinyError) as refused:
        await services.call(name, {"collection": "orders", "connection": "stock", **arguments})
    assert refused.value.code == "TOOL_INPUT"
    assert state(mongo) == before


async def test_a_double_key_and_a_missing_server_are_named(services: Services, closed_port: int) -> None:
    twice = {"collection": "orders", "documents": [{"_id": "a"}, {"_id": "a"}], "connection": "stock"}
    with pytest.raises(TinyError) as failure:
        await services.call("mongo_insert", twice)
    assert failure.value.code == "UNIQUE_VIOLATION"
    entry = {"service": "mongo", "url": f"mongodb://127.0.0.1:{closed_port}", "database": "x", "timeout": 0.5}
    services.__dict__["bounds"] = replace(services.bounds, connections={"shop": entry})
    with pytest.raises(TinyError) as failure:
        await services.call("mongo_find", {"collection": "orders"})
    assert failure.value.code == "CONNECTION_REFUSED"
