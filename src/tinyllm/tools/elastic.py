"""Search Elasticsearch, and change documents where a person lets it: no scripts, connections from the settings."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from tinyllm.errors import BadReply, Permanent
from tinyllm.toolkit import connection as connected_by
from tinyllm.toolkit import need, tool
from tinyllm.tools.rows import shortened

EXTRA = "elastic"
TAKES = ("url", "api_key", "user", "password", "timeout", "writes")
SECONDS = 10.0
MOST, DEEPEST = 100, 30
INDEX: Final = re.compile(r"[a-z0-9.][a-z0-9._*,-]{0,200}")
# Whole keys with which a query runs code, or hides another query.
CODE_OF = """
script scripts _script script_score script_fields script_id script_stack scripted_metric scripted_upsert
init_script map_script combine_script reduce_script weight_script value_script bucket_script
minimum_should_match_script runtime_mappings percolate wrapper
"""
CODE: Final = frozenset(CODE_OF.split())
# Where a query names a document, it may name one of another index.
ELSEWHERE: Final = {"terms": "index", "like": "_index", "unlike": "_index", "docs": "_index"}
# What a query may be made of besides the fields of documents.
TOP_OF = """
query aggs aggregations sort _source fields highlight from size track_total_hits post_filter collapse
"""
TOP: Final = frozenset(TOP_OF.split())


@asynccontextmanager
async def opened(name: str, *, writes: bool = False) -> AsyncIterator[Any]:
    elastic = need("elasticsearch", extra=EXTRA)
    entry = connected_by("elastic", name, TAKES)
    if writes and not entry.flag("writes"):
        raise Permanent(
            f"the connection {entry.name!r} is for reading",
            hint=f"a person adds writes = true to [connections.{entry.name}]",
            code="HTTP_FORBIDDEN",
        )
    login: dict[str, Any] = {"api_key": key} if (key := entry.text("api_key")) else {}
    if user := entry.text("user"):
        login["basic_auth"] = (user, entry.text("password"))
    client = elastic.AsyncElasticsearch(
        entry.needed("url"),
        request_timeout=entry.number("timeout", SECONDS),
        node_class="httpxasync",
        max_retries=0,
        **login,
    )
    async with client:
        yield client


@tool(
    effect="read",
    reach="net",
    extra=EXTRA,
    shows=lambda connection: f"list the indices of {_named(connection)}",
)
async def indices(connection: str = "") -> list[dict[str, Any]]:
    """List the indices of an Elasticsearch cluster, each with its number of documents and its fields."""
    async with opened(connection) as client:
        found = (await client.cat.indices(format="json", h="index,docs.count,health"))[:MOST]
        mapped = dict(await client.indices.get_mapping())
    return [
        {
            "name": each["index"],
            "documents": int(each.get("docs.count") or 0),
            "fields": sorted(mapped.get(each["index"], {}).get("mappings", {}).get("properties", {}))[:100],
        }
        for each in sorted(found, key=lambda each: str(each["index"]))
        if not each["index"].startswith(".")
    ]


@tool(
    effect="read",
    reach="net",
    extra=EXTRA,
    shows=lambda index, words, connection, **_: f"search {index} on {_named(connection)} for: {words}",
)
async def search(index: str, words: str, limit: int = 10, connection: str = "") -> dict[str, Any]:
    """Find documents of an Elasticsearch index that contain some words, the best first."""
    query = {"simple_query_string": {"query": words, "default_operator": "and", "lenient": True}}
    return await _asked(
        index, {"query": query if words.strip() else {"match_all": {}}, "size": _within(limit)}, connection
    )


@tool(
    effect="read",
    reach="net",
    extra=EXTRA,
    shows=lambda index, body, connection: f"on {_named(connection)}: search {index} {body}",
)
async def query(index: str, body: dict[str, Any], connection: str = "") -> dict[str, Any]:
    """Ask an Elasticsearch index in its query language: {"query": …, "aggs": …, "sort": …, "size": …}, without scripts."""
    strange = [key for key in body if key not in TOP]
    if strange:
        raise _forbidden(strange[0])
    size = body.get("size", 10)
    checked = {**_without_code(body), "size": min(size, MOST) if isinstance(size, int) and size >= 0 else 10}
    return await _asked(index, checked, connection)


async def _asked(index: str, body: dict[str, Any], connection: str) -> dict[str, Any]:
    async with opened(connection) as client:
        found = await client.search(index=_index(index), body=body)
    hits = found.get("hits", {})
    total = hits.get("total", {})
    told: dict[str, Any] = {
        "total": total.get("value") if isinstance(total, dict) else total,
        "hits": [
            {"index": each["_index"], "id": each["_id"], **_document(each)} for each in hits.get("hits", [])
        ],
    }
    groups = found.get("aggregations")
    return {**told, "groups": shortened(groups)} if groups else told


@tool(
    effect="read",
    reach="net",
    extra=EXTRA,
    shows=lambda index, id, connection: f"get {id} of {index} on {_named(connection)}",
)
async def get(index: str, id: str, connection: str = "") -> dict[str, Any]:
    """Get one document of an Elasticsearch index by its id."""
    async with opened(connection) as client:
        found = await client.get(index=_one(index), id=_id(id))
    return {"id": found["_id"], **_document(found)}


@tool(
    effect="idempotent",
    reach="remote",
    extra=EXTRA,
    shows=lambda index, id, document, connection: (
        f"put {id} into {index} on {_named(connection)}: {document}"
    ),
)
async def put(index: str, id: str, document: dict[str, Any], connection: str = "") -> str:
    """Put a document into an Elasticsearch index under an id; what had that id is replaced."""
    async with opened(connection, writes=True) as client:
        done = await client.index(index=_one(index), id=_id(id), document=document, refresh=True)
    return f"{done['result']} {id} in {index}"


@tool(
    effect="idempotent",
    reach="remote",
    extra=EXTRA,
    shows=lambda index, id, connection: f"delete {id} of {index} on {_named(connection)}",
)
async def delete(index: str, id: str, connection: str = "") -> str:
    """Delete one document of an Elasticsearch index by its id."""
    async with opened(connection, writes=True) as client:
        done = await client.delete(index=_one(index), id=_id(id), refresh=True)
    return f"{done['result']} {id} in {index}"


def _document(hit: dict[str, Any]) -> dict[str, Any]:
    told = {"document": shortened(hit.get("_source") or {})}
    return {**told, "marked": shortened(hit["highlight"])} if "highlight" in hit else told


def _without_code(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise BadReply("this is nested too deep", hint="ask for something simpler", code="TOOL_INPUT")
    if isinstance(value, list):
        return [_without_code(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        if depth == 2 and isinstance(value, str) and value.startswith("_script"):
            raise _forbidden(value)
        return value
    for key in value:
        if key.lower() in CODE or key == "indexed_shape":
            raise _forbidden(key)
        if (index := ELSEWHERE.get(key)) and _names(value[key], index):
            raise _forbidden(f"{key} of another index")
    return {key: _without_code(each, depth + 1) for key, each in value.items()}


def _names(value: Any, index: str) -> bool:
    """Whether what it is made of names an index: {"f": {"index": …}}, {"_index": …} or a list of those."""
    inside = value if isinstance(value, list) else [value]
    if index == "index" and isinstance(value, dict):
        inside = [each for key, each in value.items() if key != "order"]
    return any(isinstance(each, dict) and index in each for each in inside)


def _forbidden(key: str) -> Permanent:
    return Permanent(
        f"{key} is not allowed here",
        hint=f"ask without scripts, with {', '.join(sorted(TOP))}",
        code="TOOL_INPUT",
    )


def _index(name: str) -> str:
    """Names and patterns of this cluster's own indices; nothing that is a path, another cluster or an order."""
    if (
        not INDEX.fullmatch(name)
        or ".." in name
        or any(part.startswith(("-", ".")) for part in name.split(","))
    ):
        raise BadReply(f"{name!r} is no index", hint="list them with elastic_indices", code="TOOL_INPUT")
    return name


def _one(name: str) -> str:
    if "*" in name or "," in name:
        raise BadReply(f"{name!r} is more than one index", hint="name one", code="TOOL_INPUT")
    return _index(name)


def _id(name: str) -> str:
    if not name or len(name.encode()) > 512 or name.startswith("_") or not name.isprintable():
        raise BadReply(f"{name!r} is no id", hint="give the id of a document", code="TOOL_INPUT")
    return name


def _within(limit: int) -> int:
    return max(1, min(limit, MOST))


def _named(connection: str) -> str:
    """The connection that a call without a name means."""
    return connected_by("elastic", connection, TAKES).name
