"""Ask a person, and go on with what they say."""

from typing import ClassVar, Literal

from pydantic import Field

from tinyllm.kinds import Node, node
from tinyllm.services import Services
from tinyllm.state import Goto, Pause, State
from tinyllm.texts import template


class Human(Node):
    """A question to a person; each choice may lead elsewhere."""

    texts: ClassVar[dict[str, str]] = {"ask": "template"}

    kind: Literal["human"] = "human"
    ask: str = Field(description="The question, a template.")
    choices: dict[str, str] = Field(
        default_factory=dict, description="What may be answered → where that leads."
    )

    def exits(self) -> tuple[str, ...]:
        own = tuple(dict.fromkeys(self.choices.values())) if self.choices else super().exits()
        return (*own, *((self.on_error,) if self.on_error and self.on_error not in own else ()))


@node
async def human(config: Human, state: State, services: Services) -> Goto:
    """Ask a person, and go on with what they say."""

    def then(answer: str) -> Goto:
        return Goto(config.choices[answer] if config.choices else config.to, answer)

    raise Pause(template(config.ask, config.id).render(state), tuple(config.choices), then)
