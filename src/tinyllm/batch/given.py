"""One row of the input: what is asked, under which id, on which thread; or what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyllm.batch.reasons import INVALID
from tinyllm.batch.source import LONGEST, Record
from tinyllm.errors import TinyError, UsageError
from tinyllm.plain import from_json
from tinyllm.problems import did_you_mean

HINT = 'a row is {"question": "…"}, {"inputs": {…}} or "…"; `id` and `thread` are optional'
NAMES = frozenset(("id", "thread"))  # what is beside the question


@dataclass(frozen=True)
class Given:
    """What is asked of one row."""

    index: int
    id: str | int | None = None
    question: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    thread: str = ""
    hint: str = ""  # the name that an unknown one was meant for
    fault: TinyError | None = None


def given(
    record: Record, index: int, wanted: Iterable[str], *, plain: bool = False, common: bool = False
) -> Given:
    """The row of this record; a faulty one is a row as well, and fails by itself. `common`: all rows are given something."""
    if isinstance(record, TinyError):
        return Given(index, fault=record)
    try:
        value = record if isinstance(record, dict) else _value(record, plain)
        if isinstance(value, str):
            return Given(index, question=_asks(_text(value, "the row")))
        if not isinstance(value, dict):
            raise unfit("it is neither an object nor text")
        id = _id(value)
    except TinyError as failure:
        return Given(index, fault=failure)
    hint = _meant(value, wanted)
    try:
        question, inputs = _question(value), _inputs(value, wanted)
        if not inputs and (value.keys() - NAMES or not common):
            _asks(question, hint)
        return Given(index, id, question, inputs, _thread(value), hint)
    except TinyError as failure:
        return Given(index, id, fault=failure)


def _id(value: Mapping[str, Any]) -> str | int | None:
    id = value.get("id")
    if id is not None and (isinstance(id, bool) or not isinstance(id, (str, int))):
        raise unfit("its `id` is neither text nor a whole number")
    return id


def _asks(question: str, hint: str = "") -> str:
    if not question.strip():
        raise unfit("there is no question in it", hint)
    return question


def _meant(value: Mapping[str, Any], wanted: Iterable[str]) -> str:
    """What a name that means nothing here was perhaps meant for."""
    names = dict.fromkeys(("question", "prompt", "inputs", *NAMES, *wanted))
    hints = (did_you_mean(str(name), names) for name in value if name not in names)
    return next(filter(None, hints), "")


def _value(record: bytes, plain: bool) -> Any:
    if len(record) > LONGEST:
        raise unfit(f"it is longer than {LONGEST:,} bytes")
    try:
        text = record.decode("utf-8")
        return text if plain else from_json(text)
    except UnicodeDecodeError as failure:
        raise unfit(f"it is not UTF-8 (byte {failure.start + 1})") from failure
    except (ValueError, RecursionError) as failure:
        raise unfit(f"it is not JSON: {failure}") from None


def _question(value: Mapping[str, Any]) -> str:
    name = "question" if "question" in value else "prompt"
    return _text(value.get(name, ""), f"its `{name}`")


def _thread(value: Mapping[str, Any]) -> str:
    thread = _text(value.get("thread") or "", "its `thread`")
    if thread != thread.strip() or not thread.isprintable():
        raise unfit(f"{thread!r} cannot be the name of a conversation")
    return thread


def _inputs(value: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """What stands in `inputs`, and every input of the graph that stands beside it."""
    inputs = value.get("inputs") or {}
    if not isinstance(inputs, dict):
        raise unfit("its `inputs` are no object")
    if "attached" in inputs:  # paths: what comes in a file of data opens no other file
        raise unfit("its `inputs` name files that are attached")
    return {**{name: value[name] for name in wanted if name in value and name != "question"}, **inputs}


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise unfit(f"{what} is not text")
    try:
        value.encode()
    except UnicodeEncodeError as failure:
        raise unfit(f"{what} is not UTF-8 (character {failure.start + 1})") from None
    return value


def unfit(said: str, hint: str = "") -> UsageError:
    """Why a row is none."""
    return UsageError(f"the row cannot be asked: {said}", hint=hint or HINT, code=INVALID)
