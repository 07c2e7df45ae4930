"""Run the tool calls that a specialist asked for, and give it the results."""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from tinyllm.errors import TinyError
from tinyllm.kinds import Node, node
from tinyllm.nodes.approval import approval
from tinyllm.policy import Approvals, Context, met
from tinyllm.services import NOBODY, Services
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
    calls = chatter[-1]["tool_calls"]
    seen = services.tools.matching(config.tools)
    context = replace(services.context(config.allow, state), met=_met(state, chatter))

    async def go_on(approvals: Approvals = NOBODY) -> Goto:
        results: list[Message] = []
        for call in calls:
            text = _repeated(call, chatter[:-1]) or await _result(call, seen, services, context, approvals)
            results.append({"role": "tool", "name": call["name"], "call": call["id"], "content": text})
        return Goto(config.to, scratch={config.of: [*chatter, *results]})

    asks = [
        (ask, call["args"])
        for call in calls
        if call["name"] in seen.tools and not _repeated(call, chatter[:-1])
        if (ask := services.asks(call["name"], call["args"], context))
    ]
    if asks:
        raise approval(asks, go_on)
    return await go_on()


async def _result(
    call: Message, seen: Toolbox, services: Services, context: Context, approvals: Approvals
) -> str:
    """The result as text; a failure is text as well, and says what to do next."""
    try:
        seen.get(call["name"])
        return (await services.call(call["name"], call["args"], context, approvals)).text
    except TinyError as failure:
        if failure.kind == "cancelled":
            raise
        return f"error: {failure.message}" + (f"\ntry: {failure.hint}" if failure.hint else "")


def _met(state: State, chatter: list[Message]) -> tuple[str, ...]:
    """What was said to the model, by people and tools: an address that stands in none of it, it made up."""
    said = [*state.get("messages", ()), *chatter]
    texts = [str(each.get("content", "")) for each in said if each.get("role") in ("user", "tool")]
    return (*met(), str(state.get("inputs", {}).get("question", "")), *texts)


def _repeated(call: Message, before: list[Message]) -> str:
    """A small model that repeats a call verbatim gets told, not served."""
    for message in before:
        for earlier in message.get("tool_calls", ()):
            if (earlier["name"], earlier["args"]) == (call["name"], call["args"]):
                return "You made this very call before; its result is above. Use it, or call something else."
    return ""
