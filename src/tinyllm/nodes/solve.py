"""Answer exactly what can be proved without a model, and decline the rest."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from tinyllm.kinds import Node, node
from tinyllm.running import emit
from tinyllm.services import Services
from tinyllm.state import REFUSE, Goto, State


class Solve(Node):
    """An exact solver in front of the models."""

    exit_fields: ClassVar[tuple[str, ...]] = ("to", "declines")

    kind: Literal["solve"] = "solve"
    declines: str = Field(default=REFUSE, description="Where a question goes that cannot be proved.")


@node
async def solve(config: Solve, state: State, services: Services) -> Goto:
    """Answer exactly what can be proved without a model, and decline the rest."""
    from tinyllm import solvers

    files = [Path(name) for name in state["inputs"].get("attached", ())]
    found = await solvers.asolve(str(state["inputs"].get("question", "")), files)
    if found is None:
        return Goto(config.declines)
    emit("solved", field=found.field, steps=list(found.steps), answer=found.answer)
    return Goto(config.to, found.answer)
