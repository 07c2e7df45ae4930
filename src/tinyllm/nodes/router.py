"""Decide which specialist a question goes to."""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from tinyllm.errors import BadReply, TinyError
from tinyllm.kinds import Node, node
from tinyllm.models import Ask, Reply
from tinyllm.routing import Route
from tinyllm.running import emit
from tinyllm.services import Services
from tinyllm.state import Goto, State
from tinyllm.texts import prompt

if TYPE_CHECKING:
    from tinyllm.routing import Router as Embedded

POSSIBLE = 0.1


class Router(Node):
    """A fork decided by what the question is about."""

    answers: ClassVar[bool] = False
    exit_fields: ClassVar[tuple[str, ...]] = ("default",)

    kind: Literal["router"] = "router"
    model: str = Field(default="", description="The model that is asked what is unclear.")
    routes: dict[str, str] = Field(min_length=1, description="A label, which is a node → what belongs there.")
    sure: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="How sure the embedded router must be; below, the model is asked.",
    )
    weights: str = Field(
        default="", description="Weights that you trained on your own labels; ours otherwise."
    )
    together: dict[str, str] = Field(default_factory=dict, description="code+math → the node for both.")
    fan_out: str = Field(default="", description="The node that merges when several labels run in parallel.")
    default: str = Field(description="Where to go when it is unclear.")
    beside: dict[str, str] = Field(
        default_factory=dict, description="Filled in: label → its node in a fan-out."
    )
    to: str = ""

    def exits(self) -> tuple[str, ...]:
        found = [*self.routes, *self.together.values(), *self.beside.values(), self.default, self.on_error]
        return tuple(dict.fromkeys(target for target in found if target))

    def fans_out(self) -> bool:
        return bool(self.fan_out)

    def models(self) -> tuple[str, ...]:
        return (self.model,)


@node
async def router(config: Router, state: State, services: Services) -> Goto:
    """Decide which specialist a question goes to."""
    question = str(state["inputs"].get("question", ""))
    guess = _guess(config, question)
    if guess is not None and guess.confidence >= config.sure:
        return _decided(config, guess.labels, by="embedded", guess=guess)
    try:
        labels = await _asked(config, question, services)
        likely = labels if guess is None else tuple(each for each in labels if _possible(guess, each))
        if likely:
            return _decided(config, likely, by="model", guess=guess)
        emit(
            "note", text=f"the model says {', '.join(labels)}, which the words of the question speak against"
        )
        return _decided(config, guess.labels if guess else (), by="embedded", guess=guess)
    except TinyError as failure:
        # Without a server the specialists cannot answer either; anything else leaves the guess, or the default.
        if failure.kind == "cancelled" or failure.exit_code in (4, 124):
            raise
        emit("note", text=f"no readable route: {failure.message}")
        labels = guess.labels if guess is not None else ()
        return _decided(config, labels, by="embedded" if labels else "default", guess=guess)


def _possible(guess: Route, label: str) -> bool:
    """A small model is wrong more often than a label is that the embedded router all but excludes."""
    return guess.probabilities.get(label, 1.0) >= POSSIBLE


def _decided(config: Router, labels: tuple[str, ...], by: str, guess: Route | None) -> Goto:
    """The way, and the evidence for it."""
    value: dict[str, Any] = {"labels": [label for label in labels if label in config.routes], "by": by}
    if guess is not None:
        value["confidence"] = round(guess.confidence, 3)
        value["probabilities"] = {label: round(share, 3) for label, share in guess.probabilities.items()}
        value["because"] = [name for name, _ in guess.because]
    return Goto(chosen(config, labels), value)


def _guess(config: Router, question: str) -> Route | None:
    """What the embedded router says, where it knows the graph's labels."""
    embedded = _embedded(config.weights)
    return embedded.route(question) if set(config.routes) <= set(embedded.labels) else None


@cache
def _embedded(weights: str) -> "Embedded":
    """Read once: the weights take longer to load than a route to find."""
    from tinyllm.routing.router import Router as Embedded
    from tinyllm.routing.router import shipped

    return Embedded.load(Path(weights)) if weights else shipped()


def chosen(config: Router, labels: tuple[str, ...]) -> str | tuple[str, ...]:
    """The most specific compound whose labels are all there, then the order of the routes, then the default."""
    known = [label for label in config.routes if label in labels]
    if len(known) > 1:
        compounds = sorted(config.together, key=lambda names: -len(names.split("+")))
        for names in compounds:
            if set(names.split("+")) <= set(known):
                return config.together[names]
        if config.fan_out:
            return tuple(config.beside.get(label, label) for label in known)
    return known[0] if known else config.default


async def _asked(config: Router, question: str, services: Services) -> tuple[str, ...]:
    labels = list(config.routes)
    routes = [{"label": label, "what": what} for label, what in config.routes.items()]
    schema = {
        "type": "object",
        "properties": {
            "labels": {"type": "array", "items": {"type": "string", "enum": labels}, "maxItems": 3}
        },
        "required": ["labels"],
    }
    ask = Ask(
        messages=[
            {"role": "system", "content": prompt("route.md").render({"routes": routes})},
            {"role": "user", "content": question[:4000]},
        ],
        schema=schema,
        options={"temperature": 0, "num_predict": 64},
    )

    def read(reply: Reply) -> tuple[str, ...]:
        return read_labels(reply.text, labels)

    return await services.guard.ask(config.model, ask, read)


def read_labels(text: str, labels: list[str]) -> tuple[str, ...]:
    """The labels that a reply names; a reply that names none of ours cannot be read."""
    try:
        said: Any = json.loads(text)
    except ValueError:
        said = text.replace(",", " ").split()
    if isinstance(said, dict):
        said = said.get("labels", [])
    named = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    found = tuple(label for label in labels if label in [str(each).strip(" \"'.`").lower() for each in named])
    if not found:
        raise BadReply(f"none of the labels {', '.join(labels)} is in it", code="ROUTE_UNREADABLE")
    return found
