"""Elasticsearch through the front and the official client; the other end speaks its protocol, and is no real cluster."""

from dataclasses import replace
from typing import Any

import pytest

from tests.tools.conftest import Call
from tests.tools.counterparts import Counterpart
from tests.tools.elastic_wire import Cluster
from tinyllm.errors import TinyError
from tinyllm.services import Services


@pytest.fixture
def counterpart(elastic_counterpart: Counterpart) -> Counterpart:
    return elastic_counterpart


async def test_indices_are_listed_with_their_fields(call: Call) -> None:
    assert await call("elastic_indices", connection="logs") == [
        {"name": "logs-1", "documents": 3, "fields": ["level", "message"]}
    ]


async def test_words_are_found(call: Call) -> None:
    told = await call("elastic_search", index="logs-*", words="disk full", connection="logs")
    assert told == {
        "total": 1,
        "hits": [
            {"index": "logs-1", "id": "2", "document": {"level": "error", "message": "the disk is full"}}
        ],
    }
    assert (await call("elastic_search", index="logs-1", words=" ", limit=2, connection="logs"))["total"] == 3


async def test_its_own_language_is_spoken(call: Call) -> None:
    body = {
        "query": {"term": {"level": "error"}},
        "aggs": {"levels": {"terms": {"field": "level"}}},
        "size": 0,
    }
    told = await call("elastic_query", index="logs-1", body=body, connection="logs")
    assert (told["total"], told["hits"]) == (2, [])
    assert told["groups"]["levels"]["buckets"] == [{"key": "error", "doc_count": 2}]


async def test_a_field_may_be_called_what_it_is(call: Call) -> None:
    """A description is no script."""
    for field in (
        "description",
        "subscription_id",
        "transcript_en",
        "my_script_name",
        "script_path",
        "index",
    ):
        body = {"query": {"match": {field: "x"}}, "sort": [{field: "asc"}]}
        assert (await call("elastic_query", index="logs-1", body=body, connection="logs"))["total"] == 0


async def test_groups_may_be_ordered_by_one_that_is_called_index(call: Call) -> None:
    groups = {"levels": {"terms": {"field": "level", "order": {"index": "desc"}}}}
    body = {"query": {"match_all": {}}, "aggs": groups, "size": 0}
    assert "total" in await call("elastic_query", index="logs-1", body=body, connection="logs")


async def test_a_document_is_got_put_and_deleted(call: Call) -> None:
    assert (await call("elastic_get", index="logs-1", id="1", connection="logs"))["document"][
        "level"
    ] == "info"
    for result in ("created", "updated"):
        told = await call("elastic_put", index="notes", id="a/b", document={"x": 1}, connection="store")
        assert told == f"{result} a/b in notes"
    assert await call("elastic_delete", index="notes", id="a/b", connection="store") == "deleted a/b in notes"


BODIES: list[dict[str, Any]] = [
    {"query": {"script": {"script": "1"}}},
    {"query": {"script_score": {"query": {"match_all": {}}, "script": {"source": "1"}}}},
    {"query": {"bool": {"filter": [{"script": {"script": {"source": "1"}}}]}}},
    {"query": {"function_score": {"functions": [{"script_score": {"script": "1"}}]}}},
    {"script_fields": {"x": {"script": "1"}}},
    {"runtime_mappings": {"x": {"type": "long", "script": "emit(1)"}}},
    {"aggs": {"x": {"scripted_metric": {"map_script": "1"}}}},
    {"aggs": {"x": {"terms": {"script": "1"}}}},
    {"aggs": {"x": {"bucket_script": {"buckets_path": {}, "script": "1"}}}},
    {"sort": {"_script": {"type": "number", "script": "1"}}},
    {"sort": [{"_script": {"type": "number", "script": "1"}}]},
    {"query": {"terms_set": {"a": {"terms": [], "minimum_should_match_script": {"source": "1"}}}}},
    {"aggs": {"x": {"moving_fn": {"buckets_path": "y", "script": "1"}}}},
    {"pit": {"id": "x"}},
    {"suggest": {}},
    {"stored_fields": ["x"]},
    {"indices_boost": []},
    {"query": {"percolate": {"field": "q", "document": {}}}},
    {"query": {"wrapper": {"query": "eyJtYXRjaF9hbGwiOnt9fQ=="}}},
    {"query": {"terms": {"user": {"index": "people", "id": "1", "path": "name"}}}},
    {"query": {"bool": {"filter": [{"terms": {"boost": 1, "user": {"index": "people"}}}]}}},
    {"query": {"geo_shape": {"at": {"indexed_shape": {"index": "people", "id": "1", "path": "p"}}}}},
    {"query": {"more_like_this": {"like": [{"_index": "people", "_id": "1"}]}}},
    {"query": {"more_like_this": {"like": {"_index": "people", "_id": "1"}}}},
]
INDICES = ["../_cluster/settings", "_all", "_search", "other:logs", ".security", "-logs", "a,.security", "A", "logs/_doc", "logs%2f", "", "a b", "<logs>"]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=str)
async def test_no_script_is_sent(services: Services, elastic: Cluster, body: dict[str, Any]) -> None:
    with pytest.raises(TinyError) as refused:
        await services.call("elastic_query", {"index": "logs-1", "body": body, "connection": "logs"})
    assert refused.value.code == "TOOL_INPUT"
    assert refused.value.hint
    assert elastic.asked == []


@pytest.mark.parametrize("index", INDICES)
async def test_an_index_is_no_path_and_no_other_cluster(
    services: Services, elastic: Cluster, index: str
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("elastic_search", {"words": "x", "connection": "logs"}),
        ("elastic_get", {"id": "1", "connection": "logs"}),
        ("elastic_put", {"id": "1", "document": {}, "connection": "store"}),
        ("elastic_delete", {"id": "1", "connection": "store"}),
    ]
    for name, arguments in calls:
        with pytest.raises(TinyError) as refused:
            await services.call(name, {"index": index, **arguments})
        assert refused.value.code == "TOOL_INPUT"
    assert elastic.asked == []


async def test_nothing_is_written_where_nobody_lets_it(services: Services, elastic: Cluster) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [("elastic_put", {"document": {}}), ("elastic_delete", {})]
    for name, more in calls:
        with pytest.raises(TinyError, match="is for reading"):
            await services.call(name, {"index": "logs-1", "id": "1", "connection": "logs", **more})
    for index in ("logs-*", "a,b"):
        with pytest.raises(TinyError, match="more than one"):
            await services.call("elastic_delete", {"index": index, "id": "1", "connection": "store"})
    assert elastic.asked == []


async def test_the_key_is_sent_and_a_mistake_named(
    services: Services, elastic: Cluster, closed_port: int
) -> None:
    elastic.key = "the-key-of-the-cluster"
    entry: dict[str, Any] = {"service": "elastic", "url": elastic.url, "api_key": elastic.key}
    cases: list[tuple[dict[str, Any], str, str]] = [
        (entry, "nothing", "HTTP_NOT_FOUND"),
        ({**entry, "api_key": "wrong"}, "logs-1", "HTTP_UNAUTHORIZED"),
        ({**entry, "url": f"http://127.0.0.1:{closed_port}"}, "logs-1", "CONNECTION_REFUSED"),
    ]
    for given, index, code in cases:
        services.__dict__["bounds"] = replace(services.bounds, connections={"logs": given})
        with pytest.raises(TinyError) as failure:
            await services.call("elastic_search", {"index": index, "words": "x"})
        assert failure.value.code == code
    services.__dict__["bounds"] = replace(services.bounds, connections={"logs": entry})
    with pytest.raises(TinyError, match="unknown query") as failure:
        await services.call("elastic_query", {"index": "logs-1", "body": {"query": {"magic": {}}}})
    assert failure.value.code == "HTTP_BAD_REQUEST"
