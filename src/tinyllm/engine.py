"""The front door: ask a graph, watch it, or embed it."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tinyllm import settings as settings_of
from tinyllm.answer import Account, Answer, as_text
from tinyllm.build import build
from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import UsageError, classify
from tinyllm.guard import Guard
from tinyllm.log import Log
from tinyllm.models import Make, Models
from tinyllm.running import Ask, Event, Running, entered
from tinyllm.services import Services
from tinyllm.settings import Settings
from tinyllm.spec import GraphSpec, find, read, read_file
from tinyllm.state import REFUSE, latest
from tinyllm.toolkit import Tool, Toolbox

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable
    from langgraph.graph.state import CompiledStateGraph

T = TypeVar("T")
LONGEST = 1_000_000  # characters of a question; no small model reads more


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
    ) -> None:
        self.settings = settings or settings_of.load()
        self.clock = clock
        self.tools = Toolbox.standard(tools)
        self.spec = self._read(graph or self.settings.graph)
        if schema:
            self.spec = self.spec.constrained(schema)
        self.models = Models(self.settings, make, clock)
        self.services = Services(
            self.settings, Guard(self.models, self.spec.models), self.tools, self.spec.allow, clock
        )

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

    async def ask(
        self,
        question: str = "",
        *,
        inputs: Mapping[str, Any] | None = None,
        attached: Sequence[Path] = (),
        listen: Callable[[Event], None] | None = None,
        streams: bool = False,
        ask: Ask | None = None,
        model: str = "",
        timeout: float | None = None,
    ) -> Answer:
        """Run the graph on a question, and answer."""
        account = Account()
        log = Log(self.settings.log) if self.settings.log else None

        def heard(event: Event) -> None:
            account.add(event)
            if log is not None:
                log.write(running.id, event)
            if listen is not None:
                listen(event)

        started = self.clock.monotonic()
        running = Running(
            id=uuid.uuid4().hex[:12],
            deadline=started + (timeout or self.settings.timeout),
            streams=streams,
            ask=ask,
            model=model,
            listen=heard,
            clock=self.clock,
        )
        given = {"inputs": self._inputs(question, inputs, attached), "messages": []}
        with entered(running):
            heard(Event("begin", data={"run": running.id, "graph": self.spec.name}, at=self.clock.now()))
            try:
                state = await self.graph.ainvoke(given, {"recursion_limit": 10_000})
            except Exception as failure:
                raise classify(failure) from failure
        return self._answer(running, account, state, round((self.clock.monotonic() - started) * 1000, 1))

    def _inputs(
        self, question: str, inputs: Mapping[str, Any] | None, attached: Sequence[Path] = ()
    ) -> dict[str, Any]:
        """The question under its name, and every input that the graph asks for."""
        if len(question) > LONGEST:
            raise UsageError(
                f"the question has {len(question):,} characters; the limit is {LONGEST:,}",
                hint="cut it, or put the text into a file",
            )
        given = dict(inputs or {})
        if attached:
            given["attached"] = [str(_there(path)) for path in attached]
        missing = [name for name in self.spec.inputs if name not in given and name != "question"]
        if question:
            given["question"] = question
            # A graph with one input of its own takes the prompt for it.
            if len(missing) == 1:
                given[missing.pop()] = question
        if missing:
            raise UsageError(
                f"the graph {self.spec.name!r} needs the input {missing[0]!r}: {self.spec.inputs[missing[0]]}",
                hint=f"give it with -i '{{\"{missing[0]}\": …}}'",
            )
        if not given:
            raise UsageError("there is no question", hint='ask one: tinyllm run "What is 2 + 2?"')
        return given

    def _answer(self, running: Running, account: Account, state: Mapping[str, Any], took: float) -> Answer:
        waiting = [pause.value for pause in state.get("__interrupt__", ())]
        outputs = state["outputs"]
        refusal = outputs.get(REFUSE)
        value = outputs.get(latest(outputs, self.spec.answering))
        answer = Answer(
            run=running.id,
            status="waiting" if waiting else "refused" if refusal else "committed",
            answer=as_text(value),
            value=value,
            route=tuple(account.route),
            path=tuple(account.path),
            models=tuple(account.models),
            tokens=account.tokens,
            elapsed_ms=took,
            notes=tuple(account.notes),
            failures=state.get("failures", ()),
            tried=refusal["tried"] if refusal else (),
            question=waiting[0] if waiting else {},
        )
        return answer if value is not None or waiting or refusal else replace(answer, status="refused")

    async def stream(self, question: str = "", **options: Any) -> AsyncIterator[Event]:
        """The events of a run as they happen; the last one carries the answer."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        options = {"streams": True, **options}
        task = asyncio.ensure_future(self.ask(question, listen=queue.put_nowait, **options))
        task.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            yield Event("end", data=(await task).as_dict(), at=self.clock.now())
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def ask_sync(self, question: str = "", **options: Any) -> Answer:
        """`ask` for programs that are not async, and for notebooks that already run a loop."""
        return _on_the_background_loop(self.ask(question, **options))

    def as_runnable(self) -> "Runnable[Any, str]":
        """The graph as a LangChain runnable: a question in, the answer as text out."""
        from langchain_core.runnables import RunnableLambda

        async def ask(given: Any) -> str:
            return str(await self.ask(**_asked(given)))

        return RunnableLambda(lambda given: _on_the_background_loop(ask(given)), ask, name=self.spec.name)

    async def aclose(self) -> None:
        await self.models.aclose()

    async def __aenter__(self) -> "Engine":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _there(path: Path) -> Path:
    if not path.is_file():
        raise UsageError(f"there is no file {path}", hint="check the path of --attach")
    return path.resolve()


def _asked(given: Any) -> dict[str, Any]:
    """A string, a message, a list of messages, or a dict of inputs, as `ask` takes it."""
    if isinstance(given, str):
        return {"question": given}
    if isinstance(given, Mapping):
        if "messages" in given:
            return _asked(given["messages"])
        return {"question": str(given.get("question", "")), "inputs": given}
    last = given[-1] if isinstance(given, (list, tuple)) and given else given
    if isinstance(last, Mapping):
        return {"question": str(last.get("content", ""))}
    return {"question": str(getattr(last, "content", last))}


_loop: asyncio.AbstractEventLoop | None = None
_lock = threading.Lock()


def _on_the_background_loop(work: Coroutine[Any, Any, T]) -> T:
    """One loop in one daemon thread serves every synchronous caller: clients keep their connections."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="tinyllm", daemon=True).start()
    return asyncio.run_coroutine_threadsafe(work, _loop).result()


def studio(graph: str = "assistant") -> "CompiledStateGraph[Any, Any, Any, Any]":
    """A shipped graph for LangGraph Studio, whose server keeps its own checkpoints."""
    return Engine(graph).graph
