"""What a run knows while it runs: plain JSON values, and how parallel updates to them are put together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

SCHEMA = "tinyllm.run/1"  # of what `run --json` prints
END = "end"
RETRY = "retry"
REFUSE = "refuse"
BEGIN = "begin"
RESERVED = (END, RETRY, REFUSE, BEGIN)
TO = "branch:to:"  # LangGraph's channel that says who is next: this, and the node's id

Message = dict[str, Any]


class Fresh(dict[str, Any]):
    """A dict that replaces a channel instead of being merged into it: a run starts from nothing."""


class Blank(list[Any]):
    """A list that replaces a channel instead of being appended to it."""


def appended(old: list[Any] | None, new: list[Any]) -> list[Any]:
    return list(new) if isinstance(new, Blank) or not old else [*old, *new]


def merged(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    """The newest key comes last, so that the order of the keys is the order of the work."""
    if isinstance(new, Fresh) or not old:
        return dict(new)
    return {**{key: value for key, value in old.items() if key not in new}, **new}


def tallied(old: Mapping[str, int] | None, new: Mapping[str, int]) -> dict[str, int]:
    if isinstance(new, Fresh) or not old:
        return dict(new)
    return {**old, **{key: old.get(key, 0) + count for key, count in new.items()}}


class State(TypedDict, total=False):
    messages: Annotated[list[Message], appended]  # the window of the conversation
    inputs: Annotated[dict[str, Any], merged]
    outputs: Annotated[dict[str, Any], merged]  # node id → what it produced last
    exits: Annotated[dict[str, list[str]], merged]  # node id → where it went: edges only look it up
    notes: Annotated[dict[str, Any], merged]  # node id → what a gate said of its last answer
    visits: Annotated[dict[str, int], tallied]
    arrivals: Annotated[dict[str, int], tallied]  # node id → calls on their way to it, in graphs that fan out
    failures: Annotated[list[dict[str, str]], appended]  # what went wrong and was survived
    scratch: Annotated[dict[str, list[Message]], merged]  # node id → its own tool chatter


def blank(inputs: Mapping[str, Any], window: list[Message]) -> State:
    """The state that a run begins with, whatever the thread held before."""
    return State(
        messages=Blank(window),
        inputs=Fresh(inputs),
        outputs=Fresh(),
        exits=Fresh(),
        notes=Fresh(),
        visits=Fresh(),
        arrivals=Fresh(),
        failures=Blank(),
        scratch=Fresh(),
    )


@dataclass(frozen=True, slots=True)
class Goto:
    """Leave by one exit or several, with what the node produced."""

    to: str | tuple[str, ...]
    value: Any = None
    outputs: Mapping[str, Any] = field(default_factory=dict)  # a better answer in another node's place
    notes: Mapping[str, Any] = field(default_factory=dict)
    scratch: Mapping[str, list[Message]] = field(default_factory=dict)

    @property
    def exits(self) -> tuple[str, ...]:
        return (self.to,) if isinstance(self.to, str) else self.to


class Pause(Exception):
    """Raised by a node that needs a person, before it has done anything else."""

    def __init__(
        self, question: str, choices: tuple[str, ...] = (), then: Callable[[str], Any] | None = None
    ) -> None:
        super().__init__(question)
        self.question = question
        self.choices = choices
        self.then = then or (lambda answer: answer)


def meant(reply: str, choices: Sequence[str]) -> str:
    """The choice that a person means: as it is written, or by how it begins when nothing else begins so."""
    said = reply.strip()
    if not choices or said in choices:
        return said
    near = [choice for choice in choices if said and choice.casefold().startswith(said.casefold())]
    return near[0] if len(near) == 1 else ""


def latest(outputs: Mapping[str, Any], among: tuple[str, ...]) -> str:
    """Which of these nodes produced something last; empty when none did."""
    return next((id for id in reversed(list(outputs)) if id in among), "")
