"""Look into MongoDB, and change it where a person lets it: operators from a list, connections from the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tinyllm.errors import BadReply, Permanent
from tinyllm.toolkit import connection as connected_by
from tinyllm.toolkit import need, tool
from tinyllm.tools import operators
from tinyllm.tools.operators import CHANGES, EXTRA, OPERATORS, Document
from tinyllm.tools.rows import shortened, within

TAKES = ("url", "database", "user", "password", "timeout", "writes")
SECONDS = 10.0
INSERTED = 1_000


@asynccontextmanager
async def opened(name: str, *, writes: bool = False) -> AsyncIterator[Any]:
    """The database of a connection."""
    pymongo = need("pymongo", extra=EXTRA)
    entry = connected_by("mongo", name, TAKES)
    if writes and not entry.flag("writes"):
        raise Permanent(
            f"the connection {entry.name!r} is for reading",
            hint=f"a person adds writes = true to [connections.{entry.name}]",
            code="HTTP_FORBIDDEN",
        )
    limit = round(entry.number("timeout", SECONDS) * 1000)
    login = {"username": user, "password": entry.text("password")} if (user := entry.text("user")) else {}
    client = pymongo.AsyncMongoClient(
        entry.needed("url"), timeoutMS=limit, serverSelectionTimeoutMS=limit, appname="tinyllm", **login
    )
    async with client:
        yield client[entry.needed("database")]


@tool(
    effect="read",
    reach="net",
    extra=EXTRA,
    shows=lambda connection: f"list the collections of {_named(connection)}",
)
async def collections(connection: str = "") -> list[Document]:
    """List the collections of a MongoDB database, each with its number of documents and the fields of one of them."""
    async with opened(connection) as database:
        told = []
        for name in sorted(await database.list_collection_names())[:100]:
            one = await database[name].find_one() or {}
            count = await database[name].estimated_document_count()
            told.append({"name": name, "documents": count, "fields": sorted(map(str, one))[:50]})
        return told


def _shown_find(collection: str, filter: Document, connection: str, **_: Any) -> str:
    return f"on {_named(connection)}: {collection}.find({filter})"


@tool(effect="read", reach="net", extra=EXTRA, shows=_shown_find)
async def find(
    collection: str,
    filter: Document = {},  # noqa: B006 - never changed
    fields: list[str] = [],  # noqa: B006 - never changed
    sort: str = "",
    limit: int = 20,
    connection: str = "",
) -> list[Document]:
    """Find documents of a MongoDB collection by a filter; sort names a field, -field for the largest first."""
    asked = operators.asked(filter, OPERATORS)
    order = [(sort.lstrip("-"), -1 if sort.startswith("-") else 1)] if sort else None
    shape = dict.fromkeys(map(operators.plain_field, fields), 1) or None
    async with opened(connection) as database:
        found = database[operators.collection(collection)].find(asked, shape, sort=order, limit=within(limit))
        return [_told(each) async for each in found]


def _shown_aggregate(collection: str, pipeline: list[Document], connection: str, **_: Any) -> str:
    return f"on {_named(connection)}: {collection}.aggregate({pipeline})"


@tool(effect="read", reach="net", extra=EXTRA, shows=_shown_aggregate)
async def aggregate(
    collection: str, pipeline: list[Document], limit: int = 100, connection: str = ""
) -> list[Document]:
    """Group, join and compute over a MongoDB collection with a pipeline of stages that only read."""
    stages = list(operators.stages(pipeline))
    async with opened(connection) as database:
        found = await database[operators.collection(collection)].aggregate(
            [*stages, {"$limit": within(limit)}]
        )
        return [_told(each) async for each in found]


# Writing.


def _shown_insert(collection: str, documents: list[Document], connection: str) -> str:
    return f"on {_named(connection)}: {collection}.insert({documents})"


@tool(effect="unsafe", reach="remote", extra=EXTRA, shows=_shown_insert)
async def insert(collection: str, documents: list[Document], connection: str = "") -> str:
    """Insert documents into a MongoDB collection."""
    if not 1 <= len(documents) <= INSERTED:
        raise BadReply(f"insert 1 to {INSERTED} documents", hint="give documents, a list", code="TOOL_INPUT")
    made = [operators.asked(each, frozenset(("$oid", "$date"))) for each in documents]
    async with opened(connection, writes=True) as database:
        done = await database[operators.collection(collection)].insert_many(made)
        return f"inserted {len(done.inserted_ids)} documents"


def _shown_update(collection: str, filter: Document, change: Document, connection: str) -> str:
    return f"on {_named(connection)}: {collection}.update({filter}, {change})"


@tool(effect="unsafe", reach="remote", extra=EXTRA, shows=_shown_update)
async def update(collection: str, filter: Document, change: Document, connection: str = "") -> str:
    """Change the documents of a MongoDB collection that a filter finds: change is {"$set": {"field": value}}."""
    if not change or not all(key in CHANGES for key in change):
        raise BadReply(
            "change names no operator, or one that is not allowed",
            hint=f'write it like {{"$set": {{"field": 1}}}}, with one of: {", ".join(sorted(CHANGES))}',
            code="TOOL_INPUT",
        )
    async with opened(connection, writes=True) as database:
        asked = operators.asked(filter, OPERATORS)
        done = await database[operators.collection(collection)].update_many(
            asked, operators.asked(change, CHANGES | OPERATORS)
        )
        return f"found {done.matched_count} documents and changed {done.modified_count}"


def _shown_delete(collection: str, filter: Document, connection: str) -> str:
    return f"on {_named(connection)}: {collection}.delete({filter})"


@tool(effect="idempotent", reach="remote", extra=EXTRA, shows=_shown_delete)
async def delete(collection: str, filter: Document, connection: str = "") -> str:
    """Delete the documents of a MongoDB collection that a filter finds; the filter may not be empty."""
    if not filter:
        raise BadReply("an empty filter would delete everything", hint="say which", code="TOOL_INPUT")
    async with opened(connection, writes=True) as database:
        done = await database[operators.collection(collection)].delete_many(
            operators.asked(filter, OPERATORS)
        )
        return f"deleted {done.deleted_count} documents"


def _told(document: Document) -> Document:
    return {str(key): shortened(each) for key, each in document.items()}


def _named(connection: str) -> str:
    """The connection that a call without a name means."""
    return connected_by("mongo", connection, TAKES).name
