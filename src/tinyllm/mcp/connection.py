"""A connection to a foreign server: begun with the first call, ended with whoever began it, and begun anew when it broke."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tinyllm.errors import Permanent, Retryable, TinyError
from tinyllm.mcp.cleaning import line
from tinyllm.mcp.declared import Server
from tinyllm.toolkit import need

if TYPE_CHECKING:
    from mcp import Client

BEGIN = 30.0  # seconds in which a server must be there
PAGES = 20  # of its list of tools


@dataclass
class Connection:
    """One server, for one event loop. The task that opens it closes it, as its library wants."""

    server: Server
    _client: "asyncio.Future[Client] | None" = None
    _keeper: "asyncio.Task[None] | None" = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        """What it gave, as plain data or text; what it calls a failure is one."""
        client = await self._open()
        from mcp import MCPError
        from mcp.types import CONNECTION_CLOSED

        try:
            result = await client.call_tool(tool, dict(arguments))
        except (MCPError, OSError) as failure:
            if isinstance(failure, OSError) or failure.code == CONNECTION_CLOSED:
                self._over.set()  # the next call begins it anew
                self._client = None
            raise self._broke(failure) from failure
        text = "\n".join(map(_text, result.content))
        if result.is_error:
            raise Permanent(f"{self.server.name} says: {line(text, 500)}", hint="try it another way")
        return _unwrapped(result.structured_content, text)

    async def tools(self) -> list[dict[str, Any]]:
        """What it says of its tools, as it says it."""
        client = await self._open()
        from mcp import MCPError

        try:
            async with asyncio.timeout(BEGIN):
                return await _listed(client)
        except (MCPError, OSError, ValueError) as failure:
            self._over.set()  # nothing is asked of it in this state
            self._client = None
            raise self._broke(failure, "it did not list its tools") from failure

    async def aclose(self) -> None:
        self._over.set()
        if self._keeper is not None:
            await asyncio.gather(self._keeper, return_exceptions=True)
        self._client = self._keeper = None

    async def _open(self) -> "Client":
        if self._client is None or (self._keeper is not None and self._keeper.done()):
            self._over = asyncio.Event()
            self._client = asyncio.get_running_loop().create_future()
            self._keeper = asyncio.create_task(self._kept(self._client))
        # Several may wait for it, and one that is cancelled must not take it from the others.
        return await asyncio.shield(self._client)

    async def _kept(self, begun: "asyncio.Future[Client]") -> None:
        try:
            async with asyncio.timeout(BEGIN) as beginning, opened(self.server) as client:
                beginning.reschedule(None)
                begun.set_result(client)
                await self._over.wait()
        except (OSError, ExceptionGroup, TimeoutError, TinyError, RuntimeError, ValueError) as failure:
            self._told(begun, failure)
        except asyncio.CancelledError:
            if not begun.done():
                begun.cancel()
            raise

    def _told(self, begun: "asyncio.Future[Client]", failure: Exception) -> None:
        if not begun.done():
            named = failure if isinstance(failure, TinyError) else self._broke(failure)
            begun.set_exception(named)
            begun.exception()  # it is heard by whoever waits; where nobody does, nobody needs to

    def _broke(self, failure: Exception, late: str = "it was not there") -> TinyError:
        while isinstance(failure, ExceptionGroup):
            failure = failure.exceptions[0]
        if isinstance(failure, TimeoutError):
            failure = TimeoutError(f"{late} within {BEGIN:g} s")
        unread = isinstance(failure, ValueError)  # many lines about the types of our library
        said = "its answer is none" if unread else line(failure, 300) or type(failure).__name__
        return Retryable(
            f"the MCP server {self.server.name} cannot be used: {said}",
            hint=f"see for yourself: {line(self.server.where, 200)}",
            where=self.server.name,
            code="MCP_SERVER_FAILED",
            breaker=False,
        )


async def _listed(client: "Client") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(PAGES):
        page = await client.list_tools(cursor=cursor)
        found += [
            {"name": each.name, "description": each.description, "schema": each.input_schema}
            for each in page.tools
        ]
        if not (cursor := page.next_cursor):
            break
    return found


@asynccontextmanager
async def opened(server: Server) -> "AsyncIterator[Client]":
    """The official client, with no more of our environment than a program needs to run."""
    need("mcp", extra="mcp")
    quiet()
    from mcp import Client, MCPError, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    given = {name: _variable(server, name) for name in server.env}
    try:
        if server.url:
            headers = (
                {"Authorization": f"Bearer {_variable(server, server.bearer)}"} if server.bearer else None
            )
            async with (
                create_mcp_http_client(headers) as http,
                Client(streamable_http_client(server.url, http_client=http)) as client,
            ):
                yield client
            return
        program, *arguments = server.command
        started = StdioServerParameters(command=program, args=arguments, env=given)
        with _nowhere() as nowhere:
            async with Client(stdio_client(started, errlog=nowhere)) as client:
                yield client
    except MCPError as failure:
        raise Retryable(
            f"the MCP server {server.name} cannot be used: {line(failure, 300)}",
            hint=f"is it an MCP server? See for yourself: {line(server.where, 200)}",
            where=server.name,
            code="MCP_SERVER_FAILED",
            breaker=False,
        ) from failure


def quiet() -> None:
    """What the library would write to a terminal nobody asked for; a program that wants its log can have it."""
    for name in ("mcp", "client"):  # it uses both
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
            logger.propagate = False


def _nowhere() -> TextIO:
    """What a server says beside its messages is not for our terminal."""
    return Path(os.devnull).open("w", encoding="utf-8")


def _variable(server: Server, name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise Permanent(
            f"the MCP server {server.name} needs the variable {name}",
            hint=f"export {name}=…",
            code="MCP_NOT_SET",
        )
    return value


def _unwrapped(data: Any, text: str) -> Any:
    """The data where there is some; what is not an object travels in one that has nothing else."""
    if data is None:
        return text
    return data["result"] if isinstance(data, dict) and set(data) == {"result"} else data


def _text(block: Any) -> str:
    """Text as it is; of anything else, that it is there."""
    if getattr(block, "type", "") == "text":
        return str(block.text)
    resource = getattr(block, "resource", None)
    if resource is not None and isinstance(getattr(resource, "text", None), str):
        return str(resource.text)
    kind = line(getattr(block, "mime_type", "") or getattr(block, "type", "") or type(block).__name__, 80)
    return f"[{kind}: not text, left out]"
