"""Growth lies over a graph and never in its file: patches, what became of them, and the graph with them applied."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import ValidationError

from tinyllm.documents import read as read_document
from tinyllm.errors import GraphError
from tinyllm.kinds import Node, kinds
from tinyllm.spec import GraphSpec
from tinyllm.spec.graph import marked
from tinyllm.spec.shape import FILLED_IN
from tinyllm.state import RESERVED
from tinyllm.store import Database, counts, unpacked
from tinyllm.toolkit import Toolbox

State = Literal["proposed", "probation", "accepted", "reverted", "rejected"]
SERVES: tuple[State, ...] = ("probation", "accepted")
ENDING = ".growth.yaml"
WRITES = "`tinyllm growth export` writes such a file"
READ = (
    "SELECT patch, seq, run, at, state, why, body, crc FROM growth"  # noqa: S608 - our own
    f" WHERE graph = :graph AND {counts('growth')} ORDER BY patch, seq"
)


@dataclass(frozen=True, slots=True)
class Patch:
    """One change of a graph: the node it replaces, and the nodes that take its place."""

    graph: str
    node: str
    fingerprint: str  # of the node it replaces: of another one it is no change
    strategy: str
    why: str
    nodes: Mapping[str, Mapping[str, Any]]  # as a file says them; the old id is among them, as the door
    evidence: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    state: State = "proposed"
    at: float = 0.0  # of the last decision
    share: float = 1.0  # of the runs that it serves while it is on probation

    def serves(self, run: str) -> bool:
        """Whether this run goes with it: the same for the same run, whoever asks."""
        if self.state == "accepted":
            return True
        drawn = int.from_bytes(hashlib.sha256(f"{run}|{self.number}".encode()).digest()[:7]) / 2**56
        return self.state == "probation" and drawn < self.share

    @property
    def made(self) -> dict[str, Node]:
        """The nodes that take the place of the old one."""
        return {id: _node(id, body) for id, body in self.nodes.items()}

    def stands(self, spec: GraphSpec) -> bool:
        """The node is still the one that it replaces, and what it leads to and whom it asks is there."""
        if self.node not in self.nodes or not spec.mark(self.node) == self.fingerprint != "":
            return False
        new = [id for id in self.nodes if id != self.node]
        try:
            made = self.made.values()
        except GraphError:  # written by another version of the program
            return False
        known = {*spec.nodes, *self.nodes, *RESERVED}
        asked = {name for node in made for name in node.models() if name}
        return (
            not any(id in spec.nodes for id in new)
            and all(target in known for node in made for target in node.exits())
            and all(name in spec.models or ":" in name or "/" in name for name in asked)
        )

    def on(self, spec: GraphSpec) -> GraphSpec:
        """The graph with this change."""
        return spec.replacing(self.node, self.made)

    def body(self) -> dict[str, Any]:
        """What is kept of it beside its number, its state and its reason."""
        nodes = {id: dict(each) for id, each in self.nodes.items()}
        return {
            "node": self.node, "fingerprint": self.fingerprint, "strategy": self.strategy, "share": self.share,
            "why": self.why, "nodes": nodes, "evidence": dict(self.evidence),
        }  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        return {"patch": self.number, "graph": self.graph, "state": self.state, "at": self.at, **self.body()}


def _node(id: str, body: Any) -> Node:
    if not isinstance(body, Mapping):
        raise GraphError(
            f"the node {id!r} of a patch is not a map with the fields of a node",
            hint="write it like a node of a graph, or take the patch out",
            code="PATCH_INVALID",
        )
    kind = kinds().get(str(body.get("kind", "llm")))
    if kind is None or kind.internal:
        raise GraphError(f"there is no kind {body.get('kind')!r} ({id})", code="PATCH_INVALID")
    if alien := [name for name in body if name in FILLED_IN]:
        raise GraphError(f"there is no field {alien[0]!r} to write ({id})", code="PATCH_INVALID")
    try:
        return kind.config.model_validate({**body, "id": id})
    except ValidationError as failure:
        said = failure.errors(include_url=False)[0]
        raise GraphError(
            f"the node {id!r} of a patch cannot be read: {'.'.join(map(str, said['loc']))}: {said['msg']}",
            hint="`tinyllm growth list` lists the patches",
            code="PATCH_INVALID",
        ) from failure


def grown(spec: GraphSpec, patches: Iterable[Patch]) -> GraphSpec:
    """The graph with these changes, in the order of their numbers; one whose node was edited stands aside."""
    for patch in patches:
        if patch.stands(spec):
            spec = patch.on(spec)
    return spec


def serving(patches: Sequence[Patch], run: str) -> list[Patch]:
    """The changes that this run begins with."""
    return [patch for patch in patches if patch.serves(run)]


@dataclass(frozen=True, slots=True)
class Decision:
    """One line in the history of a patch."""

    patch: Patch
    seq: int
    run: str
    why: str

    def as_dict(self) -> dict[str, Any]:
        said = {"patch": self.patch.number, "seq": self.seq, "state": self.patch.state, "why": self.why}
        return {**said, "at": self.patch.at, "run": self.run, "evidence": dict(self.patch.evidence)}


def read_history(db: Database, graph: str) -> list[Decision]:
    """Every decision that counts: of runs that were committed, and of people."""
    return list(_decisions(db, graph))


def _decisions(db: Database, graph: str) -> Iterator[Decision]:
    for number, seq, run, at, state, why, body, crc in db.execute(READ, {"graph": graph}).fetchall():
        said = unpacked(body, crc, "growth")
        yield Decision(Patch(graph=graph, number=number, state=state, at=at, **said), seq, run, why)


def read_patches(db: Database, graph: str) -> list[Patch]:
    """Every patch as its last decision left it, by number."""
    return list({decision.patch.number: decision.patch for decision in _decisions(db, graph)}.values())


def beside(where: str) -> Path:
    """Where the growth of a graph file may lie for review."""
    path = Path(where)
    return path.with_name(f"{path.stem}{ENDING}")


def read_beside(spec: GraphSpec, tools: Toolbox) -> list[Patch]:
    """The accepted patches in the file beside a graph, which count like those of the table."""
    path = beside(spec.where)
    if not path.suffix or not path.is_file():
        return []
    document = read_document(path.read_bytes(), str(path))
    value: Any = document.value
    listed = value.get("patches") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise GraphError("this is no file of growth: it has no `patches:`", where=str(path))
    if value.get("graph", spec.name) != spec.name:
        raise GraphError(
            f"this is growth of the graph {value['graph']!r}, and beside it is {spec.name!r}",
            where=str(path),
            hint=f"write `graph: {spec.name}` when it is the same graph, or move the file to its own",
        )
    patches = [_from_file(each, spec.name, str(path)) for each in listed]
    patches = [patch for patch in patches if patch.state == "accepted"]
    _refuse_gains(spec, patches, tools, str(path))
    return patches


def _refuse_gains(spec: GraphSpec, patches: Sequence[Patch], tools: Toolbox, where: str) -> None:
    """Each against whatever it may replace: a node of the graph, or one that another patch brings."""
    there = [*spec.nodes.items(), *(pair for patch in patches for pair in patch.made.items())]
    marks = {(id, marked(node)): node for id, node in there}
    for patch in patches:
        parent = marks.get((patch.node, patch.fingerprint))
        if parent is not None and (more := gains(parent, patch.made.values(), tools)):
            raise GraphError(
                f"the patch of {patch.node!r}: {more}",
                where=where,
                hint=f"take the patch out, or give {patch.node!r} this in the graph itself",
                code="PATCH_INVALID",
            )


def gains(parent: Node, made: Iterable[Node], tools: Toolbox) -> str:
    """What nodes that take the place of another may do and it may not; empty when that is nothing."""
    try:
        may = set(tools.matching(parent.tool_patterns()).tools)
        for node in made:
            if more := set(tools.matching(node.tool_patterns()).tools) - may:
                return f"{node.id} would get {', '.join(sorted(more))}, which {parent.id} does not have"
            if more := set(getattr(node, "allow", ())) - set(getattr(parent, "allow", ())):
                return f"{node.id} would be allowed {', '.join(sorted(more))} without asking"
    except GraphError as failure:  # a tool that there is not
        return failure.message
    return ""


def _from_file(body: Any, graph: str, where: str) -> Patch:
    wanted = {"node": str, "fingerprint": str, "state": str, "nodes": dict}
    wrong = (
        "a patch is a map"
        if not isinstance(body, dict)
        else next((f"{name} is missing" for name, type_ in wanted.items() if not isinstance(body.get(name), type_)), "")
    )  # fmt: skip
    if not wrong and body["state"] not in get_args(State):
        wrong = f"{body['state']!r} is no state; there are {', '.join(get_args(State))}"
    if wrong:
        raise GraphError(wrong, where=where, hint=WRITES)
    patch = Patch(
        graph=graph,
        node=body["node"],
        fingerprint=body["fingerprint"],
        strategy=str(body.get("strategy", "")),
        why=str(body.get("why", "")),
        nodes=body["nodes"],
        state=body["state"],
    )
    try:
        _ = patch.made  # so that a node that cannot be read is said when the file is
    except GraphError as failure:
        said = f"the patch of {patch.node!r}: {failure.message}"
        raise GraphError(said, where=where, hint=WRITES, code=failure.code) from failure
    return patch


def together(table: Sequence[Patch], files: Sequence[Patch]) -> list[Patch]:
    """Those of the file first; what the table knows as well is what the table says of it."""
    known = {(patch.node, patch.fingerprint, _same(patch)) for patch in table}
    return [*(p for p in files if (p.node, p.fingerprint, _same(p)) not in known), *table]


def _same(patch: Patch) -> str:
    return repr(sorted((id, sorted(body.items())) for id, body in patch.nodes.items()))


def decided(patch: Patch, state: State, **changes: Any) -> Patch:
    return replace(patch, state=state, **changes)
