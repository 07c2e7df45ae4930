"""The one place that compiles: a graph value becomes a LangGraph state machine, each node in the one wrapper."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyllm.effects import perform
from tinyllm.errors import OutOfBudget, Permanent, classify
from tinyllm.fuse import Fused, Step, groups, leads
from tinyllm.grading import grade
from tinyllm.joins import Joins
from tinyllm.kinds import Node, kinds
from tinyllm.machine import Machine, opening
from tinyllm.plain import as_text, plain
from tinyllm.redaction import safe
from tinyllm.running import Running, current, emit, entered, unclassified
from tinyllm.services import Services
from tinyllm.spec import GraphSpec
from tinyllm.state import BEGIN, END, Goto, Message, Pause, State, blank

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph
    from langgraph.types import Command


def build(
    spec: GraphSpec, services: Services, checkpointer: Any = None
) -> "CompiledStateGraph[State, None, State, State]":
    """A graph to be looked at, and to be run without a transaction: in it, every node is a step."""
    spec = spec.lowered()
    joins = Joins.of(spec)
    steps = _steps(spec, services, joins)
    return _wired(spec, joins, {(id,): step for id, step in steps.items()}, checkpointer)


def machine(spec: GraphSpec, services: Services, checkpointer: Any) -> Machine:
    """A graph to be run inside a transaction: with checkpoints, and no more steps than are worth one."""
    spec = spec.lowered()
    joins = Joins.of(spec)
    steps = _steps(spec, services, joins)
    fused: dict[tuple[str, ...], Runner | Fused] = {
        group: steps[group[0]] if len(group) == 1 else Fused(group[0], {id: steps[id] for id in group})
        for group in groups(spec, joins)
    }
    opens = Fused(spec.first, {id: steps[id] for id in opening(spec, joins)})
    return Machine(_wired(spec, joins, fused, checkpointer), begin, spec.first, opens)


def _steps(spec: GraphSpec, services: Services, joins: Joins) -> "dict[str, Runner]":
    services = replace(services, allow=(*services.allow, *spec.allow))
    return {id: Runner(node, services, joins) for id, node in spec.nodes.items()}


def _wired(
    spec: GraphSpec, joins: Joins, steps: "Mapping[tuple[str, ...], Runner | Fused]", checkpointer: Any
) -> "CompiledStateGraph[State, None, State, State]":
    """Steps, each for one node or a chain of them, as LangGraph wants its graphs: nothing else knows how."""
    from langgraph.graph import END as OUT
    from langgraph.graph import START, StateGraph

    graph = StateGraph(State)
    graph.add_edge(START, BEGIN)
    graph.add_node(BEGIN, begin)
    graph.add_edge(BEGIN, spec.first)
    for group, step in steps.items():
        door = group[0]
        exits = [target for id in group for target in spec.nodes[id].exits() or (END,)]
        targets = dict.fromkeys(
            OUT if target == END else target for target in exits if target not in group[1:]
        )
        if joins.waits(door):
            targets[door] = None
        if len(targets) == 1:
            graph.add_node(door, step)
            graph.add_edge(door, *targets)
        else:
            graph.add_node(door, Sending(step), destinations=tuple(targets))
    return graph.compile(checkpointer=checkpointer, name=spec.name)


@dataclass(frozen=True, slots=True)
class Sending:
    """A step, and where it leads: written with what it did, so that a resumed run cannot lose its way."""

    step: Step

    async def __call__(self, state: State) -> "Command[str]":
        from langgraph.graph import END as OUT
        from langgraph.types import Command

        update = await self.step(state)
        return Command(update=update, goto=[OUT if way == END else way for way in leads(update)])


async def begin(state: State) -> State:
    """Start from nothing, whatever the thread held: only the question and the window go in."""
    window = [_plain(message) for message in state.get("messages", ())]
    inputs = dict(state.get("inputs", {}))
    if "question" not in inputs and window and window[-1]["role"] == "user":
        inputs["question"] = window[-1]["content"]
    elif inputs.get("question") and not (window and window[-1]["role"] == "user"):
        window.append({"role": "user", "content": _asked(inputs)})
    return blank(inputs, window)


SHOWN = 6_000  # characters of an attached file that a model sees


def _asked(inputs: Mapping[str, Any]) -> str:
    """The question, and the beginning of each attached file as the material that it is."""
    parts = [str(inputs["question"])]
    for name in inputs.get("attached", ()):
        with Path(name).open(encoding="utf-8", errors="replace") as file:
            text = file.read(SHOWN + 1)
        if "\0" in text:
            emit("note", text=f"{Path(name).name} is no text: models are told that it is there, and no more")
            parts.append(f"Attached file {Path(name).name}: it is no text, and is not shown.")
            continue
        cut = "\n[cut]" if len(text) > SHOWN else ""
        parts.append(f"Attached file {Path(name).name}:\n```\n{text[:SHOWN]}{cut}\n```")
    return "\n\n".join(parts)


ROLES = {"human": "user", "ai": "assistant"}


def _plain(message: Any) -> Message:
    """A message of ours, of LangChain's, or of a client that writes `type` for `role`."""
    given = message if isinstance(message, dict) else {"role": message.type, "content": message.content}
    role = str(given.get("role") or given.get("type") or "user")
    content = given.get("content", "")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return {"role": ROLES.get(role, role), "content": str(content)}


@dataclass(frozen=True, slots=True)
class Runner:
    """The one wrapper around every node.

    An object and not a closure: LangGraph takes the byte code of every function apart to look for graphs inside it,
    which costs more than all the rest of a build.
    """

    node: Node
    services: Services
    joins: Joins

    async def __call__(self, state: State) -> dict[str, Any]:
        node = self.node
        if self.joins.early(node.id, state):
            return {"exits": {node.id: [node.id]}}
        visit = state["visits"].get(node.id, 0) + 1
        run = kinds()[node.kind].run
        with entered(replace(current(), node=node.id, visit=visit)) as running:
            started = running.clock.monotonic()
            goto, failures = await _outcome(node, visit, lambda: run(node, state, self.services))
            seconds = round(running.clock.monotonic() - started, 4)
            emit(
                "node", kind=node.kind, visit=visit, exits=list(goto.exits), value=goto.value, seconds=seconds
            )
            grade(node, visit, goto, state)
            return filed(node, goto, failures, self.joins.moved(node.id, goto.exits, state))


async def _outcome(
    node: Node, visit: int, run: Callable[[], Awaitable[Any]]
) -> tuple[Goto, list[dict[str, str]]]:
    """Where the node goes; when it fails and has an `on_error`, there."""
    began = current().clock.monotonic()
    try:
        if visit > node.max_visits:
            raise OutOfBudget(
                f"the run came here more than {node.max_visits} times",
                hint="break the loop, or raise max_visits",
                code="LOOP",
            )
        value = await _come_to(run)
        return (value if isinstance(value, Goto) else Goto(node.to, value)), []
    except Exception as failure:
        from langgraph.errors import GraphBubbleUp

        if isinstance(failure, GraphBubbleUp):
            raise
        named = classify(failure, unknown=unclassified).at(node.id)
        named.message = safe(named.message)
        seconds = round(current().clock.monotonic() - began, 4)
        emit("failure", step=node.kind, visit=visit, seconds=seconds, **named.as_dict())
        # A way out of a loop is offered once: it may lead into the loop again.
        stuck = visit > node.max_visits + 1
        if not node.on_error or stuck or named.kind == "cancelled":
            raise named from failure
        return Goto(node.on_error), [named.as_dict()]


async def _come_to(run: Callable[[], Awaitable[Any]]) -> Any:
    """What the node comes to; what it does after a person's answer is a part of it."""
    try:
        return await run()
    except Pause as pause:
        value = pause.then(await _answered(pause, current()))
        return await value if inspect.isawaitable(value) else value


async def _answered(pause: Pause, running: Running) -> str:
    """A person's answer: asked now when one sits there; without an answer the run waits."""

    async def ask(_key: str) -> str:
        if running.extra.get("told") == running.node:  # the answer has come; whoever sits there is not asked
            running.extra["told"] = ""
        elif running.ask and (said := await running.ask(pause.question, pause.choices)) is not None:
            return said
        from langgraph.types import interrupt

        asked = {"node": running.node, "question": pause.question, "choices": list(pause.choices)}
        reply = str(interrupt(asked))
        before = running.extra.get("asked") or asked
        if any(before.get(key) != asked[key] for key in asked):
            raise Permanent(
                "the question is not the one that was answered: what it is about has changed since",
                hint="ask again",
                code="QUESTION_CHANGED",
            )
        return reply

    return str(await perform("person", "read", [pause.question, *pause.choices], ask))


def filed(node: Node, goto: Goto, failures: list[dict[str, str]], arrivals: dict[str, int]) -> dict[str, Any]:
    """What a step adds to the state."""
    update: dict[str, Any] = {"exits": {node.id: list(goto.exits)}, "visits": {node.id: 1}}
    if goto.value is not None or goto.outputs:
        update["outputs"] = {**goto.outputs, **({} if goto.value is None else {node.id: goto.value})}
        said = {node.id: goto.value} if node.kind == "llm" and goto.value is not None else goto.outputs
        if not said and node.answers and goto.exits == (END,):
            said = {
                node.id: as_text(goto.value)
            }  # whoever reads the conversation alone finds the answer in it
        if said:
            update["messages"] = [
                {"role": "assistant", "content": text, "node": id} for id, text in said.items()
            ]
    if failures:
        update["failures"] = failures
    if arrivals:
        update["arrivals"] = arrivals
    if goto.notes:
        update["notes"] = dict(goto.notes)
    if goto.scratch:
        update["scratch"] = dict(goto.scratch)
    return dict(plain(update))
