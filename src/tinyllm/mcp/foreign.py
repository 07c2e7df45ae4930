"""The tools of foreign servers as tools of ours: same wrapper, same policy, and never believed."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tinyllm.errors import BadReply, Permanent, Retryable
from tinyllm.mcp import cleaning
from tinyllm.mcp.connection import Connection
from tinyllm.mcp.declared import Server, servers
from tinyllm.settings import Settings
from tinyllm.toolkit import Tool

SECONDS = 60.0


@dataclass(frozen=True)
class Foreign(Tool):
    """A tool whose arguments are a schema that its server sent, and whose words are not ours."""

    said: str = ""
    takes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def doc(self) -> str:
        return self.said

    @cached_property
    def parameters(self) -> dict[str, Any]:
        return dict(self.takes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.takes["properties"])

    def read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as the schema has them, or an error that a small model can act on."""
        from jsonschema import Draft202012Validator

        checker = Draft202012Validator(self.takes)
        given = dict(arguments)
        wrong = list(checker.iter_errors(given))
        if wrong:  # small models, and people on a command line, write numbers and lists as text
            names = {fault.absolute_path[0] for fault in wrong if fault.absolute_path}
            given = {name: _unpacked(each) if name in names else each for name, each in given.items()}
            wrong = list(checker.iter_errors(given))
        if wrong:
            said = "; ".join(cleaning.line(fault.message, 160) for fault in wrong[:5])
            raise BadReply(
                f"{self.name} cannot be called like this: {said}",
                hint=f"call it with {self.signature}",
                code="TOOL_ARGS_INVALID",
            )
        return given


@dataclass
class Connections:
    """The connections of one toolbox: one to each server and event loop, begun when a tool is first called."""

    open: dict[tuple[str, int], Connection] = field(default_factory=dict)
    checked: set[tuple[str, int]] = field(default_factory=set)

    async def call(self, server: Server, tool: Mapping[str, Any], arguments: Mapping[str, Any]) -> Any:
        key = (server.name, id(asyncio.get_running_loop()))
        connection = self.open.setdefault(key, Connection(server))
        if key not in self.checked:
            now, _ = cleaning.listed(server.name, list(await connection.tools()))
            self._compare(server, tool, now)
            if all(each in now for each in server.tools):
                self.checked.add(key)
        try:
            return await connection.call(str(tool["name"]), arguments)
        except Retryable:
            self.checked.discard(key)  # what is begun anew may be another program
            raise

    def _compare(self, server: Server, tool: Mapping[str, Any], now: list[dict[str, Any]]) -> None:
        """A person saw what the server said of its tool: another description is another tool."""
        if dict(tool) not in now:
            raise Permanent(
                f"{cleaning.tool_name(server.name, str(tool['name']))} is not what it was when {server.name} was added",
                hint=f"look at it, and take it over: tinyllm tools mcp test {server.name} --accept",
                code="MCP_TOOL_CHANGED",
            )

    async def aclose(self) -> None:
        here = id(asyncio.get_running_loop())
        for key in [key for key in self.open if key[1] == here]:
            await self.open.pop(key).aclose()
            self.checked.discard(key)


def foreign(settings: Settings, ours: Collection[str]) -> tuple[list[Tool], Callable[[], Any]]:
    """Every tool of every declared server, none in the place of one of ours; and what ends their connections."""
    connections = Connections()
    tools = [
        _tool(server, tool, connections)
        for server, _ in servers(settings).values()
        if not shadows(server.name, ours)
        for tool in server.tools
    ]
    return list({tool.name: tool for tool in reversed(tools)}.values())[::-1], connections.aclose


def shadows(name: str, ours: Collection[str]) -> bool:
    """Its tools would be named like ours."""
    return any(each.startswith(f"{name}_") for each in ours)


def _tool(server: Server, tool: Mapping[str, Any], connections: Connections) -> Tool:
    async def run(**given: Any) -> Any:
        return await connections.call(server, tool, given)

    name = cleaning.tool_name(server.name, str(tool["name"]))
    effect = server.effect(str(tool["name"]))
    # Cleaned again: the file is not a place where anything is believed either.
    takes = cleaning.schema(tool["schema"]) or {
        "type": "object",
        "properties": {},
        "additionalProperties": False,
    }
    # What only looks may look again after it was heard: see the policy on words of strangers.
    return Foreign(
        name, run, effect, "net" if effect == "read" else "remote", "mcp", untrusted=True, seconds=SECONDS,
        said=cleaning.described(tool["description"]), takes=takes,
    )  # fmt: skip


def _unpacked(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
