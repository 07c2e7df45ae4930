"""The graph file as a JSON schema, for editors that complete and check."""

from typing import Any

from tinyllm.kinds import kinds
from tinyllm.models import Entry
from tinyllm.spec.head import Head
from tinyllm.spec.shape import not_written


def schema() -> dict[str, Any]:
    """One schema for all kinds; an unknown kind or field is an error in the editor already."""
    head = Head.model_json_schema(by_alias=True)
    shapes = [_shape(name) for name, kind in kinds().items() if not kind.internal]
    step = {"oneOf": [_with_id(shape) for shape in shapes]}
    head["properties"]["models"]["additionalProperties"] = {
        "oneOf": [{"type": "string"}, _without(Entry.model_json_schema(), "key")]
    }
    head["properties"]["nodes"] = {"type": "object", "additionalProperties": {"oneOf": shapes}}
    head["properties"]["steps"] = {"type": "array", "items": step}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **head,
        "title": "TinyLLM graph",
        "oneOf": [{"required": ["nodes"]}, {"required": ["steps"]}],
    }


def _shape(name: str) -> dict[str, Any]:
    kind = kinds()[name]
    shape = _without(kind.config.model_json_schema(by_alias=True), *not_written(kind.config))
    shape["title"] = name
    shape["description"] = kind.doc
    shape["properties"]["kind"] = {"const": name}
    required = [field for field in shape.get("required", ()) if field not in not_written(kind.config)]
    shape["required"] = required if name == "llm" else ["kind", *required]
    return shape


def _without(shape: dict[str, Any], *names: str) -> dict[str, Any]:
    properties = {key: value for key, value in shape["properties"].items() if key not in names}
    return {**shape, "properties": properties}


def _with_id(shape: dict[str, Any]) -> dict[str, Any]:
    properties = {"id": {"type": "string"}, **shape["properties"]}
    return {**shape, "properties": properties, "required": ["id", *shape["required"]]}
