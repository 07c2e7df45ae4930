"""A population without a wire: its models as chat models of this process, as fast as a look-up."""

from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted
from tinyllm.testing.simulator.ask import Ask
from tinyllm.testing.simulator.crowd import Crowd
from tinyllm.testing.simulator.population import Population
from tinyllm.testing.simulator.request import Request

ROLES = {"human": "user", "ai": "assistant"}


def populated(population: Population) -> Callable[[str, Settings], Scripted]:
    """What `make` of an engine wants: a chat model by its name."""
    crowd = Crowd(population)

    def make(name: str, _: Settings) -> Scripted:
        model = population.models[name]

        def say(messages: list[BaseMessage], **kwargs: Any) -> AIMessage:
            said = tuple({"role": ROLES.get(m.type, m.type), "content": m.text} for m in messages)
            options = dict(kwargs.get("options") or {})
            ask = Ask(
                said, tuple(kwargs.get("tools") or ()), kwargs.get("format"), options, None, 0.0, False, True,
                True, False, 0,
            )  # fmt: skip
            request = Request(0, "POST", "/api/chat", {}, b"", 0.0, body={"model": name}, ask=ask)
            reply = crowd.said(request, model)
            calls = [
                {"name": call.name, "args": call.arguments, "id": f"call_{index}"}
                for index, call in enumerate(reply.tool_calls)
            ]
            return AIMessage(reply.text, tool_calls=calls)

        return Scripted(say, model=name)

    return make
