"""What a foreign server says of its tools, made fit to be shown to models and people: bounded, plain, without tricks."""

import re
from collections.abc import Mapping
from typing import Any

MOST = 100  # tools of one server
LETTERS = {"description": 600, "about": 200, "value": 200}
ARGUMENTS, DEPTH, OPTIONS = 40, 6, 50
ARGUMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")
NUMBERS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
)


def tool_name(server: str, name: str) -> str:
    """The name under which a graph knows it; empty when there is none to be had."""
    ours = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return f"{server}_{ours}" if ours and len(ours) <= 64 and len(name) <= 128 else ""


def line(text: Any, most: int) -> str:
    """One line that shows every letter it has: no controls, no hidden marks, no more than can be read."""
    shown = "".join(each if each.isprintable() else " " for each in str(text or "")[: most * 4])
    shown = " ".join(shown.split())
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def described(text: Any) -> str:
    return line(text, LETTERS["description"]) or "It says nothing of itself."


def schema(given: Any) -> dict[str, Any] | None:
    """The arguments as a JSON schema of the plain kind; None when no model could fill them in."""
    if not isinstance(given, Mapping) or given.get("type", "object") != "object":
        return None
    named = given.get("$defs") or given.get("definitions")
    found = _clean({**given, "type": "object"}, named if isinstance(named, Mapping) else {}, DEPTH)
    if found is None:
        return None
    return {"type": "object", "properties": {}, **found, "additionalProperties": False}


def _clean(given: Any, named: Mapping[str, Any], depth: int) -> dict[str, Any] | None:
    """None where names cannot be taken over; what is merely not understood means anything."""
    if not isinstance(given, Mapping) or depth == 0:
        return {}
    if isinstance(reference := given.get("$ref"), str):
        return _clean(named.get(reference.rpartition("/")[2]), named, depth - 1)
    found: dict[str, Any] = {}
    kinds = given.get("type")
    if kinds in TYPES:
        found["type"] = kinds
    elif isinstance(kinds, list) and kinds and all(kind in TYPES for kind in kinds):
        found["type"] = list(dict.fromkeys(kinds))
    if given.get("description"):
        found["description"] = line(given["description"], LETTERS["about"])
    found.update({key: given[key] for key in NUMBERS if type(given.get(key)) in (int, float)})
    found.update(_values(given))
    for key in ("anyOf", "oneOf"):
        if isinstance(options := given.get(key), list) and options:
            cleaned = [_clean(each, named, depth - 1) for each in options[:OPTIONS]]
            found["anyOf"] = [each or {} for each in cleaned]
    if isinstance(items := given.get("items"), Mapping):
        found["items"] = _clean(items, named, depth - 1) or {}
    return _with_arguments(found, given, named, depth)


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in ("const", "default"):
        if key in given and _short(given[key]):
            found[key] = given[key]
    options = given.get("enum")
    if isinstance(options, list) and 0 < len(options) <= OPTIONS and all(map(_short, options)):
        found["enum"] = options
    return found


def _short(value: Any) -> bool:
    if isinstance(value, str):
        return value.isprintable() and len(value) <= LETTERS["value"]
    return value is None or isinstance(value, (bool, int, float))


def _with_arguments(
    found: dict[str, Any], given: Mapping[str, Any], named: Mapping[str, Any], depth: int
) -> dict[str, Any] | None:
    arguments = given.get("properties")
    if not isinstance(arguments, Mapping):
        return found
    if len(arguments) > ARGUMENTS or not all(
        isinstance(name, str) and ARGUMENT.fullmatch(name) for name in arguments
    ):
        return None
    cleaned = {name: _clean(each, named, depth - 1) for name, each in arguments.items()}
    found["properties"] = {name: each or {} for name, each in cleaned.items()}
    required = given.get("required")
    if isinstance(required, list):
        found["required"] = [name for name in dict.fromkeys(required) if name in cleaned]
    return found


def listed(server: str, tools: list[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """The tools that can be used, cleaned; and why the others cannot."""
    kept: dict[str, dict[str, Any]] = {}
    refused: list[str] = []
    for tool in tools[:MOST]:
        name = tool_name(server, str(tool.get("name", "")))
        takes = schema(tool.get("schema"))
        shown = line(tool.get("name"), 80)
        if not name:
            refused.append(f"{shown!r} is not a name that a tool can have")
        elif name in kept:
            refused.append(f"{shown!r} would be {name}, which another tool is")
        elif takes is None:
            refused.append(f"{shown!r} takes arguments that cannot be described")
        else:
            kept[name] = {
                "name": tool["name"],
                "description": described(tool.get("description")),
                "schema": takes,
            }
    if len(tools) > MOST:
        refused.append(f"{len(tools) - MOST} more than the {MOST} tools that are read")
    return list(kept.values()), refused
