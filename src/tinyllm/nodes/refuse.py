"""Say honestly that nothing passed, and what was tried."""

from typing import Any, ClassVar, Literal

from tinyllm.kinds import Node, node
from tinyllm.services import Services
from tinyllm.state import State


class Refuse(Node):
    """Where the reserved exit `refuse` leads; made by the build, never written in a file."""

    answers: ClassVar[bool] = False
    internal: ClassVar[bool] = True

    kind: Literal["refuse"] = "refuse"


@node
async def refuse(config: Refuse, state: State, services: Services) -> dict[str, Any]:
    """Say honestly that nothing passed, and what was tried."""
    tried = [
        {"node": of, **attempt} for of, note in state["notes"].items() for attempt in note.get("tried", ())
    ]
    return {"refused": True, "tried": tried}
