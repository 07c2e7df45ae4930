"""JSON from a model: checked against its schema, mended where only the form is wrong, else asked for again."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tinyllm.errors import BadReply
from tinyllm.errors.replies import shape
from tinyllm.models import Reply

MENDED = 2_000  # characters: mending takes time with the square of a hostile text
FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)


def read_json(reply: Reply, schema: Mapping[str, Any]) -> Any:
    """The value in a reply that follows the schema; a cut reply is never mended into one."""
    value = _parsed(reply)
    if said := violation(value, schema):
        raise BadReply(f"the JSON does not follow its schema: {said}", code="OUTPUT_SCHEMA")
    return value


def _parsed(reply: Reply) -> Any:
    try:
        return json.loads(reply.text)
    except (ValueError, RecursionError) as failure:
        code = "OUTPUT_TRUNCATED" if reply.done_reason == "length" else shape(reply.text)
        mended = None if code == "OUTPUT_TRUNCATED" else _mended(reply.text)
        if mended is None:
            raise BadReply(f"the reply is not JSON ({failure})", code=code) from failure
        return mended


def _mended(text: str) -> Any:
    """Prose or a fence around it, single quotes, a missing comma: the form is wrong, the content is there."""
    fenced = FENCE.search(text)
    inside = fenced.group(1) if fenced else text
    starts = [at for at in (inside.find("{"), inside.find("[")) if at >= 0]
    if not starts:
        return None
    inside = inside[min(starts) :]
    try:
        value: Any = json.JSONDecoder().raw_decode(inside)[0]
    except (ValueError, RecursionError):
        if len(inside) > MENDED:
            return None
        import json_repair

        value = json_repair.loads(inside)
    return value if isinstance(value, (dict, list)) and value else None


@lru_cache(maxsize=128)
def _validator(schema: str) -> Any:
    import jsonschema

    wanted = json.loads(schema)
    return jsonschema.validators.validator_for(wanted, default=jsonschema.Draft202012Validator)(wanted)


def violation(value: Any, schema: Mapping[str, Any]) -> str:
    """What the value breaks in the schema, and where; nothing when it follows it."""
    import jsonschema

    error = jsonschema.exceptions.best_match(_validator(json.dumps(schema)).iter_errors(value))
    if error is None:
        return ""
    place = "/".join(map(str, error.absolute_path))
    return f"{place}: {error.message[:200]}" if place else str(error.message[:200])
