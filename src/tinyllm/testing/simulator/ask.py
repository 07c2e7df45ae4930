"""What a request for an answer says, checked as the server checks it."""

import json
from dataclasses import dataclass
from typing import Any

from tinyllm.testing.simulator.gojson import complaint, duration, kind, quoted
from tinyllm.testing.simulator.http import JSON

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "model": (str, "string"),
    "name": (str, "string"),
    "prompt": (str, "string"),
    "suffix": (str, "string"),
    "system": (str, "string"),
    "template": (str, "string"),
    "messages": (list, "[]api.Message"),
    "tools": (list, "api.Tools"),
    "images": (list, "[]api.ImageData"),
    "context": (list, "[]int"),
    "options": (dict, "map[string]interface {}"),
    "stream": (bool, "bool"),
    "raw": (bool, "bool"),
    "truncate": (bool, "bool"),
    "shift": (bool, "bool"),
    "logprobs": (bool, "bool"),
    "top_logprobs": (int, "int"),
    "dimensions": (int, "int"),
    "verbose": (bool, "bool"),
    "source": (str, "string"),
    "destination": (str, "string"),
}
_INTEGERS = [
    "num_keep",
    "seed",
    "num_predict",
    "top_k",
    "repeat_last_n",
    "num_ctx",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "num_thread",
    "draft_num_predict",
]
_FLOATS = [
    "top_p",
    "min_p",
    "typical_p",
    "temperature",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
]
_LEVELS = ("high", "medium", "low", "max")
_LEVELS_TEXT = '"high", "medium", "low", "max", true, or false'
FOREVER = float("inf")
DEFAULT_KEEP_ALIVE = 300.0


class Refusal(Exception):
    """The server says no, with a status and a message."""

    def __init__(self, status: int, message: str, kind: str = JSON) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for an answer; `messages` is also how a prompt for generate looks."""

    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]
    format: Any
    options: dict[str, Any]
    think: bool | str | None
    keep_alive: float
    stream: bool
    truncate: bool
    shift: bool
    logprobs: bool
    top_logprobs: int


def read_body(raw: bytes, where: str) -> dict[str, Any]:
    """The JSON object of a request, refused in the words of Go's decoder."""
    if not raw.strip():
        raise Refusal(400, "missing request body")
    try:
        body = json.loads(raw, parse_constant=_refuse_constant)
    except ValueError as failure:
        raise Refusal(400, complaint(raw, failure)) from failure
    except RecursionError as failure:
        raise Refusal(400, "exceeded max depth") from failure
    if not isinstance(body, dict):
        raise Refusal(400, f"json: cannot unmarshal {kind(body)} into Go value of type api.{where}")
    for name, value in body.items():
        _check(name, value, where)
    return {name: value for name, value in body.items() if value is not None}


def _refuse_constant(name: str) -> None:
    raise Refusal(400, f"invalid character '{name[0]}' looking for beginning of value")


def _check(name: str, value: Any, where: str) -> None:
    wanted, go = _TYPES.get(name, (object, ""))
    wrong = value is not None and (
        not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))
    )
    if wrong:
        raise _mismatch(value, f"{where}.{name}", go)


def _mismatch(value: Any, field: str, go: str) -> Refusal:
    return Refusal(400, f"json: cannot unmarshal {kind(value)} into Go struct field {field} of type {go}")


def read_ask(body: dict[str, Any], *, chat: bool) -> Ask:
    """What is asked for, from a body whose fields have their types."""
    if not 0 <= body.get("top_logprobs", 0) <= 20:
        raise Refusal(400, "top_logprobs must be between 0 and 20")
    options = body.get("options", {})
    return Ask(
        messages=_messages(body) if chat else _prompt(body),
        tools=_tools(body) if chat else (),
        format=body.get("format"),
        options={name: value for name, value in options.items() if value is not None},
        think=_think(body.get("think")),
        keep_alive=read_keep_alive(body),
        stream=body.get("stream", True),
        truncate=body.get("truncate", True),
        shift=body.get("shift", True),
        logprobs=body.get("logprobs", False),
        top_logprobs=body.get("top_logprobs", 0),
    )


def _messages(body: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    found: list[dict[str, Any]] = []
    for message in body.get("messages", ()):
        if not isinstance(message, dict):
            raise _mismatch(message, "ChatRequest.messages", "api.Message")
        content = message.get("content")
        if content is not None and not isinstance(content, str):
            raise _mismatch(content, "ChatRequest.messages.content", "string")
        _check_calls(message.get("tool_calls"))
        found.append({**message, "role": str(message.get("role", "")).lower(), "content": content or ""})
    return tuple(found)


def _check_calls(calls: Any) -> None:
    if calls is not None and not isinstance(calls, list):
        raise _mismatch(calls, "ChatRequest.messages.tool_calls", "[]api.ToolCall")
    for call in calls or ():
        function = call.get("function", {}) if isinstance(call, dict) else call
        if not isinstance(function, dict):
            raise _mismatch(function, "ChatRequest.messages.tool_calls.function", "api.ToolCallFunction")
        arguments = function.get("arguments", {})
        if not isinstance(arguments, dict):
            text = f"json: cannot unmarshal {kind(arguments)} into Go value of type map[string]interface {{}}"
            raise Refusal(400, text)


def _tools(body: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    for tool in body.get("tools", ()):
        function = tool.get("function", {}) if isinstance(tool, dict) else tool
        if not isinstance(function, dict):
            raise _mismatch(function, "ChatRequest.tools", "api.Tool")
    return tuple(body.get("tools", ()))


def _prompt(body: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    if body.get("raw") and any(body.get(name) for name in ("template", "system", "context")):
        raise Refusal(400, "raw mode does not support template, system, or context")
    if not body.get("prompt"):
        return ()
    system = ({"role": "system", "content": body["system"]},) if body.get("system") else ()
    return (*system, {"role": "user", "content": body["prompt"]})


def _think(value: Any) -> bool | str | None:
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise Refusal(400, f"think must be a boolean or string ({_LEVELS_TEXT})")
    if value not in _LEVELS:
        raise Refusal(400, f"invalid think value: {quoted(value)} (must be {_LEVELS_TEXT})")
    return value


def read_keep_alive(body: dict[str, Any]) -> float:
    """How many seconds a model stays after its last answer."""
    value = body.get("keep_alive", DEFAULT_KEEP_ALIVE)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        name = {bool: "bool", list: "[]interface {}"}.get(type(value), "map[string]interface {}")
        raise Refusal(400, f"Unsupported type: '{name}'")
    seconds = duration(value) if isinstance(value, str) else float(value)
    if seconds is None:
        raise Refusal(400, f"time: invalid duration {quoted(str(value))}")
    return FOREVER if seconds < 0 else seconds


def check_options(options: dict[str, Any]) -> None:
    """Wrong types are an error of the server (500), unknown names are nothing."""
    for name, value in options.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in _INTEGERS and not number:
            raise Refusal(500, f'option "{name}" must be of type integer')
        if name in _FLOATS and not number:
            raise Refusal(500, f'option "{name}" must be of type float32')
        if name == "use_mmap" and not isinstance(value, bool):
            raise Refusal(500, f'option "{name}" must be of type boolean')
        if name == "stop" and not isinstance(value, list):
            raise Refusal(500, f'option "{name}" must be of type array')
        if name == "stop" and not all(isinstance(each, str) for each in value):
            raise Refusal(500, f'option "{name}" must be of an array of strings')


def check_format(value: Any, *, stream: bool) -> None:
    """Only "json" and a schema are formats; a schema that is none is refused by the engine underneath."""
    if value in (None, "", "json"):
        return
    if not isinstance(value, dict):
        shown = quoted(json.dumps(value))
        text = f'invalid format: {shown}; expected "json" or a valid JSON Schema object'
        raise Refusal(500, text, "application/json" if stream else JSON)
    if not isinstance(value.get("type", ""), str | list) or not isinstance(value.get("properties", {}), dict):
        inner = {
            "error": {
                "code": 400,
                "message": "Unable to generate parser for this template: the schema is not valid",
                "type": "invalid_request_error",
            }
        }
        raise Refusal(400, json.dumps(inner, separators=(",", ":")))
