"""A compiled graph and the way into it: who answers is found out before the first step, which then is written once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from tinyllm.fuse import Fused, Step, added, leads
from tinyllm.joins import Joins
from tinyllm.spec import GraphSpec
from tinyllm.state import END, RESERVED, TO, State

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

OPENING = ("solve", "router")
WAITING = "__interrupt__"


def opening(spec: GraphSpec, joins: Joins) -> tuple[str, ...]:
    """The solvers and routers that a run begins with."""
    found: list[str] = []
    waiting = [spec.first]
    while waiting:
        id = waiting.pop()
        if id in found or id in RESERVED or spec.nodes[id].kind not in OPENING or joins.waits(id):
            continue
        found.append(id)
        waiting.extend(spec.nodes[id].exits())
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run is carried by: LangGraph's machine, entered where somebody has to answer."""

    graph: "CompiledStateGraph[Any, Any, Any, Any]"
    begin: Step
    first: str
    opens: Fused  # what a run may begin with

    def __post_init__(self) -> None:
        channels = [*self.graph.builder.schemas[State], *(f"{TO}{id}" for id in self.graph.builder.nodes)]
        self.graph.input_channels = channels

    async def ainvoke(self, given: Any, config: Any, **options: Any) -> dict[str, Any]:
        """Carry a run to its end, or to where it waits; given its inputs it begins, else it goes on."""
        state: dict[str, Any] = {}
        if isinstance(given, dict):
            given = state = await self._opened(cast("State", given))
        asked: list[Any] = []
        async for state in self.graph.astream(given, config, stream_mode="values", **options):
            asked += state.pop(WAITING, ())
        return {**state, WAITING: asked} if asked else state

    async def _opened(self, given: State) -> dict[str, Any]:
        """The state when somebody has to answer, and who: the nodes until then cost nothing to repeat."""
        whole = dict(await self.begin(given))
        ways: tuple[str, ...] = (self.first,)
        if self.first in self.opens.steps:
            update = await self.opens(cast("State", whole))
            whole, ways = added(whole, update), leads(update)
        return {**whole, **{f"{TO}{id}": None for id in ways if id != END}}
