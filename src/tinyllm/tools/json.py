"""Work on JSON: look a value up, check it against a schema, repair what a model wrote."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from tinyllm.errors import BadReply
from tinyllm.toolkit import tool
from tinyllm.tools import programs

TEXT = 4_000_000
DEEPEST = 90
SHORT = 1_000  # characters that are repaired at once
SECONDS = 3.0
FAULTS = 20
PATH = 500  # characters
_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]"']+)|\[(?P<index>-?\d+)\]|\[(?P<all>\*)\]|\[(?P<quote>["'])(?P<quoted>.*?)(?P=quote)\]"""
)


def _read(text: str) -> Any:
    if len(text) > TEXT:
        raise BadReply(
            f"the JSON has more than {TEXT:,} characters", hint="give a part of it", code="TOOL_INPUT"
        )
    try:
        return json.loads(text)
    except RecursionError as failure:
        raise BadReply(
            "the JSON is nested too deeply", hint="give an inner part of it", code="TOOL_INPUT"
        ) from failure
    except ValueError as failure:
        raise BadReply(
            f"this is not JSON: {failure}", hint="repair it with json_repair first", code="DATA_MALFORMED"
        ) from failure


@tool(effect="pure")
async def get(text: str, path: str = "") -> Any:
    """Look up a value in JSON by a path such as orders[0].customer.name; [*] means all of a list."""
    value = _read(text)
    for number, step in enumerate(steps := _steps(path)):
        value = _looked_up(value, step, "".join(steps[: number + 1]))
    return value


def _steps(path: str) -> list[str]:
    path = path.strip().removeprefix("$")
    found = list(_STEP.finditer(path[:PATH]))
    if "".join(match.group() for match in found) != path:
        raise BadReply(
            f"{path[:80]!r} is not a path", hint="write it like orders[0].customer.name", code="TOOL_INPUT"
        )
    return [match.group() for match in found]


def _looked_up(value: Any, step: str, so_far: str) -> Any:
    match = _STEP.fullmatch(step)
    assert match is not None
    name = match["name"] or match["quoted"]
    if match["all"] and isinstance(value, list | dict):
        return list(value.values()) if isinstance(value, dict) else value
    if match["index"] and isinstance(value, list) and -len(value) <= int(match["index"]) < len(value):
        return value[int(match["index"])]
    if name is not None and isinstance(value, dict) and name in value:
        return value[name]
    if name is not None and isinstance(value, list):
        return [each[name] for each in value if isinstance(each, dict) and name in each]
    raise BadReply(
        f"there is nothing at {so_far}: {_called(value)}", hint="look one step higher", code="TOOL_INPUT"
    )


def _called(value: Any) -> str:
    if isinstance(value, dict):
        return f"it has {', '.join(map(str, list(value)[:20])) or 'nothing'}"
    return f"it is a list of {len(value)}" if isinstance(value, list) else "it is a single value"


@tool(effect="pure")
async def validate(text: str, against: dict[str, Any]) -> dict[str, Any]:
    """Check JSON against a JSON schema, and say what is wrong where."""
    value = _read(text)
    return await asyncio.to_thread(_validated, value, against)


def _validated(value: Any, schema: dict[str, Any]) -> dict[str, Any]:
    from jsonschema import Draft202012Validator, SchemaError
    from referencing.exceptions import Unresolvable

    _without_patterns(schema)
    try:
        Draft202012Validator.check_schema(schema)
        # The registry is empty: a schema that names an address is not fetched.
        faults = [
            {"at": fault.json_path.removeprefix("$").removeprefix(".") or ".", "wrong": fault.message[:300]}
            for fault, _ in zip(Draft202012Validator(schema).iter_errors(value), range(FAULTS), strict=False)
        ]
    except (SchemaError, Unresolvable, RecursionError) as failure:
        raise BadReply(
            f"the schema cannot be used: {getattr(failure, 'message', failure)}"[:400],
            hint='give a JSON schema such as {"type": "object", "required": ["name"]}',
            code="TOOL_INPUT",
        ) from failure
    return {"valid": not faults, "faults": faults}


def _without_patterns(schema: Any) -> None:
    """Python's expressions can take for ever, and a schema may bring some."""
    waiting = [schema]
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, dict):
            if isinstance(piece.get("pattern"), str) or isinstance(piece.get("patternProperties"), dict):
                raise BadReply(
                    "the schema has patterns, which are not checked here",
                    hint="leave `pattern` out, and check the value with text_extract",
                    code="TOOL_INPUT",
                )
            waiting.extend(piece.values())
        elif isinstance(piece, list):
            waiting.extend(piece)


@tool(effect="pure")
async def repair(text: str) -> Any:
    """Read JSON that is broken or wrapped in prose, such as {'a': 1,} and give the value that was meant."""
    if len(text) > TEXT // 20:
        raise BadReply("the text is too long to repair", hint="give the broken part", code="TOOL_INPUT")
    if max(_depths(text), default=0) > DEEPEST:
        raise BadReply("the JSON is nested too deeply", hint="give an inner part of it", code="TOOL_INPUT")
    value = _guessed(text) if len(text) <= SHORT else await _guessed_elsewhere(text)
    if value in ("", [], {}) and not re.search(r"[\[{]\s*[\]}]", text):
        raise BadReply(
            "there is no JSON in this text", hint="give the text that holds it", code="DATA_MALFORMED"
        )
    return value


def _guessed(text: str) -> Any:
    from json_repair import repair_json

    return repair_json(text, return_objects=True)


async def _guessed_elsewhere(text: str) -> Any:
    """In a process that can be ended: the time for some texts grows with the square of their length."""
    code = "import sys, json_repair; sys.stdout.write(json_repair.repair_json(sys.stdin.read()))"
    ended = await programs.run(
        [sys.executable, "-I", "-c", code], Path(sys.prefix), given=text, seconds=SECONDS
    )
    return json.loads(ended.stdout or '""') if ended.code == 0 else ""


def _depths(text: str) -> list[int]:
    depth, seen = 0, [0]
    for sign in re.findall(r"[\[\]{}]", text):
        depth += 1 if sign in "[{" else -1
        seen.append(depth)
    return seen
