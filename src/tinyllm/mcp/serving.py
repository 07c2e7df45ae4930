"""Our tools for other programs: under the same policy, and each call a run that can be shown and taken back."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from tinyllm.errors import Permanent, TinyError
from tinyllm.mcp.connection import quiet
from tinyllm.policy import Ask, Context, harmless, listed, question
from tinyllm.services import Result, Services
from tinyllm.toolkit import Tool, need

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

ALLOW = {
    "type": "object",
    "properties": {"allow": {"type": "boolean", "title": "Allow it"}},
    "required": ["allow"],
}
MOST = 100  # questions that may be open at once


class Performed(Protocol):
    """How a call becomes a run."""

    async def __call__(
        self, name: str, arguments: Mapping[str, Any], context: Context, yes: Ask | None
    ) -> Result: ...


@dataclass
class Serving:
    """What other programs may call, and who is asked for a yes: the person at their end, if their program can."""

    services: Services
    perform: Performed
    allow: tuple[str, ...] = ()
    only: tuple[str, ...] = ("*",)
    version: str = ""
    # What brought words of strangers to the other program, since this one began: they stay in its conversation.
    tainted: dict[str, None] = field(default_factory=dict)
    open: dict[str, str] = field(
        default_factory=dict
    )  # a question that was asked → the call that it was about

    def tools(self) -> list[Tool]:
        offered = self.services.tools.matching(self.only).tools.values()
        return [
            tool
            for tool in offered
            if not tool.missing and not listed(tool.name, self.services.settings.deny)
        ]

    def server(self) -> "Server[Any]":
        need("mcp", extra="mcp")
        quiet()
        from mcp import types
        from mcp.server.lowlevel import Server

        async def list_tools(_ctx: Any, _params: Any) -> types.ListToolsResult:
            return types.ListToolsResult(tools=[types.Tool(**_described(tool)) for tool in self.tools()])

        async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> Any:
            try:
                return await self._called(ctx, params)
            except TinyError as failure:
                said = failure.message + (f"\ntry: {failure.hint}" if failure.hint else "")
                return types.CallToolResult(
                    content=[types.TextContent(type="text", text=said)], is_error=True
                )

        return Server("tinyllm", version=self.version, on_list_tools=list_tools, on_call_tool=call_tool)

    async def _called(self, ctx: Any, params: Any) -> Any:
        from mcp import types

        arguments = params.arguments or {}
        tool = next((each for each in self.tools() if each.name == params.name), None)
        if tool is None:
            self.services.tools.matching(self.only).get(params.name)  # which says what there is
        context = replace(self.services.context(self.allow), tainted=tuple(self.tainted))
        ask = self.services.asks(params.name, arguments, context)
        if ask is not None:
            answered = await self._asked(ctx, params, ask, arguments)
            if isinstance(answered, types.InputRequiredResult):
                return answered
            if not answered:
                raise _refused(ask, asked=answered is not None)
        result = await self.perform(params.name, arguments, context, ask)
        structured = result.data if isinstance(result.data, dict) else None
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=result.text)], structured_content=structured
        )

    async def _asked(self, ctx: Any, params: Any, ask: Ask, arguments: Mapping[str, Any]) -> Any:
        """What the person at the other end said; None when nobody can be asked there."""
        from mcp import types

        can = ctx.session.client_capabilities
        if can is None or can.elicitation is None:
            return None
        shown = types.ElicitRequestFormParams(message=question([ask]), requested_schema=ALLOW)
        mark = json.dumps([ask.tool, ask.what, arguments], sort_keys=True, default=str)
        if not hasattr(types, "InputRequiredResult") or ctx.protocol_version < "2026":
            return _yes(
                await ctx.session.elicit_form(shown.message, ALLOW, related_request_id=ctx.request_id)
            )
        said = (params.input_responses or {}).get("allow")
        # What was asked is answered once, and the answer counts for the very call that was shown.
        if said is not None and self.open.pop(params.request_state or "", None) == mark:
            return _yes(said)
        state = secrets.token_urlsafe(16)
        self.open = {**dict(list(self.open.items())[-MOST + 1 :]), state: mark}
        return types.InputRequiredResult(
            input_requests={"allow": types.ElicitRequest(params=shown)}, request_state=state
        )


def _refused(ask: Ask, *, asked: bool) -> TinyError:
    if asked:
        return Permanent(
            f"{ask.tool} was not allowed to run: a person said no",
            hint="do not ask for it again; go on without it",
            code="TOOL_REFUSED",
        )
    return Permanent(
        f"{ask.tool} was not allowed to run: {ask.why}",
        hint=f"whoever serves it can allow it: tinyllm tools mcp serve --allow {ask.tool}",
        code="TOOL_NOT_ALLOWED",
    )


def _yes(said: Any) -> bool:
    return said.action == "accept" and (said.content or {}).get("allow") is True


def _described(tool: Tool) -> dict[str, Any]:
    """The annotations are hints for people; what may run is decided here."""
    reads = tool.effect in ("pure", "read")
    hints = {
        "readOnlyHint": reads,
        "destructiveHint": not reads,
        "idempotentHint": tool.effect in ("idempotent", "keyed") or reads,
        "openWorldHint": not harmless(tool),
    }
    return {"name": tool.name, "description": tool.doc, "inputSchema": tool.parameters, "annotations": hints}
