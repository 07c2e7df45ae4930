"""One span, and the names that others know its facts by: OpenInference's, and OpenTelemetry's for generative AI."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tinyllm.plain import as_text, plain
from tinyllm.redaction import hidden, known_secrets

Kind = Literal["AGENT", "CHAIN", "LLM", "TOOL", "EVALUATOR"]
PROVIDER = "ollama"
LONGEST = 20_000  # characters of one content
# What an event says beside its name, when contents are not wanted: none of these is a text that somebody wrote.
FACTS = (
    "model", "host", "target", "was", "now", "code", "seconds", "place", "before", "hit", "shared", "check", "number", "step",
    "messages", "tokens",
)  # fmt: skip


def new_id() -> int:
    return secrets.randbits(64) or 1


@dataclass
class Span:
    """One piece of work of a run: from when to when, inside which other."""

    name: str
    kind: Kind
    id: int
    parent: int
    start: float
    end: float
    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, float, dict[str, Any]]] = field(default_factory=list)
    failed: str = ""  # the code of the failure
    because: str = ""  # its message, where contents are wanted

    def fails(self, failure: Mapping[str, Any], *, content: bool) -> None:
        self.failed = str(failure.get("code") or "FAILED")
        self.because = told(failure.get("message", "")) if content else ""
        self.attributes["error.type"] = self.failed


def told(value: Any) -> str:
    """A content as text, without its secrets."""
    return as_text(hidden(plain(value), known_secrets()))[:LONGEST]


def facts(data: Mapping[str, Any]) -> dict[str, Any]:
    """What may be said of an event to anybody."""
    return {key: data[key] for key in FACTS if isinstance(data.get(key), (str, int, float))}


def of_run(run: str, thread: str, graph: str) -> dict[str, Any]:
    return {
        "tinyllm.run": run,
        "tinyllm.graph": graph,
        "session.id": thread,
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.agent.name": graph,
        "gen_ai.conversation.id": thread,
    }


def of_node(node: str, data: Mapping[str, Any]) -> dict[str, Any]:
    exits = [str(each) for each in data.get("exits", ())]
    said = {"tinyllm.kind": data.get("kind") or data.get("step"), "tinyllm.visit": data.get("visit")}
    return {"graph.node.id": node, "tinyllm.exits": exits, **{k: v for k, v in said.items() if v is not None}}


def of_call(data: Mapping[str, Any]) -> dict[str, Any]:
    read, wrote = int(data.get("tokens_in") or 0), int(data.get("tokens_out") or 0)
    return {
        "llm.model_name": str(data["model"]),
        "llm.provider": PROVIDER,
        "llm.token_count.prompt": read,
        "llm.token_count.completion": wrote,
        "llm.token_count.total": read + wrote,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.request.model": str(data["model"]),
        "gen_ai.response.model": str(data["model"]),
        "gen_ai.usage.input_tokens": read,
        "gen_ai.usage.output_tokens": wrote,
        "gen_ai.response.finish_reasons": [str(data["done_reason"])] if data.get("done_reason") else [],
    }


def of_failed_call(data: Mapping[str, Any]) -> dict[str, Any]:
    model = str(data["model"])
    return {
        "llm.model_name": model,
        "llm.provider": PROVIDER,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.request.model": model,
    }


def of_tool(data: Mapping[str, Any]) -> dict[str, Any]:
    name = str(data["tool"])
    return {
        "tool.name": name,
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.type": "function",
    }


def spoken(messages: Sequence[Mapping[str, Any]], answer: str) -> dict[str, Any]:
    """The contents of a call."""
    shown = hidden(
        plain(list(messages)), known_secrets()
    )  # before it is JSON: quotes are no longer quotes there
    found: dict[str, Any] = {
        "input.value": json.dumps(shown, ensure_ascii=False)[:LONGEST],
        "input.mime_type": "application/json",
        "output.value": told(answer),
        "output.mime_type": "text/plain",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": told(answer),
    }
    for number, message in enumerate(messages):
        found[f"llm.input_messages.{number}.message.role"] = str(message.get("role", ""))
        found[f"llm.input_messages.{number}.message.content"] = told(message.get("content", ""))
    return found
