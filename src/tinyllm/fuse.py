"""Chains of pure nodes become one step: what costs nothing to repeat needs no checkpoint in between."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

from tinyllm.joins import Joins
from tinyllm.spec import GraphSpec
from tinyllm.state import RESERVED, Blank, Fresh, State

Step = Callable[[State], Awaitable[Mapping[str, Any]]]
Reducer = Callable[[Any, Any], Any]


OPENING = ("solve", "router")


def chains(spec: GraphSpec, joins: Joins) -> Iterator[tuple[str, ...]]:
    """Every node of a lowered graph, alone or with those that always follow it; the first id is the door."""
    follows = {id: after for id in spec.nodes if (after := _after(id, spec, joins))}
    inside = set(follows.values())
    for id in spec.nodes:
        if id not in inside:
            chain = [id]
            while chain[-1] in follows:
                chain.append(follows[chain[-1]])
            yield tuple(chain)


def opening(spec: GraphSpec, joins: Joins) -> tuple[str, ...]:
    """The solvers and routers that a run begins with: who answers is found out in the step that begins it."""
    found: list[str] = []
    waiting = [spec.first]
    while waiting:
        id = waiting.pop()
        if id in found or id in RESERVED or spec.nodes[id].kind not in OPENING or joins.waits(id):
            continue
        found.append(id)
        waiting.extend(spec.nodes[id].exits())
    return tuple(found)


def _after(id: str, spec: GraphSpec, joins: Joins) -> str:
    """The node that always and only follows this one, when both are pure."""
    node = spec.nodes[id]
    exits = node.exits()
    if not node.pure or len(exits) != 1 or exits[0] in RESERVED or exits[0] in (id, spec.first):
        return ""
    after = exits[0]
    alone = spec.before[after] == (id,) and not joins.waits(after) and not joins.waits(id)
    return after if alone and spec.nodes[after].pure else ""


@dataclass(frozen=True, slots=True)
class Fused:
    """The steps of a chain, one after the other; each sees what those before it wrote."""

    steps: tuple[Step, ...]

    async def __call__(self, state: State) -> dict[str, Any]:
        whole: dict[str, Any] = {}
        seen: dict[str, Any] = dict(state)
        for step in self.steps:
            update = await step(State(**seen))  # type: ignore[typeddict-item]
            seen = added(seen, update)
            whole = added(whole, update)
        return whole


@dataclass(frozen=True, slots=True)
class Opening:
    """The step that begins a run, and goes on until somebody has to answer."""

    begin: Step
    first: str
    steps: Mapping[str, Step]

    async def __call__(self, state: State) -> dict[str, Any]:
        whole = dict(await self.begin(state))
        at = self.first
        while at in self.steps:
            update = await self.steps[at](State(**whole))  # type: ignore[typeddict-item]
            whole = added(whole, update)
            exits = update["exits"][at]
            at = exits[0] if len(exits) == 1 else ""
        # The run begins here: this is all that there is, whatever the thread held before.
        return {
            key: Blank(value) if isinstance(value, list) else Fresh(value) for key, value in whole.items()
        }


def added(values: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """An update put into values by the reducers of the state."""
    return {**values, **{key: _reducers()[key](values.get(key), value) for key, value in update.items()}}


@cache
def _reducers() -> dict[str, Reducer]:
    hints = get_type_hints(State, include_extras=True)
    return {
        key: hint.__metadata__[0] if hasattr(hint, "__metadata__") else _newest for key, hint in hints.items()
    }


def _newest(_: Any, value: Any) -> Any:
    return value
