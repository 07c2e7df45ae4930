"""MongoDB's wire protocol in front of mongomock: enough of it for the official client. Its semantics are mongomock's."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bson
import mongomock

OP_MSG, OP_QUERY, OP_REPLY = 2013, 2004, 1
HELLO = {
    "helloOk": True, "isWritablePrimary": True, "ismaster": True, "maxBsonObjectSize": 16_777_216,
    "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000, "minWireVersion": 0, "maxWireVersion": 21,
    "logicalSessionTimeoutMinutes": 30, "readOnly": False, "ok": 1.0,
}  # fmt: skip


class Wire:
    """The commands that the tools' client sends, each answered from mongomock."""

    def __init__(self) -> None:
        self.client: Any = mongomock.MongoClient()
        self.seen: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(command))
        self.seen.append(name)
        do = getattr(self, f"_{name.lower()}", None)
        if do is None:
            return {
                "ok": 0.0,
                "errmsg": f"no such command: '{name}'",
                "code": 59,
                "codeName": "CommandNotFound",
            }
        try:
            return {**do(command, self.client[command.get("$db", "test")]), "ok": 1.0}
        except mongomock.OperationFailure as failure:
            return {"ok": 0.0, "errmsg": str(failure), "code": getattr(failure, "code", None) or 2}

    def _hello(self, command: dict[str, Any], database: Any) -> dict[str, Any]:
        return dict(HELLO)

    _ismaster = _hello

    def _ping(self, command: dict[str, Any], database: Any) -> dict[str, Any]:
        return {}

    _endsessions = _ping

    def _listcollections(self, command: dict[str, Any], database: Any) -> dict[str, Any]:
        names = [{"name": name, "type": "collection"} for name in database.list_collection_names()]
        return _cursor(names, f"{database.name}.$cmd.listCollections")

    def _find(self, command: dict[str, Any], database: Any) -> dict[str, Any]:
        found = database[command["find"]].find(command.get("filter"), command.get("projection"))
        if command.get("sort"):
            found = found.sort(list(command["sort"].items()))
        return _cursor(list(found.limit(abs(command.get("limit", 0)))), f"{database.name}.{command['find']}")

    def _aggregate(self, command: dict[str, Any], database: Any) -> dict[str, Any]:
        found = list(database[command["aggregate"]].aggregate(command["pipeline"]))
        return _cursor(found, f"{database.name}.{command['aggregate']}")

    def _count(self, command: dict[str, Any], database: Any) -> dict[str, Any]:
        return {"n": database[command["count"]].count_documents(command.get("query") or {})}

    def _insert(self, command: dict[str, Any], database: Any) -> dict[str, Any]:
        for number, document in enumerate(command["documents"]):
            try:
                database[command["insert"]].insert_one(document)
            except mongomock.DuplicateKeyError as failure:
                return {
                    "n": number,
                    "writeErrors": [{"index": number, "code": 11000, "errmsg": str(failure)}],
                }
        return {"n": len(command["documents"])}

    def _update(self, command: dict[str, Any], database: Any) -> dict[str, Any]:
        found = changed = 0
        for each in command["updates"]:
            done = database[command["update"]].update_many(each["q"], each["u"])
            found, changed = found + done.matched_count, changed + done.modified_count
        return {"n": found, "nModified": changed}

    def _delete(self, command: dict[str, Any], database: Any) -> dict[str, Any]:
        gone = [
            database[command["delete"]].delete_many(each["q"]).deleted_count for each in command["deletes"]
        ]
        return {"n": sum(gone)}


def _cursor(found: list[Any], namespace: str) -> dict[str, Any]:
    return {"cursor": {"firstBatch": found, "id": 0, "ns": namespace}}


def _taken(kind: int, body: bytes) -> dict[str, Any]:
    """The command in a message; documents may come apart, in sections of their own."""
    if kind == OP_QUERY:
        start = 4 + body.index(b"\0", 4) - 4 + 1 + 8
        return dict(bson.decode(body[start:]))
    command: dict[str, Any] = {}
    at = 4
    while at < len(body):
        section, at = body[at], at + 1
        size = struct.unpack_from("<i", body, at)[0]
        if section == 0:
            command = {**dict(bson.decode(body[at : at + size])), **command}
        else:
            name, _, documents = body[at + 4 : at + size].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
        at += size
    first = next(key for key in command if not isinstance(command[key], list))
    return {first: command[first], **command}


@contextmanager
def wire_server() -> Iterator[Wire]:
    wire = Wire()

    class Answering(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.read(16):
                size, number, _, kind = struct.unpack("<iiii", head)
                said = bson.encode(wire.answer(_taken(kind, self.rfile.read(size - 16))))
                if kind == OP_QUERY:
                    said = struct.pack("<iqii", 8, 0, 0, 1) + said
                else:
                    said = struct.pack("<ib", 0, 0) + said
                reply = OP_REPLY if kind == OP_QUERY else OP_MSG
                self.wfile.write(struct.pack("<iiii", 16 + len(said), number + 1, number, reply) + said)

    class Serving(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Serving(("127.0.0.1", 0), Answering) as server:
        wire.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield wire
        server.shutdown()
