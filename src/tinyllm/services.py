"""What a node may use, in one frozen value; and the one wrapper around a tool call."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyllm.clock import CLOCK, Clock
from tinyllm.effects import perform
from tinyllm.errors import Permanent, TinyError, classify
from tinyllm.guard import Guard
from tinyllm.plain import plain
from tinyllm.running import emit, time_left
from tinyllm.settings import Settings
from tinyllm.toolkit import Tool, Toolbox

SHOWN = 8_000  # characters of a result that a small model can read
TOOL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave: data for programs, text for models."""

    data: Any
    text: str


@dataclass(frozen=True, slots=True)
class Services:
    """Models behind the guard, tools behind the policy, and the clock."""

    settings: Settings
    guard: Guard
    tools: Toolbox = field(default_factory=Toolbox)
    allow: tuple[str, ...] = ()
    clock: Clock = CLOCK

    async def call(self, name: str, arguments: Mapping[str, Any], allow: tuple[str, ...] = ()) -> Result:
        """Call a tool: arguments, allow-list, deadline, cut output, failures with a name."""
        tool = self.tools.get(name)
        given = tool.read(arguments)
        self._permit(tool, allow)

        async def do(_key: str) -> Any:
            async with asyncio.timeout(time_left(TOOL_SECONDS)):
                return plain(await tool.run(**given))

        try:
            data = await perform(name, tool.effect, plain(dict(arguments)), do)
        except TinyError as failure:
            emit("tool", tool=name, arguments=dict(arguments), failure=failure.as_dict())
            raise failure.at(name) from failure.__cause__
        except Exception as failure:
            named = classify(failure, op=name)
            emit("tool", tool=name, arguments=dict(arguments), failure=named.as_dict())
            raise named.at(name) from failure
        emit("tool", tool=name, arguments=dict(arguments))
        return Result(data, shown(data))

    def _permit(self, tool: Tool, allow: tuple[str, ...]) -> None:
        """Unasked, a tool may only look at what is here; anything else must be on an allow-list."""
        harmless = tool.effect in ("pure", "read") and tool.reach in ("none", "workspace")
        if harmless or self.tools.allows((*self.allow, *self.settings.allow, *allow), tool.name):
            return
        raise Permanent(
            f"{tool.name} was not allowed to run",
            hint=f"add {tool.name!r} to `allow:` in the graph, or to `allow` in the settings",
            code="TOOL_NOT_ALLOWED",
        )


def shown(data: Any) -> str:
    """A result as a model reads it: text, cut with a note."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, default=str)
    if len(text) <= SHOWN:
        return text
    return f"{text[:SHOWN]}\n[cut: {len(text) - SHOWN} more characters; ask for less]"
