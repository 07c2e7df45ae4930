"""Ways a node may grow, each as a patch that builds and checks; none gets a tool that its parent did not have."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tinyllm.errors import TinyError
from tinyllm.growth.diagnosis import Domain
from tinyllm.growth.evidence import NOT_BETTER, WORSE
from tinyllm.growth.trigger import Need
from tinyllm.models import Entry
from tinyllm.overlay import Decision, Patch, gains
from tinyllm.spec import GraphSpec, read
from tinyllm.spec.prompts import Prompts
from tinyllm.toolkit import Toolbox

MOST = 3  # candidates of one round
MOST_NODES = 60  # of a graph
DEPTH = 2  # patches on nodes that came by patches
SOLVED = 0.25  # of the failed questions, from which a solver in front is worth a try

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is tried, and what was left out and why."""

    patches: tuple[Patch, ...]
    dropped: tuple[str, ...]


def candidates(
    spec: GraphSpec, need: Need, domains: Sequence[Domain], history: Sequence[Decision], tools: Toolbox
) -> Candidates:
    """The cheapest ways first; what was of no use to this node is not tried again."""
    fingerprint = spec.mark(need.node)
    known = list({decision.patch.number: decision.patch for decision in history}.values())
    own = [patch for patch in known if (patch.node, patch.fingerprint) == (need.node, fingerprint)]
    tried = {(patch.strategy, _same(patch.nodes)) for patch in own if _failed(patch)}
    patches: list[Patch] = []
    dropped: list[str] = []
    for strategy, why, nodes in _ways(spec, need, domains):
        patch = Patch(spec.name, need.node, fingerprint, strategy, f"{need.node} {need.why}: {why}", nodes)
        fault = (
            "it was tried before, and was of no use"
            if (strategy, _same(nodes)) in tried
            else fault_of(spec, patch, known, tools)
        )
        if fault:
            dropped.append(f"{strategy}: {fault}")
        elif len(patches) < MOST:
            patches.append(patch)
    return Candidates(tuple(patches), tuple(dropped))


def _failed(patch: Patch) -> bool:
    """It was shown to be of no use; one of which too little was known may be tried again."""
    return patch.state == "reverted" or patch.evidence.get("verdict") in (NOT_BETTER, WORSE)


def _same(nodes: Any) -> str:
    return json.dumps(nodes, sort_keys=True, default=str)


def fault_of(spec: GraphSpec, patch: Patch, known: Sequence[Patch], tools: Toolbox) -> str:
    """Why this patch must not be applied; empty when it may."""
    if not patch.stands(spec):
        return "the node is another than the one it replaces, or a name is taken"
    if len(spec.nodes) + len(patch.nodes) - 1 > MOST_NODES:
        return f"the graph would have more than {MOST_NODES} nodes"
    if _depth(patch.node, known) >= DEPTH:
        return f"it would be growth on growth on growth, more than {DEPTH} deep"
    if more := gains(spec.nodes[patch.node], patch.made.values(), tools):
        return more
    try:
        read(patch.on(spec).as_dict(), where=spec.name, tools=tools).lowered()
    except TinyError as failure:
        return failure.message.splitlines()[0]
    return ""


def _depth(node: str, known: Sequence[Patch]) -> int:
    """How many patches stand above this node."""
    made = next((p for p in known if p.state == "accepted" and node in p.nodes and node != p.node), None)
    own = sum(p.state == "accepted" and p.node == node and node in p.nodes for p in known)
    return own + (1 + _depth(made.node, [p for p in known if p is not made]) if made else 0)


def _ways(
    spec: GraphSpec, need: Need, domains: Sequence[Domain]
) -> Iterator[tuple[str, str, dict[str, Body]]]:
    """Strategy, reason, and the nodes that take the place of the one."""
    node, body = need.node, spec.body(need.node)
    about = ", ".join(domain.name.replace("_", " ") for domain in domains)
    moves = f"outputs.{node}" not in json.dumps({id: spec.body(id) for id in spec.nodes if id != node})
    if moves and _solved(need) >= SOLVED and not any(each.kind == "solve" for each in spec.nodes.values()):
        model = _free(f"{node}_model", spec)
        solve = {"kind": "solve", "to": body.get("to", "end"), "declines": model}
        yield "solver", "a solver can prove some of what it fails", {node: solve, model: body}
    if domains:
        yield "prompt", f"its prompt names {about}", {node: _focused(body, domains)}
    if domains and moves:
        yield "split", f"a specialist each for {about}", _split(spec, node, body, domains)
    model_entry = _stronger(spec, str(body.get("model", "")))
    if model_entry is not None:
        yield "tier", f"{model_entry.key} answers instead", {node: {**body, "model": model_entry.key}}
    yield "verify", "its answers are checked in a second step", _verified(spec, node, body)


def _solved(need: Need) -> float:
    """The part of the failed questions that can be proved; at most a dozen are tried."""
    from tinyllm import solvers

    tried = [outcome.question for outcome in need.failed[-12:]]
    return sum(solvers.solve(question, []) is not None for question in tried) / max(1, len(tried))


def _focused(body: Body, domains: Sequence[Domain]) -> Body:
    """The same node with a prompt that says what it is asked about."""
    focus = Prompts(()).text("growth_focus.md")
    names = " and ".join(domain.name.replace("_", " ") for domain in domains)
    said = "; ".join(domain.said for domain in domains)
    text = focus.replace("NAMES", names).replace("ABOUT", said)
    return {**body, "prompt": f"{body['prompt']}\n\n{text}" if body.get("prompt") else text}


def _split(spec: GraphSpec, node: str, body: Body, domains: Sequence[Domain]) -> dict[str, Body]:
    """A router as the door, a specialist per domain, and the old node for everything else."""
    made: dict[str, Body] = {}
    routes: dict[str, str] = {}
    for domain in domains:
        id = _free(domain.name, spec, made, f"{node}_{domain.name}")
        routes[id] = f"questions about {domain.said}"
        made[id] = _focused(body, [domain])
    rest = _free("general", spec, made, f"{node}_general")
    routes[rest] = "everything else"
    cheapest = min(spec.models.values(), key=lambda entry: entry.tier, default=None)
    door = {"kind": "router", "routes": routes, "default": rest, "model": cheapest.key if cheapest else ""}
    return {node: door, **made, rest: body}


def _free(name: str, spec: GraphSpec, made: Any = (), other: str = "") -> str:
    """This name when no node has it, else the other one, else one with a number."""
    taken = {*spec.nodes, *made}
    for wanted in filter(None, (name, other)):
        if wanted not in taken:
            return wanted
    number = 2
    while f"{other or name}_{number}" in taken:
        number += 1
    return f"{other or name}_{number}"


def _stronger(spec: GraphSpec, model: str) -> Entry | None:
    """The entry of the next tier above this one's; judges are left to judge."""
    now = spec.models.get(model)
    if now is None:
        return None
    above = [e for e in spec.models.values() if now.tier < e.tier < 3 and e.name != now.name]
    return min(above, key=lambda entry: entry.tier, default=None)


def _verified(spec: GraphSpec, node: str, body: Body) -> dict[str, Body]:
    """The node, and behind it another model that works the question out again and corrects it."""
    id = _free(f"{node}_check", spec)
    now = spec.models.get(str(body.get("model", "")))
    others = [e for e in spec.models.values() if now and e.name != now.name and now.tier <= e.tier < 3]
    other = min(others, key=lambda entry: entry.tier, default=now)
    text = Prompts(()).text("growth_verify.md").replace("ANSWER", f"{{{{ outputs[{node!r}] }}}}")
    check = {"kind": "llm", "window": False, "prompt": text, "to": body.get("to", "end")}
    if other is not None:
        check["model"] = other.key
    if "schema" in body:
        check["schema"] = body["schema"]
    if "on_error" in body:
        check["on_error"] = body["on_error"]
    return {node: {**body, "to": id}, id: check}
