"""Elasticsearch's REST interface, as much of it as the tools use, for the official client. Its scores mean nothing."""

import fnmatch
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.tools.answering import Asked, Said, answering

Answer = tuple[int, Any]


class Cluster:
    """Indices, documents by id, and the queries match_all, term, match and simple_query_string."""

    def __init__(self) -> None:
        self.indices: dict[str, dict[str, dict[str, Any]]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.port = 0
        self.key = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, method: str, path: str, body: Any) -> Answer:
        self.asked.append((method, path, body))
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts == ["_cat", "indices"]:
            return 200, [
                {"index": n, "docs.count": str(len(d)), "health": "green"} for n, d in self.indices.items()
            ]
        if parts == ["_mapping"]:
            return 200, {name: _mapping(documents) for name, documents in self.indices.items()}
        if len(parts) == 2 and parts[1] == "_search":
            return self._search(parts[0], body)
        if len(parts) == 3 and parts[1] == "_doc":
            return self._document(method, parts[0], parts[2], body)
        return _error(
            400, "illegal_argument_exception", f"no handler found for uri [{path}] and method [{method}]"
        )

    def _document(self, method: str, index: str, id: str, body: Any) -> Answer:
        held = self.indices.setdefault(index, {}) if method == "PUT" else self.indices.get(index)
        if held is None:
            return _error(404, "index_not_found_exception", f"no such index [{index}]")
        told = {"_index": index, "_id": id, "_version": 1}
        if method == "PUT":
            result = "updated" if id in held else "created"
            held[id] = body
            return 200 if result == "updated" else 201, {**told, "result": result}
        if id not in held:
            return 404, {**told, "found": False, "result": "not_found"}
        if method == "DELETE":
            del held[id]
            return 200, {**told, "result": "deleted"}
        return 200, {**told, "found": True, "_source": held[id]}

    def _search(self, pattern: str, body: Any) -> Answer:
        names = [n for n in self.indices if any(fnmatch.fnmatchcase(n, each) for each in pattern.split(","))]
        if not names and "*" not in pattern:
            return _error(404, "index_not_found_exception", f"no such index [{pattern}]")
        try:
            fits = _fits(body.get("query", {"match_all": {}}))
        except ValueError as failure:
            return _error(400, "parsing_exception", str(failure))
        hits = [
            {"_index": name, "_id": id, "_score": 1.0, "_source": document}
            for name in names
            for id, document in self.indices[name].items()
            if fits(document)
        ]
        told: dict[str, Any] = {
            "took": 1, "timed_out": False, "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
            "hits": {"total": {"value": len(hits), "relation": "eq"}, "max_score": 1.0, "hits": hits[: body.get("size", 10)]},
        }  # fmt: skip
        if groups := body.get("aggs"):
            told["aggregations"] = {name: _terms(each, hits) for name, each in groups.items()}
        return 200, told


def _mapping(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "mappings": {"properties": {key: {"type": "text"} for each in documents.values() for key in each}}
    }


def _fits(query: dict[str, Any]) -> Any:
    (kind, given), *_ = query.items()
    if kind == "match_all":
        return lambda document: True
    if kind in ("term", "match"):
        (field, wanted), *_ = given.items()
        return lambda document: str(wanted).casefold() in str(document.get(field, "")).casefold()
    if kind == "simple_query_string":
        words = given["query"].casefold().split()
        return lambda document: all(word in json.dumps(document).casefold() for word in words)
    raise ValueError(f"unknown query [{kind}]")


def _terms(aggregation: dict[str, Any], hits: list[dict[str, Any]]) -> dict[str, Any]:
    counted: dict[Any, int] = {}
    for hit in hits:
        value = hit["_source"].get(aggregation["terms"]["field"])
        counted[value] = counted.get(value, 0) + 1
    return {"buckets": [{"key": key, "doc_count": count} for key, count in counted.items()]}


def _error(status: int, kind: str, reason: str) -> Answer:
    return status, {
        "error": {"root_cause": [{"type": kind, "reason": reason}], "type": kind, "reason": reason},
        "status": status,
    }


@contextmanager
def cluster_serving() -> Iterator[Cluster]:
    cluster = Cluster()

    def answer(asked: Asked) -> Said:
        if cluster.key and asked.headers.get("authorization") != f"ApiKey {cluster.key}":
            status, told = _error(401, "security_exception", "missing authentication credentials")
        else:
            body = json.loads(asked.body) if asked.body else None
            status, told = cluster.answer(asked.method, urlsplit(asked.url).path, body)
        ours = "vnd.elasticsearch+json" in asked.headers.get("accept", "")
        kind = "application/vnd.elasticsearch+json;compatible-with=9" if ours else "application/json"
        headers = {"X-Elastic-Product": "Elasticsearch", "content-type": kind}
        return status, json.dumps(told).encode(), headers

    with answering(answer) as cluster.port:
        yield cluster
