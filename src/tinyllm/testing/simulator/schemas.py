"""A JSON value that obeys a JSON schema, or pointedly does not."""

import json
from collections.abc import Callable, Sequence
from typing import Any

Schema = dict[str, Any]
Choose = Callable[[str, Sequence[Any]], Any]

_DEEPEST = 16
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "integer": int,
    "null": type(None),
}


def first_choice(_name: str, options: Sequence[Any]) -> Any:
    return options[0]


def resolved(schema: Any, root: Schema) -> Schema:
    """The schema behind a reference."""
    for _ in range(_DEEPEST):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        found: Any = root
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part, {}) if isinstance(found, dict) else {}
        schema = found
    return {}


def conforms(value: Any, schema: Any, root: Schema) -> bool:
    """Whether a value has the shape that a grammar made from the schema would force."""
    schema = resolved(schema, root)
    if "const" in schema:
        return bool(value == schema["const"])
    if "enum" in schema:
        return value in schema["enum"]
    either = schema.get("anyOf") or schema.get("oneOf")
    if either:
        return any(conforms(value, each, root) for each in either)
    return _is_a(value, schema.get("type")) and _inside(value, schema, root)


def _is_a(value: Any, name: Any) -> bool:
    if name is None:
        return True
    if isinstance(name, list):
        return any(_is_a(value, each) for each in name)
    if isinstance(value, bool):
        return bool(name == "boolean")
    return isinstance(value, _TYPES.get(name, object))


def _inside(value: Any, schema: Schema, root: Schema) -> bool:
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return all(name in value for name in schema.get("required", ())) and all(
            conforms(each, properties[name], root) for name, each in value.items() if name in properties
        )
    if isinstance(value, list):
        few = len(value) >= schema.get("minItems", 0) and len(value) <= schema.get("maxItems", len(value))
        return few and all(conforms(each, schema.get("items", {}), root) for each in value)
    return True


def example(
    schema: Any, root: Schema, text: str, choose: Choose = first_choice, name: str = "", depth: int = 0
) -> Any:
    """A value of the schema: `text` where it wants text, `choose` where it wants one of several."""
    schema = resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return choose(name, schema["enum"])
    either = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if either:
        return example(_answering(either, root), root, text, choose, name, depth)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return _object(schema, root, text, choose, depth)
    if kind == "array":
        return _array(schema, root, text, choose, name, depth)
    return _scalar(kind, schema, text, choose, name)


def _answering(either: Sequence[Any], root: Schema) -> Any:
    """Of several forms the first that leaves room for an answer: not the call of one certain tool."""
    free = (
        each
        for each in either
        if not any("const" in resolved(part, root) for part in _properties(each, root).values())
    )
    return next(free, either[0])


def _properties(schema: Any, root: Schema) -> Schema:
    found = resolved(schema, root).get("properties", {})
    return found if isinstance(found, dict) else {}


def _object(schema: Schema, root: Schema, text: str, choose: Choose, depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    wanted = list(properties) if depth < _DEEPEST // 4 else schema.get("required", [])
    if depth > _DEEPEST:
        return {}
    return {each: example(properties.get(each, {}), root, text, choose, each, depth + 1) for each in wanted}


def _array(schema: Schema, root: Schema, text: str, choose: Choose, name: str, depth: int) -> list[Any]:
    if depth > _DEEPEST:
        return []
    items = resolved(schema.get("items", {}), root)
    least = schema.get("minItems", 0)
    most = schema.get("maxItems", max(1, least))
    if "enum" in items:
        # One of several, or several of them: the chooser may name more than one.
        chosen = choose(name, items["enum"])
        several = list(chosen) if isinstance(chosen, list) else [chosen]
        return [*several, *several * least][: max(len(several), least)][:most]
    count = min(max(1, least), most)
    return [example(items, root, text, choose, name, depth + 1) for _ in range(count)]


def _scalar(kind: str, schema: Schema, text: str, choose: Choose, name: str) -> Any:
    if kind == "boolean":
        return choose(name, (True, False))
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
        high = schema.get("maximum", low + 1)
        chosen = choose(name, (low, high))
        return int(chosen) if kind == "integer" else chosen
    if kind == "null":
        return None
    return text[: schema.get("maxLength", len(text))]


def constrained(text: str, format: Any, choose: Choose = first_choice) -> str:
    """What a model says under a grammar: its own words if they fit, else a value of the right shape."""
    said = _parsed(text)
    if format == "json":
        return text if isinstance(said, dict) else json.dumps({"answer": text}, ensure_ascii=False)
    if said is not None and conforms(said, format, format):
        return text
    return json.dumps(example(format, format, text, choose), ensure_ascii=False)


def violating(format: Any) -> str:
    """JSON that is good JSON and not what was asked for."""
    wrong: Any = {"unexpected": True}
    return json.dumps(wrong if format != "json" and not conforms(wrong, format, format) else [wrong])


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
