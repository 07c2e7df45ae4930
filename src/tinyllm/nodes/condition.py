"""Go one way when something holds, another way when it does not."""

from typing import ClassVar, Literal

from pydantic import Field

from tinyllm.kinds import Node, node
from tinyllm.services import Services
from tinyllm.state import END, Goto, State
from tinyllm.texts import expression


class Condition(Node):
    """A fork in the road, decided by an expression."""

    answers: ClassVar[bool] = False
    pure: ClassVar[bool] = True
    exit_fields: ClassVar[tuple[str, ...]] = ("then", "otherwise")
    texts: ClassVar[dict[str, str]] = {"when": "condition"}

    kind: Literal["condition"] = "condition"
    when: str = Field(description="An expression that is true or false.")
    then: str = Field(default=END, description="Where to go when it is true.")
    otherwise: str = Field(default=END, description="Where to go when it is false.")


@node
async def condition(config: Condition, state: State, services: Services) -> Goto:
    """Go one way when something holds, another way when it does not."""
    holds = expression(config.when, config.id).holds(state)
    return Goto(config.then if holds else config.otherwise, holds)
