"""Make a value of other values, without a model."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from tinyllm.kinds import Node, node
from tinyllm.services import Services
from tinyllm.state import State
from tinyllm.texts import expression


class Transform(Node):
    """A value worked out by an expression."""

    pure: ClassVar[bool] = True
    texts: ClassVar[dict[str, str]] = {"value": "expression"}

    kind: Literal["transform"] = "transform"
    value: str = Field(description="An expression over inputs and outputs.")


@node
async def transform(config: Transform, state: State, services: Services) -> Any:
    """Make a value of other values, without a model."""
    return expression(config.value, config.id).value(state)
