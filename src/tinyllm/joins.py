"""When branches that ran in parallel meet again, the node they meet in runs once, after the last of them.

LangGraph runs a node each time one of several edges fires, so branches of unequal length would run it twice. Here every
step counts the calls that it sends on their way (`arrivals`), and a join looks whether another call can still reach it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tinyllm.spec import GraphSpec
from tinyllm.state import RESERVED, State


@dataclass(frozen=True)
class Joins:
    """Join id → the nodes whose calls it waits for; empty in a graph that never fans out."""

    reaching: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parallel: bool = False

    @classmethod
    def of(cls, spec: GraphSpec) -> "Joins":
        forks = [id for id, node in spec.nodes.items() if node.fans_out()]
        if not forks:
            return cls()
        after = _closure(forks, {id: node.exits() for id, node in spec.nodes.items()})
        met = [id for id in spec.nodes if id in after and len(spec.before.get(id, ())) > 1]
        reaching = {id: _closure(spec.before[id], spec.before, avoiding=id) for id in met}
        order = {id: place for place, id in enumerate(spec.nodes)}
        # Two joins in one loop would wait for each other for ever: the later one yields to the earlier one only.
        for id in met:
            reaching[id] = frozenset(
                other
                for other in reaching[id]
                if not (other in reaching and id in reaching[other] and order[other] > order[id])
            )
        return cls(reaching, parallel=True)

    def waits(self, id: str) -> bool:
        return id in self.reaching

    def early(self, id: str, state: State) -> bool:
        """Another call is on its way here: come back in the next step."""
        if id not in self.reaching:
            return False
        arrivals = state.get("arrivals", {})
        return any(count > 0 and other in self.reaching[id] for other, count in arrivals.items())

    def moved(self, id: str, exits: tuple[str, ...], state: State) -> dict[str, int]:
        """The calls that a step used up, and those it sends."""
        if not self.parallel:
            return {}
        moved = {id: -state.get("arrivals", {}).get(id, 0)}
        for target in exits:
            if target not in RESERVED[:1]:
                moved[target] = moved.get(target, 0) + 1
        return {target: count for target, count in moved.items() if count}


def _closure(
    starts: "list[str] | tuple[str, ...]", edges: Mapping[str, tuple[str, ...]], avoiding: str = ""
) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [start for start in starts if start != avoiding]
    while waiting:
        id = waiting.pop()
        if id in seen:
            continue
        seen.add(id)
        waiting.extend(target for target in edges.get(id, ()) if target != avoiding and target not in seen)
    return frozenset(seen)
