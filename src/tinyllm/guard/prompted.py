"""Tools for models that have none: described in words, called in JSON that the server enforces."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tinyllm.errors import BadReply
from tinyllm.guard.reading import read_json
from tinyllm.models import Ask, Reply
from tinyllm.state import Message
from tinyllm.texts import prompt


def prompted(ask: Ask) -> Ask:
    """The same request for a model without tool support."""
    tools = [tool["function"] for tool in ask.tools]
    described = "\n".join(
        f"- {tool['name']}({', '.join(tool['parameters'].get('properties', {}))}): {tool['description']}"
        for tool in tools
    )
    how: Message = {"role": "system", "content": prompt("tools.md").render({"tools": described})}
    schema = _schema(tools, ask.schema or {"type": "string"})
    return replace(ask, messages=[how, *map(_in_words, ask.messages)], tools=(), schema=schema, token=None)


def _schema(tools: Sequence[Mapping[str, Any]], answer: Mapping[str, Any]) -> dict[str, Any]:
    forms: list[dict[str, Any]] = [
        {
            "type": "object",
            "properties": {"tool": {"const": tool["name"]}, "arguments": tool["parameters"]},
            "required": ["tool", "arguments"],
        }
        for tool in tools
    ]
    forms.append({"type": "object", "properties": {"answer": dict(answer)}, "required": ["answer"]})
    return {"anyOf": forms}


def _in_words(message: Message) -> Message:
    """Earlier calls and their results, as such a model wrote and read them."""
    if message["role"] == "tool":
        return {"role": "user", "content": f"Result of {message.get('name')}:\n{message['content']}"}
    if message.get("tool_calls"):
        said = [{"tool": call["name"], "arguments": call["args"]} for call in message["tool_calls"]]
        return {"role": "assistant", "content": "\n".join(map(json.dumps, said))}
    return message


def understood(reply: Reply, asked: Ask) -> Reply:
    """What the reply of such a model means: a call, or the answer."""
    value = read_json(reply, asked.schema or {})
    if "tool" not in value:
        answer = value["answer"]
        return replace(reply, text=answer if isinstance(answer, str) else json.dumps(answer))
    call = {"id": "call_0", "name": str(value["tool"]), "args": value.get("arguments") or {}}
    return replace(reply, text="", tool_calls=(call,))


def called(reply: Reply, ask: Ask) -> Reply:
    """The calls of a model that can make them; an invented tool is told to it, with those that there are."""
    reply = _recovered(reply, ask)
    names = [tool["function"]["name"] for tool in ask.tools]
    for call in reply.tool_calls:
        if call["name"] not in names:
            there = f"the tools are {', '.join(names)}" if names else "there are no tools"
            raise BadReply(f"there is no tool {call['name']!r}; {there}", code="TOOL_UNKNOWN")
    return reply


def _recovered(reply: Reply, ask: Ask) -> Reply:
    """A call that a model wrote as text, although it could have made it."""
    names = [tool["function"]["name"] for tool in ask.tools]
    text = reply.text.strip()
    if reply.tool_calls or not names or not any(name in text for name in names) or "{" not in text:
        return reply
    try:
        value = read_json(reply, {"type": "object", "required": ["name"]})
    except BadReply:
        return reply
    arguments = value.get("arguments", value.get("parameters"))
    if value["name"] not in names or not isinstance(arguments, dict):
        return reply
    return replace(reply, text="", tool_calls=({"id": "call_0", "name": value["name"], "args": arguments},))
