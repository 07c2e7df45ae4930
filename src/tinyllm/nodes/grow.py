"""Note that an answer was given up on, so that the graph can grow, and go on."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from tinyllm.grading import blameless
from tinyllm.kinds import Node, node
from tinyllm.services import Services
from tinyllm.state import State


class Grow(Node):
    """Where a gate gives up: the complaint is kept, and what comes next is up to `to`."""

    answers: ClassVar[bool] = False

    kind: Literal["grow"] = "grow"


@node
async def grow(config: Grow, state: State, services: Services) -> dict[str, Any]:
    """Note that an answer was given up on, so that the graph can grow, and go on."""
    outputs = state["outputs"]
    failure = state["failures"][-1] if state.get("failures") else {}
    complaint = next(
        (
            value
            for value in reversed(list(outputs.values()))
            if isinstance(value, Mapping) and value.get("of") and value.get("passed") is False
        ),
        None,
    )
    if complaint is None:
        return {"noted": False, "because": "nobody complained"}
    if failure and blameless(failure):
        return {"noted": False, "because": f"{failure.get('code', '')} is nobody's fault here"}
    because = str(complaint.get("because", ""))
    return {"noted": True, "of": complaint["of"], "passed": False, "because": because, "evidence": ""}
