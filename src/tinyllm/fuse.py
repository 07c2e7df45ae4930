"""Nodes that become one step: what costs nothing to repeat needs no checkpoint in between, nor does a gate before it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast, get_type_hints

from tinyllm.joins import Joins
from tinyllm.spec import GraphSpec
from tinyllm.state import RESERVED, State

Step = Callable[[State], Awaitable[Mapping[str, Any]]]
Reducer = Callable[[Any, Any], Any]
GATE = "gate"


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


def groups(spec: GraphSpec, joins: Joins) -> Iterator[tuple[str, ...]]:
    """The same, with the gates that they may lead to: what was said is looked at in the step that said it."""
    for chain in chains(spec, joins):
        group = list(chain)
        for id in group if not joins.parallel else ():
            exits = spec.nodes[id].exits() if id not in chain[:-1] else ()
            group += [
                each for each in exits if each not in (*RESERVED, *group) and spec.nodes[each].kind == GATE
            ]
        yield tuple(group)


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
    """Steps one after the other, while the way goes on in one of them; each sees what those before it wrote."""

    door: str
    steps: Mapping[str, Step]

    async def __call__(self, state: State) -> dict[str, Any]:
        whole: dict[str, Any] = {}
        seen: dict[str, Any] = dict(state)
        ways: tuple[str, ...] = (self.door,)
        while len(ways) == 1 and ways[0] in self.steps and not (whole and ways[0] == self.door):
            update = await self.steps[ways[0]](cast("State", seen))
            seen = added(seen, update)
            whole = added(whole, update)
            ways = leads(whole)
        return whole


def leads(update: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a step leads: where the last of its nodes went."""
    exits = update["exits"]
    return tuple(dict.fromkeys(exits[next(reversed(exits))]))


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
