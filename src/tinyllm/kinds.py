"""What a node is, and the one registry of kinds: a file in `nodes/` adds one and nothing else changes."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field

from tinyllm.state import END, State


class Node(BaseModel):
    """What every kind has: an id, a way out, and a way out when it fails."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    answers: ClassVar[bool] = True  # its output may be what the user gets
    pure: ClassVar[bool] = False  # the same values give the same value, at no cost, touching nothing
    exit_fields: ClassVar[tuple[str, ...]] = ("to",)
    texts: ClassVar[dict[str, str]] = {}  # its fields that are parsed when the file is read, and as what

    id: str = Field(default="", description="Filled in from the key under `nodes:`.")
    kind: str = Field(default="llm", description="What this node does.")
    to: str | tuple[str, ...] = Field(default=END, description="The node, or the nodes, that come next.")
    on_error: str = Field(
        default="", description="Where to go when this node fails; without it the run fails."
    )
    max_visits: int = Field(default=25, ge=1, le=10_000, description="How often one run may come here.")

    def exits(self) -> tuple[str, ...]:
        """Every place this node may go to, in the order of its fields."""
        found: dict[str, None] = {}
        for name in (*self.exit_fields, "on_error"):
            value = getattr(self, name)
            for target in (value,) if isinstance(value, str) else tuple(value):
                if target:
                    found[target] = None
        return tuple(found)

    def fans_out(self) -> bool:
        return not isinstance(self.to, str) and len(self.to) > 1

    def models(self) -> tuple[str, ...]:
        """The models this node names."""
        return ()

    def tool_patterns(self) -> tuple[str, ...]:
        return ()

    def expanded(self) -> "Mapping[str, Node] | None":
        """The nodes that take its place, keyed by id and its own among them; None when it stays as it is."""
        return None


Function = Callable[[Any, State, Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A name, the shape of its configuration, and what it does."""

    name: str
    config: type[Node]
    run: Function
    doc: str
    internal: bool = False  # made by expansion; nobody writes it in a file


KINDS: dict[str, Kind] = {}


F = TypeVar("F", bound=Function)


def node(run: F) -> F:
    """Register a kind: the first parameter's type is its configuration, the docstring its help."""
    config = get_type_hints(run)[next(iter(inspect.signature(run).parameters))]
    name = config.model_fields["kind"].default
    KINDS[name] = Kind(
        name, config, run, inspect.getdoc(run) or "", internal=bool(getattr(config, "internal", False))
    )
    return run


def kinds() -> dict[str, Kind]:
    """All kinds, by name."""
    if not KINDS:
        import importlib

        importlib.import_module("tinyllm.nodes")
    return KINDS
