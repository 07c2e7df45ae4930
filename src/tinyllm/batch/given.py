"""One row of the input: what is asked, under which id, on which thread; or what is wrong with it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyllm.batch.source import LONGEST, Record
from tinyllm.errors import TinyError, UsageError

HINT = 'a row is {"question": "…"}, {"inputs": {…}} or "…"; `id` and `thread` are optional'


@dataclass(frozen=True)
class Given:
    """What is asked of one row."""

    index: int
    id: str | float | None = None
    question: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    thread: str = ""
    fault: TinyError | None = None


def given(record: Record, index: int, wanted: Iterable[str], *, plain: bool = False) -> Given:
    """The row of this record; a faulty one is a row as well, and fails by itself."""
    try:
        value = record if isinstance(record, dict) else _value(record, plain)
        if isinstance(value, str):
            return Given(index, question=_text(value, "the row"))
        if not isinstance(value, dict):
            raise _wrong("it is neither an object nor text")
    except TinyError as failure:
        return Given(index, fault=failure)
    id = value.get("id")
    known = id if isinstance(id, (str, int, float)) and not isinstance(id, bool) else None
    try:
        return Given(index, known, _question(value), _inputs(value, wanted), _thread(value))
    except TinyError as failure:
        return Given(index, known, fault=failure)


def _value(record: bytes, plain: bool) -> Any:
    if len(record) > LONGEST:
        raise _wrong(f"it is longer than {LONGEST:,} bytes")
    try:
        text = record.decode("utf-8")
        return text if plain else json.loads(text)
    except UnicodeDecodeError as failure:
        raise _wrong(f"it is not UTF-8 (byte {failure.start + 1})") from failure
    except (ValueError, RecursionError) as failure:
        raise _wrong(f"it is not JSON: {failure}") from None


def _question(value: Mapping[str, Any]) -> str:
    name = "question" if "question" in value else "prompt"
    return _text(value.get(name, ""), f"its `{name}`")


def _thread(value: Mapping[str, Any]) -> str:
    thread = _text(value.get("thread") or "", "its `thread`")
    if thread != thread.strip() or not thread.isprintable():
        raise _wrong(f"{thread!r} cannot be the name of a conversation")
    return thread


def _inputs(value: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """What stands in `inputs`, and every input of the graph that stands beside it."""
    inputs = value.get("inputs") or {}
    if not isinstance(inputs, dict):
        raise _wrong("its `inputs` are no object")
    if "attached" in inputs:  # paths: what comes in a file of data opens no other file
        raise _wrong("its `inputs` name files that are attached")
    return {**{name: value[name] for name in wanted if name in value and name != "question"}, **inputs}


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise _wrong(f"{what} is not text")
    try:
        value.encode()
    except UnicodeEncodeError as failure:
        raise _wrong(f"{what} is not UTF-8 (character {failure.start + 1})") from None
    return value


def _wrong(said: str) -> UsageError:
    return UsageError(f"the row cannot be asked: {said}", hint=HINT, code="ROW_INVALID")
