"""One step of growing a graph: it looks at grades and builds graphs, which only the engine can."""

from typing import ClassVar, Literal

from pydantic import Field

from tinyllm.errors import UsageError
from tinyllm.kinds import Node, node
from tinyllm.services import Services
from tinyllm.state import END, Goto, State


class Growth(Node):
    """A step of the graph `growth`."""

    exit_fields: ClassVar[tuple[str, ...]] = ("to", "nothing")

    kind: Literal["growth"] = "growth"
    step: Literal["watch", "diagnose", "propose", "test", "decide"] = Field(description="What is done here.")
    nothing: str = Field(default=END, description="Where to go when there is nothing left to do.")

    def models(self) -> tuple[str, ...]:
        return ("",)  # those of the graph that grows: its calls are kept step by step


@node
async def growth(config: Growth, state: State, services: Services) -> Goto:
    """One step of growing a graph: it looks at grades and builds graphs, which only the engine can."""
    if services.growing is None:
        raise UsageError(
            "this step belongs to a graph that grows another one",
            hint="`tinyllm growth run` begins a round; one that is over cannot be replayed",
            where=config.id,
            code="NO_GROWTH_HERE",
        )
    goes_on, value = await services.growing(config.step, state)
    return Goto(config.to if goes_on else config.nothing, value)
