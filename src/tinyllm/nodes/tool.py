"""Call one tool, with arguments from the graph."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from tinyllm.kinds import Node, node
from tinyllm.nodes.approval import approval
from tinyllm.policy import Approvals
from tinyllm.services import NOBODY, Services
from tinyllm.state import State
from tinyllm.texts import filled


class ToolNode(Node):
    """One tool call, decided by the graph and not by a model."""

    texts: ClassVar[dict[str, str]] = {"args": "argument"}

    kind: Literal["tool"] = "tool"
    tool: str = Field(description="The tool's name, such as calc_evaluate.")
    args: dict[str, Any] = Field(default_factory=dict, description="Its arguments; texts are templates.")
    allow: tuple[str, ...] = Field(default=(), description="Tools that may run here without asking.")

    def tool_patterns(self) -> tuple[str, ...]:
        return (self.tool,)


@node
async def tool(config: ToolNode, state: State, services: Services) -> Any:
    """Call one tool, with arguments from the graph."""
    arguments = filled(config.args, state, config.id)
    context = services.context(config.allow, state)

    async def call(approvals: Approvals = NOBODY) -> Any:
        return (await services.call(config.tool, arguments, context, approvals)).data

    if ask := services.asks(config.tool, arguments, context):
        raise approval([(ask, arguments)], call)
    return await call()
