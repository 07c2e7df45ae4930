"""The front door: ask a graph, watch it, or embed it."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tinyllm import settings as settings_of
from tinyllm.answer import Answer
from tinyllm.build import build, machine
from tinyllm.cache import EVERY, Cache, tidy
from tinyllm.calling import as_question, on_the_background_loop, streamed
from tinyllm.clock import CLOCK, Clock
from tinyllm.draw import draw
from tinyllm.effects import recording
from tinyllm.execution import (
    Execution,
    Options,
    Watch,
    begun_with,
    durability,
    replied,
    running_with,
    sent,
    strangers,
)
from tinyllm.guard import Breakers, Guard, StoreShelf
from tinyllm.health import learning
from tinyllm.inputs import inputs_of
from tinyllm.log import Log
from tinyllm.machine import Machine
from tinyllm.memory.remembered import Memory
from tinyllm.models import Make, Models
from tinyllm.overlay import Patch, grown, read_beside, read_patches, serving, together
from tinyllm.running import Event, Running
from tinyllm.services import Growing, Services
from tinyllm.settings import Settings
from tinyllm.spec import GraphSpec, find, read, read_file
from tinyllm.store import release_store, shared_store
from tinyllm.toolkit import Tool, Toolbox
from tinyllm.traces import ending
from tinyllm.traces.sending import flushed, tracing
from tinyllm.transactions import Delivery, Line, Relay, Run, RunRow, Transactions

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable
    from langgraph.graph.state import CompiledStateGraph


VERSIONS = 8  # of a graph that an engine keeps ready


class Engine:
    """One graph, ready to answer."""

    def __init__(
        self,
        graph: str | Path | GraphSpec | Mapping[str, Any] = "",
        *,
        settings: Settings | None = None,
        schema: Mapping[str, Any] | None = None,
        make: Make | None = None,
        tools: tuple[Tool, ...] = (),
        clock: Clock = CLOCK,
        growing: Growing | None = None,
    ) -> None:
        self.settings = settings or settings_of.load()
        self.clock = clock
        self.tools = Toolbox.of(self.settings, tools)
        self.base = self._read(graph or self.settings.graph)  # as its file says
        self.spec = self.base.constrained(schema) if schema else self.base
        self.schema = schema
        self._others: dict[str, Engine] = {}
        self.models = Models(self.settings, make, clock)
        breakers = Breakers(StoreShelf(lambda: self.transactions.store), clock)
        cache = Cache.of(self.models, lambda: self.transactions.store)
        guard = Guard(self.models, self.spec.models, breakers, cache=cache)
        memory = Memory(self.settings, lambda: self.transactions.store, embed=guard.embed)
        self.services = Services(
            self.settings, guard, self.tools, self.spec.allow, clock, growing=growing, kept=memory
        )
        self._looked = False  # into the outbox, for what others left there

    def _read(self, graph: str | Path | GraphSpec | Mapping[str, Any]) -> GraphSpec:
        if isinstance(graph, GraphSpec):
            return graph
        if isinstance(graph, Mapping):
            return read(graph, tools=self.tools)
        return read_file(find(str(graph), self.settings), self.settings, self.tools)

    @cached_property
    def graph(self) -> "CompiledStateGraph[Any, Any, Any, Any]":
        """The LangGraph state machine itself."""
        return build(self.spec, self.services)

    @cached_property
    def transactions(self) -> Transactions:
        """The runs of this project; every engine of a process shares them."""
        store = shared_store(self.settings.database_url, self.clock)
        return Transactions(
            store, contents=None if store.dialect == "sqlite" else self.settings.data / "files"
        )

    @cached_property
    def machine(self) -> Machine:
        """The graph with checkpoints: only inside a run."""
        return machine(self.spec, self.services, self.transactions.saver)

    @cached_property
    def _parallel(self) -> bool:
        return any(node.fans_out() for node in self.spec.lowered().nodes.values())

    @cached_property
    def _durability(self) -> str:
        return durability(self.spec, self.tools)

    async def ask(
        self,
        question: str = "",
        *,
        inputs: Mapping[str, Any] | None = None,
        attached: Sequence[Path] = (),
        thread: str = "",
        wait: float = 0.0,
        id: str = "",
        **options: Unpack[Options],
    ) -> Answer:
        """Run the graph on a question, and answer; on a thread, as the next turn of its conversation."""
        given = inputs_of(self.spec, question, inputs, attached)
        tracing(self.settings)  # refused while nothing has begun
        id = id or f"{self.clock.chance.getrandbits(48):012x}"
        engine = await self._begun(id)
        run = await self.transactions.begin(
            id=id,
            thread=thread,
            question=str(given.get("question", "")),
            inputs=given,
            graph=engine.spec.name,
            fingerprint=engine.spec.fingerprint,
            body=engine.spec.text,
            durability=engine._durability,
            every=engine.spec.checkpoint_every,
            wait=wait,
        )
        begun = {"inputs": run.row.inputs, "messages": run.window}
        return await engine._carried(run, begun, **options)

    async def resume(self, id: str, reply: str | None = None, **options: Unpack[Options]) -> Answer:
        """Go on with a run that waits for this reply, or that was interrupted, with the graph it began with."""
        row = await self.transactions.run(id)
        tracing(self.settings)
        if reply is not None or not options.get("ask"):  # who sits there is asked by the node
            reply = replied(row, reply)
        engine = await self._of(row)
        run = await self.transactions.resume(row.id)
        past = await self.transactions.timeline(row.id)
        options = {**begun_with(past), **options}
        if run.question_asked is not None and reply is not None:
            from langgraph.types import Command

            at = run.question_asked.get("pause")  # where several wait: the one that was shown
            given: Any = Command(resume={at: reply} if at else reply)
            return await engine._carried(run, given, past, told=run.question_asked["node"], **options)
        begun = {"inputs": run.row.inputs, "messages": run.window}
        return await engine._carried(run, None if run.resumed else begun, past, **options)

    async def replay(self, id: str, **options: Any) -> Answer:
        """Run it again from what was recorded, touching nothing; raise where it goes another way."""
        row = await self.transactions.run(id)
        engine = await self._of(row)
        window = await self.transactions.window_of(row.parent)
        past = await self.transactions.timeline(row.id)
        running, watch = engine._watched(row.id, None, **{**begun_with(past), **options})
        running.extra.update(tainted=strangers([line for line in past if line.kind == "begin"][:1]))
        with recording(await self.transactions.replay(row.id)):
            return await Execution(engine.spec, engine.graph, watch, running).replayed(row, window)

    async def _begun(self, run: str) -> "Engine":
        """This engine, or one with the graph as it has grown by now: with it the run begins, and ends."""
        if self.settings.growth_mode == "off":
            return self
        table = await self.transactions.store.read(lambda db: read_patches(db, self.base.name))
        spec = grown(self.base, serving(together(table, self._beside), run))
        return (
            self if spec is self.base else self.over(spec.constrained(self.schema) if self.schema else spec)
        )

    @cached_property
    def _beside(self) -> list[Patch]:
        return read_beside(self.base, self.tools)

    async def _of(self, row: RunRow) -> "Engine":
        """This engine, with the graph that the run began with."""
        if row.fingerprint == self.spec.fingerprint:
            return self
        return self.over(read(json.loads(await self.transactions.graph(row.fingerprint)), tools=self.tools))

    def over(self, spec: GraphSpec) -> "Engine":
        """An engine for another version of the graph, with these models, tools and runs."""
        engine = self._others.get(spec.fingerprint)
        if engine is None:
            engine = self.version(spec)
            while len(self._others) >= VERSIONS:
                del self._others[next(iter(self._others))]
            self._others[spec.fingerprint] = engine
        return engine

    def version(self, spec: GraphSpec) -> "Engine":
        """The same, and nobody else's."""
        engine = Engine(spec, settings=self.settings, make=self.models.make, clock=self.clock)
        engine.tools, engine.models = self.tools, self.models
        guard = replace(self.services.guard, entries=spec.models)
        engine.services = replace(self.services, guard=guard, allow=spec.allow)
        engine.__dict__["transactions"] = self.transactions
        return engine

    async def _carried(self, run: Run, given: Any, past: Sequence[Line] = (), **options: Any) -> Answer:
        running, watch = self._watched(run.id, run, **options)
        watch.recall(list(past))
        earlier = () if past or not run.row.parent else await self.transactions.timeline(run.row.parent)
        run.staged.consent = self.settings.grades_consent == "yes"
        running.extra.update(asked=run.question_asked, tainted=strangers([*past, *earlier]))
        work = Execution(self.spec, self.machine, watch, running, self._parallel)
        with ending(watch.trace) as told:
            async with learning(self.transactions.store, watch.unknown, self.services.guard.ratios):
                answer = told(await work.transact(run, given))
        await self.transactions.thin(run)
        await tidy(self.services.guard.cache, EVERY)
        if run.status == "committed" and (run.ledger.delivers or not self._looked):
            watch.run = None  # its row is closed: a delivery is filed by whoever makes it
            return await sent(answer, self._relay(watch.heard))
        return answer

    async def deliver(self, *keys: str, again: bool = False) -> list[Delivery]:
        """Send what committed runs left to be sent; `again`: also what failed, or is not due yet."""
        return await self._relay(lambda _: None).pass_over(keys, again=again)

    def _relay(self, tell: Callable[[Event], None]) -> Relay:
        self._looked = True
        return Relay(self.transactions.store, self.services.deliver, self.clock, tell)

    def _watched(self, id: str, run: Run | None, **options: Unpack[Options]) -> tuple[Running, Watch]:
        log = Log(self.settings.log) if self.settings.log else None
        watch = Watch(run, id, log, options.get("listen"))
        thread = run.thread if run is not None else id
        running = running_with(options, id, thread, self.settings.timeout, watch.heard, self.clock)
        if run is not None and (traces := tracing(self.settings)) is not None:
            parent = options.get("traceparent", "")
            watch.trace = traces.begin(
                run.row, self.spec.name, self.clock, self.settings.database_url, parent
            )
            running.extra.update(trace=watch.trace, content=traces.content)
        return running, watch

    def stream(self, question: str = "", **options: Any) -> AsyncIterator[Event]:
        """The events of a run as they happen; the last one carries the answer."""
        options = {"streams": True, **options}
        return streamed(lambda listen: self.ask(question, listen=listen, **options), self.clock)

    def ask_sync(self, question: str = "", **options: Any) -> Answer:
        """`ask` for programs that are not async, and for notebooks that already run a loop."""
        return on_the_background_loop(self.ask(question, **options))

    def as_runnable(self) -> "Runnable[Any, str]":
        """The graph as a LangChain runnable: a question in, the answer as text out."""
        from langchain_core.runnables import RunnableLambda

        async def ask(given: Any) -> str:
            return str(await self.ask(**as_question(given)))

        return RunnableLambda(lambda given: on_the_background_loop(ask(given)), ask, name=self.spec.name)

    def _repr_svg_(self) -> str:
        return draw(self.spec, "svg")

    async def aclose(self) -> None:
        await self.models.aclose()
        await self.tools.aclose()
        await flushed(self.settings)
        if "transactions" in self.__dict__:
            await tidy(self.services.guard.cache)
            release_store(self.__dict__.pop("transactions").store)
            self.__dict__.pop("machine", None)

    async def __aenter__(self) -> "Engine":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
