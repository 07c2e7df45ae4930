"""Run the tool calls that a specialist asked for, and give it the results."""

from typing import ClassVar, Literal

from pydantic import Field

from tinyllm.errors import TinyError
from tinyllm.kinds import Node, node
from tinyllm.services import Services
from tinyllm.state import Goto, Message, State
from tinyllm.toolkit import Toolbox


class Use(Node):
    """The other half of a specialist with tools; made by expansion, never written in a file."""

    answers: ClassVar[bool] = False
    internal: ClassVar[bool] = True

    kind: Literal["use"] = "use"
    of: str = Field(default="", description="The specialist that asks for the calls.")
    tools: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


@node
async def use(config: Use, state: State, services: Services) -> Goto:
    """Run the tool calls that a specialist asked for, and give it the results."""
    chatter = state["scratch"][config.of]
    seen = services.tools.matching(config.tools)
    results: list[Message] = []
    for call in chatter[-1]["tool_calls"]:
        text = _repeated(call, chatter[:-1]) or await _result(config, call, seen, services)
        results.append({"role": "tool", "name": call["name"], "call": call["id"], "content": text})
    return Goto(config.to, scratch={config.of: [*chatter, *results]})


async def _result(config: Use, call: Message, seen: Toolbox, services: Services) -> str:
    """The result as text; a failure is text as well, and says what to do next."""
    try:
        seen.get(call["name"])
        return (await services.call(call["name"], call["args"], config.allow)).text
    except TinyError as failure:
        if failure.kind == "cancelled":
            raise
        return f"error: {failure.message}" + (f"\ntry: {failure.hint}" if failure.hint else "")


def _repeated(call: Message, before: list[Message]) -> str:
    """A small model that repeats a call verbatim gets told, not served."""
    for message in before:
        for earlier in message.get("tool_calls", ()):
            if (earlier["name"], earlier["args"]) == (call["name"], call["args"]):
                return "You made this very call before; its result is above. Use it, or call something else."
    return ""
