"""One run of a graph: executed inside its transaction, watched, and ended by its answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypedDict

from tinyllm.answer import Account, Answer, as_text
from tinyllm.clock import Clock
from tinyllm.errors import Permanent, TinyError, UsageError, classify
from tinyllm.log import Log
from tinyllm.machine import Machine
from tinyllm.running import Ask, Event, Priority, Running, entered, unclassified
from tinyllm.spec import GraphSpec
from tinyllm.state import REFUSE, Message, latest, meant
from tinyllm.toolkit import Toolbox
from tinyllm.traces import Trace
from tinyllm.transactions import Line, Relay, Run, RunRow
from tinyllm.transactions.outbox import BRIEF
from tinyllm.transactions.rows import standing

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

MOST = 10_000  # supersteps; `max_visits` ends a loop long before


class Options(TypedDict, total=False):
    """How a run is carried: what does not change what it is about."""

    listen: Callable[[Event], None] | None
    streams: bool  # somebody watches tokens
    ask: Ask | None  # how the person who sits there is asked
    model: str  # in the place of every model
    approve: Sequence[str]  # tools that may run
    timeout: float | None
    priority: Priority
    told: str  # the node whose question was answered
    traceparent: str  # what the run is a part of, for traces: as W3C writes it


def running_with(
    options: Options, id: str, thread: str, timeout: float, listen: Callable[[Event], None], clock: Clock
) -> Running:
    """The place in the world of a run that is carried so."""
    return Running(
        id=id,
        thread=thread,
        priority=options.get("priority", "person"),
        deadline=clock.monotonic() + (options.get("timeout") or timeout),
        streams=options.get("streams", False),
        ask=options.get("ask"),
        model=options.get("model", ""),
        listen=listen,
        clock=clock,
        extra={
            "approve": tuple(options.get("approve", ())),
            "told": options.get("told", ""),
            "served": set(),
        },
    )


@dataclass
class Watch:
    """Everybody who hears the events of a run: its account, its row in the database, the log, the caller."""

    run: Run | None
    id: str
    log: Log | None
    listen: Callable[[Event], None] | None
    account: Account = field(default_factory=Account)
    unknown: list[Event] = field(default_factory=list)  # failures that no rule knew
    trace: Trace | None = None

    def heard(self, event: Event) -> None:
        if self.trace is not None and self.trace.heard(event):
            return
        self.account.add(event)
        if event.kind == "unclassified":
            self.unknown.append(event)
        if self.run is not None:
            self.run.note(event)
        if event.kind == "kept":  # a whole reply, for the database alone
            return
        if self.log is not None:
            self.log.write(self.id, event, self.trace.place() if self.trace else {})
        if self.listen is not None:
            self.listen(event)

    def recall(self, lines: list[Line]) -> None:
        """What a run did before it was interrupted belongs to its account."""
        for line in standing(lines):
            self.account.add(Event(line.kind, line.node, line.data, line.at))


@dataclass(frozen=True)
class Execution:
    """A compiled graph, and the run that goes through it."""

    spec: GraphSpec
    graph: "Machine | CompiledStateGraph[Any, Any, Any, Any]"
    watch: Watch
    running: Running
    parallel: bool = False  # several tasks at once

    async def transact(self, run: Run, given: Any) -> Answer:
        """Commit the answer, or wait for a person; whatever is raised rolls back, a stop does not."""
        if not self.parallel:
            run.alone()
        run.staged.marks = self.spec.mark
        async with run:
            answer = await self.answered(given, {**run.config, "recursion_limit": MOST}, run.durability)
            if answer.status == "waiting":
                await run.wait(answer.question)
            else:
                lost = await run.commit(answer.as_dict(), turn(run.row.question, answer))
                answer = replace(answer, notes=(*answer.notes, *lost)) if lost else answer
        return answer

    async def answered(self, given: Any, config: Any, durability: str | None = None) -> Answer:
        """Carry the graph to its end, or to where it waits."""
        clock = self.running.clock
        started = clock.monotonic()
        options: Any = {} if durability is None else {"durability": durability}
        with entered(self.running):
            data: dict[str, Any] = {
                "run": self.watch.id,
                "graph": self.spec.name,
                "model": self.running.model,
            }
            data.update({key: list(self.running.extra.get(key, ())) for key in ("approve", "tainted")})
            self.watch.heard(Event("begin", data={k: v for k, v in data.items() if v}, at=clock.now()))
            try:
                state = await self.graph.ainvoke(given, config, **options)
            except Exception as failure:
                raise classify(failure, unknown=unclassified) from failure
        return self._answer(state, round((clock.monotonic() - started) * 1000, 1))

    async def replayed(self, row: RunRow, window: Sequence[Message]) -> Answer:
        """From what was recorded; raise where it comes to another answer."""
        answer = await self.answered({"inputs": row.inputs, "messages": window}, {"recursion_limit": MOST})
        if row.answer is not None and answer.answer != row.answer["answer"]:
            raise Permanent(
                "the replay came to another answer",
                hint=f"recorded: {row.answer['answer'][:80]!r}; now: {answer.answer[:80]!r}",
                where=row.id,
                code="REPLAY_DIVERGED",
            )
        return answer

    def _answer(self, state: Mapping[str, Any], took: float) -> Answer:
        account = self.watch.account
        waiting = [{**pause.value, "pause": pause.id} for pause in state.get("__interrupt__", ())]
        outputs = state["outputs"]
        refusal = outputs.get(REFUSE)
        value = outputs.get(latest(outputs, self.spec.answering))
        answer = Answer(
            run=self.watch.id,
            status="waiting" if waiting else "refused" if refusal else "committed",
            answer=as_text(value),
            evidence="unchecked" if value is None or refusal else account.evidence,
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
            steps=tuple(account.steps),
        )
        return answer if value is not None or waiting or refusal else replace(answer, status="refused")


async def sent(answer: Answer, relay: Relay) -> Answer:
    """The answer, after what waits was sent: a note for what could not be changes nothing about the run."""
    try:
        left = [
            f"{each.tool} was not sent: {each.error}"
            for each in await relay.pass_over(limit=BRIEF)
            if each.state != "sent"
        ]
    except TinyError as failure:
        left = [f"what is to be sent waits: {failure}"]
    more = (*left, "`tinyllm runs outbox list` shows what waits") if left else ()
    return replace(answer, notes=(*answer.notes, *more))


def replied(row: RunRow, reply: str | None) -> str | None:
    """What a waiting run is told, when it is an answer to what it asked; a slip costs nothing."""
    if row.status != "waiting":
        return reply
    choices = [str(choice) for choice in row.waits.get("choices") or ()]
    example = choices[0] if choices else "TEXT"
    if reply is None or not meant(reply, choices):
        asked = row.waits.get("question", "")
        said = "waits for an answer" if reply is None else f"cannot take {reply!r} for an answer"
        among = f"; it takes {' or '.join(choices)}" if choices else ""
        raise UsageError(
            f"the run {row.id} {said}: {asked}{among}",
            hint=f"tinyllm runs resume {row.id} --answer {example}",
            code="ANSWER_MISSING" if reply is None else "ANSWER_UNKNOWN",
        )
    return meant(reply, choices)


def turn(question: str, answer: Answer) -> list[Message]:
    """What the conversation remembers of a run."""
    said = [{"role": "user", "content": question}] if question else []
    return [*said, {"role": "assistant", "content": answer.answer}] if answer.answer else said


def begun_with(lines: Sequence[Line]) -> Options:
    """The options that a run began with, and that it goes on with."""
    began = next((line.data for line in lines if line.kind == "begin"), {})
    return {"model": str(began.get("model", "")), "approve": tuple(began.get("approve", ()))}


def strangers(lines: Sequence[Line]) -> dict[str, None]:
    """What brought words of strangers in: in this run before it stopped, or in what its thread said before."""
    begun = [source for line in lines if line.kind == "begin" for source in line.data.get("tainted", ())]
    return dict.fromkeys([*begun, *(str(line.data["source"]) for line in lines if line.kind == "taint")])


def durability(spec: GraphSpec, tools: Toolbox) -> str:
    """Each step is kept where a step may have cost something; a pure graph is simply run again."""
    patterns = [pattern for node in spec.nodes.values() for pattern in node.tool_patterns()]
    pure = all(tool.effect == "pure" for tool in tools.matching(patterns).tools.values())
    return "exit" if pure and not spec.asks_models else "sync"
