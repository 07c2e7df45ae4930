"""Checkpoints as bytes: plain values and LangGraph's own few types, each with a checksum, nothing else."""

import os
import zlib
from contextlib import suppress
from typing import Any

# Read once, when LangGraph is imported: everything that is not ours to load is refused there too.
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")

import ormsgpack
from langgraph.checkpoint.serde._msgpack import SAFE_MSGPACK_TYPES
from langgraph.checkpoint.serde.jsonplus import (
    EXT_CONSTRUCTOR_KW_ARGS,
    EXT_CONSTRUCTOR_POS_ARGS,
    EXT_CONSTRUCTOR_SINGLE_ARG,
    EXT_METHOD_SINGLE_ARG,
    JsonPlusSerializer,
    _create_msgpack_ext_hook,
)

from tinyllm.errors import Permanent, TinyError
from tinyllm.store import damaged

KINDS = ("msgpack", "null", "bytes", "bytearray")
CONSTRUCTORS = (
    EXT_CONSTRUCTOR_SINGLE_ARG,
    EXT_CONSTRUCTOR_POS_ARGS,
    EXT_CONSTRUCTOR_KW_ARGS,
    EXT_METHOD_SINGLE_ARG,
)
_load = _create_msgpack_ext_hook(None)


class Serializer(JsonPlusSerializer):
    """Writes msgpack, never pickle; loads what it wrote, and refuses the rest before anything runs."""

    def __init__(self) -> None:
        super().__init__(allowed_msgpack_modules=None, __unpack_ext_hook__=_allowed_only)

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        kind, data = super().dumps_typed(obj)
        return f"{kind}:{zlib.crc32(data):08x}", data

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        kind, _, crc = data[0].partition(":")
        if kind not in KINDS or not crc:
            raise tampered(f"a value of the kind {data[0]!r}")
        if f"{zlib.crc32(data[1]):08x}" != crc:
            raise damaged("a checkpoint", "checkpoints")
        try:
            return super().loads_typed((kind, data[1]))
        except (ValueError, TypeError) as failure:
            # The decoder swallows what its hook raises, so the reason is looked up again.
            if refused := _refused(data[1]):
                raise tampered(refused[0]) from None
            raise damaged("a checkpoint", "checkpoints") from failure


def tampered(what: str) -> TinyError:
    return Permanent(
        f"the database holds {what}, which TinyLLM never writes",
        hint="somebody else wrote to it; restore a copy you trust",
        where="checkpoints",
        code="DB_TAMPERED",
    )


def _allowed_only(code: int, data: bytes) -> Any:
    """Look at the name of a type before it is loaded: LangGraph alone would quietly hand out its arguments."""
    if forbidden := _forbidden(code, data):
        raise ValueError(forbidden)
    return _load(code, data)


def _forbidden(code: int, data: bytes) -> str:
    if code not in CONSTRUCTORS:
        return "a value of an unknown type"
    named = ormsgpack.unpackb(data, ext_hook=lambda *_: None, option=ormsgpack.OPT_NON_STR_KEYS)
    if not isinstance(named, list) or len(named) < 3:
        return "an object without a type"
    return "" if tuple(named[:2]) in SAFE_MSGPACK_TYPES else f"an object of the type {named[0]}.{named[1]}"


def _refused(data: bytes) -> list[str]:
    """What stands in these bytes and may not be loaded."""
    found: list[str] = []

    def note(code: int, inner: bytes) -> None:
        if forbidden := _forbidden(code, inner):
            found.append(forbidden)
        else:
            found.extend(_refused(inner))

    with suppress(ValueError, TypeError):
        ormsgpack.unpackb(data, ext_hook=note, option=ormsgpack.OPT_NON_STR_KEYS)
    return found
