"""One question asked again of one version of a graph, for comparison: it changes nothing and is no run of its own."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tinyllm.engine import Engine
from tinyllm.errors import OutOfBudget, Permanent, TimedOut, TinyError, UsageError, classify
from tinyllm.grading import blameless
from tinyllm.inputs import inputs_of
from tinyllm.models import Entry
from tinyllm.plain import as_text
from tinyllm.running import Event, Running, current, entered
from tinyllm.spec import GraphSpec
from tinyllm.state import latest

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

LONGEST = 300.0  # seconds for one question
HARMLESS = ("pure", "read")
ASKED = ("call", "cached")  # events that name a model that spoke


@dataclass
class Budget:
    """Model calls that a round of growing may make."""

    most: int
    spent: int = 0

    @property
    def left(self) -> int:
        return self.most - self.spent


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it."""

    answer: str = ""
    passed: bool | None = None  # what the graph's own gates said; None: nothing, or nobody was there
    evidence: str = ""
    models: tuple[str, ...] = ()
    reached: bool = True  # the question came to the nodes that are compared


@dataclass
class Replays:
    """Versions of a graph, ready to be asked."""

    engine: Engine
    budget: Budget
    _ready: dict[str, Engine] = field(default_factory=dict)

    async def ask(self, spec: GraphSpec, question: str, group: Sequence[str], place: str) -> Replayed:
        """Both versions are asked with the same seed: what differs then is not the luck of the draw."""
        if self.budget.left <= 0:
            raise OutOfBudget("the calls for growing are used up", hint="give it more: --budget CALLS")
        engine = self._version(spec)
        engine.services.guard.entries = seeded(spec, question)
        heard: list[Event] = []
        outer = current()
        running = replace(
            outer,
            listen=lambda event: self._listen(event, heard, outer),
            deadline=min(outer.deadline, outer.clock.monotonic() + LONGEST),
            streams=False,
            ask=_nobody,
            model="",
            extra={"item": place},
        )
        try:
            given = inputs_of(spec, question, None)
        except UsageError:  # the graph needs more than a question, and that was not kept
            return Replayed(reached=False)
        return await self._went(engine.graph, given, group, running, heard)

    def _listen(self, event: Event, heard: list[Event], outer: Running) -> None:
        heard.append(event)
        if event.kind in ("call", "cached", "kept", "fallback", "failure", "unclassified"):
            outer.listen(event)
        self.budget.spent += event.kind == "call"

    async def _went(
        self,
        graph: "CompiledStateGraph[Any, Any, Any, Any]",
        given: Mapping[str, Any],
        group: Sequence[str],
        running: Running,
        heard: list[Event],
    ) -> Replayed:
        from langchain_core.runnables.config import var_child_runnable_config

        # It is no part of the graph that it is called from, and none of its steps is kept.
        token = var_child_runnable_config.set(None)
        try:
            with entered(running):
                state = await graph.ainvoke({"inputs": given, "messages": []}, {"recursion_limit": 500})
        except (TinyError, RecursionError) as failure:
            named = classify(failure)
            if named.kind == "cancelled":
                raise
            if current().left() <= 0:
                raise TimedOut("the time for growing is used up", hint="--timeout SECONDS") from failure
            return Replayed(passed=None if blameless(named.as_dict()) else False)
        finally:
            var_child_runnable_config.reset(token)
        return read(state, heard, group)

    def _version(self, spec: GraphSpec) -> Engine:
        """An engine of its own, whose seeds no other run sees, and whose tools change nothing."""
        if spec.fingerprint not in self._ready:
            made = self.engine.version(spec)
            acting = tuple(tool.name for tool in made.tools.tools.values() if tool.effect not in HARMLESS)
            denied = replace(made.settings, deny=(*made.settings.deny, *acting))
            made.services = replace(made.services, settings=denied, growing=None)
            self._ready[spec.fingerprint] = made
        return self._ready[spec.fingerprint]


def read(state: Mapping[str, Any], heard: Sequence[Event], group: Sequence[str]) -> Replayed:
    """How the nodes of the group did: the last verdict on their own model's answer, or their answer without one."""
    models = tuple(dict.fromkeys(str(event.data["model"]) for event in heard if event.kind in ASKED))
    said = [event.data for event in heard if event.kind == "grade" and event.data["node"] in group]
    said = [data for data in said if data["kind"] not in ("tool", "complaint")]
    own = [data for data in said if data["model"] in ("", said[0]["model"])]
    if own:
        last = own[-1]
        return Replayed(str(last["answer"]), bool(last["passed"]), str(last["evidence"]), models)
    node = latest(state["outputs"], tuple(group))
    # Of a group that was split, the router says nothing that is an answer.
    return Replayed(as_text(state["outputs"].get(node)), None, "", models, reached=bool(node))


def seeded(spec: GraphSpec, question: str) -> dict[str, Entry]:
    """The graph's models with a seed that belongs to the question, unless they have one of their own."""
    seed = int.from_bytes(hashlib.sha256(question.encode("utf-8", "replace")).digest()[:3])
    named = {
        name for node in spec.nodes.values() for name in node.models() if name and name not in spec.models
    }
    entries = {**spec.models, **{name: Entry(key=name, name=name) for name in named}}
    return {
        key: entry if entry.seed is not None else entry.model_copy(update={"seed": seed})
        for key, entry in entries.items()
    }


async def _nobody(question: str, choices: tuple[str, ...]) -> str:  # noqa: ARG001 - the signature of `ask`
    raise Permanent("a replay asks no person", code="TOOL_NOT_ALLOWED")
