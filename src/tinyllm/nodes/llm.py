"""Ask a model; with tools, ask and use them in turns."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from tinyllm.errors import TinyError
from tinyllm.guard import read_json
from tinyllm.kinds import Node, node
from tinyllm.models import Ask, Reply
from tinyllm.nodes.context import Context, begun, remembered
from tinyllm.nodes.use import Use
from tinyllm.running import current, emit
from tinyllm.services import Services
from tinyllm.state import Goto, Message, State
from tinyllm.texts import prompt, template


class Llm(Node):
    """A specialist: a model with its own prompt and its own tools."""

    texts: ClassVar[dict[str, str]] = {"prompt": "template"}

    kind: Literal["llm"] = "llm"
    model: str = Field(default="", description="An entry of `models:` or a model's name.")
    prompt: str = Field(default="", description="The prompt, or the name of a file that ends in .md.")
    tools: tuple[str, ...] = Field(
        default=(), description="The tools it sees: names or patterns like calc_*."
    )
    allow: tuple[str, ...] = Field(default=(), description="Tools that may run here without asking.")
    window: bool = Field(default=True, description="The prompt leads the conversation, or is the question.")
    turns: int = Field(
        default=6, ge=1, le=50, description="How often it may use tools before it must answer."
    )
    tokens: int = Field(
        default=0, ge=0, description="How many tokens its calls of tools may cost; 0: as many as they do."
    )
    output: dict[str, Any] | None = Field(
        default=None, alias="schema", description="A JSON schema that the reply must follow."
    )
    temperature: float | None = Field(default=None, ge=0, le=2)
    recall: int = Field(
        default=0, ge=0, le=20, description="How many memories that fit the question it is shown."
    )
    use: str = Field(default="", description="Filled in: the node that runs its tool calls.")

    def exits(self) -> tuple[str, ...]:
        return (*super().exits(), *((self.use,) if self.use else ()))

    def models(self) -> tuple[str, ...]:
        return (self.model,)

    def tool_patterns(self) -> tuple[str, ...]:
        return self.tools

    def expanded(self) -> Mapping[str, Node] | None:
        """Ask and use as two nodes, so that each call is a step that can be seen and resumed."""
        if not self.tools or self.use:
            return None
        use = Use(id=f"{self.id}.use", of=self.id, tools=self.tools, allow=self.allow, to=self.id)
        visits = self.max_visits * (self.turns + 1)
        return {
            self.id: self.model_copy(update={"use": use.id, "max_visits": visits}),
            use.id: use.model_copy(update={"max_visits": visits}),
        }


@node
async def llm(config: Llm, state: State, services: Services) -> Goto:
    """Ask a model; with tools, ask and use them in turns."""
    note = state["notes"].get(config.id, {})
    past, chatter = _chatter(config, state)
    spent = _spent(config, chatter)
    tools = services.tools.matching(config.tools).tools.values() if config.tools and not spent else ()
    context = begun(config.id, note.get("model") or config.model, state, again=bool(chatter))
    await _shown(context, config, state, services)
    context.add(past)
    context.add(_feedback(config, state), pinned=True)
    context.add(chatter)
    context.add([{"role": "user", "content": prompt("enough.md").render({})}] if spent else [], pinned=True)
    schemas = [tool.schema for tool in tools]
    ask = Ask(
        messages=await context.fitted(schemas, services),
        tools=schemas,
        schema=config.output,
        options={} if config.temperature is None else {"temperature": config.temperature},
        token=(lambda text: emit("token", text=text)) if current().streams else None,
    )
    asked = _read(config)
    try:
        reply, value = await (
            services.guard.ask(note["model"], ask, asked, (note["model"],))
            if note.get("model")
            else services.guard.ask(config.model, ask, asked)
        )
    except TinyError as failure:
        return _as_before(config, state, failure)
    if reply.tool_calls and tools:
        kept = [*_kept(past), *chatter, _said(reply)]
        return Goto(config.use, None, scratch={config.id: kept, **context.notes()})
    return Goto(config.to, value, scratch={config.id: [*past, *chatter, _ended(reply)]})


def _said(reply: Reply) -> Message:
    cost = reply.tokens_in + reply.tokens_out
    calls = list(reply.tool_calls)
    return {"role": "assistant", "content": reply.text, "tool_calls": calls, "tokens": cost}


def _ended(reply: Reply) -> Message:
    seconds = round(reply.seconds, 3)
    by = {"model": reply.model, "entry": reply.entry, "seconds": seconds}
    return {"role": "ended", "done_reason": reply.done_reason, **by}


def _spent(config: Llm, chatter: list[Message]) -> bool:
    """Has it used its tools as often, or for as many tokens, as it may?"""
    said = [message for message in chatter if message["role"] == "assistant"]
    tokens = sum(int(message.get("tokens", 0)) for message in said)
    return len(said) >= config.turns or (config.tokens > 0 and tokens >= config.tokens)


def _as_before(config: Llm, state: State, failure: TinyError) -> Goto:
    """A stronger model that cannot be had does not cost the answer that there is already."""
    note = state["notes"].get(config.id, {})
    if not note.get("model") or failure.kind == "cancelled" or config.id not in state["outputs"]:
        raise failure
    emit("skipped", check=note["model"], because=failure.message)
    return Goto(config.to, state["outputs"][config.id])


def _read(config: Llm) -> Callable[[Reply], tuple[Reply, Any]]:
    """The reply and what it says: a value when a schema is asked for, else its text."""

    def read(reply: Reply) -> tuple[Reply, Any]:
        wanted = config.output is not None and not reply.tool_calls
        return reply, read_json(reply, config.output or {}) if wanted else reply.text

    return read


def _chatter(config: Llm, state: State) -> tuple[list[Message], list[Message]]:
    """What was said with the tools before an answer that is sent back, and what was said since."""
    chatter = state["scratch"].get(config.id, [])
    ends = [place for place, message in enumerate(chatter) if message["role"] == "ended"]
    past = chatter[: ends[-1]] if ends else []
    afresh = state["notes"].get(config.id, {}).get("afresh", True)
    return [] if afresh else past, chatter[ends[-1] + 1 :] if ends else chatter


def _kept(past: list[Message]) -> list[Message]:
    """Marked as belonging to the answer before."""
    return [*past, {"role": "ended"}] if past else []


async def _shown(context: Context, config: Llm, state: State, services: Services) -> None:
    """The prompt, what is remembered, and the conversation; the prompt, the question and the last word stay."""
    text = template(config.prompt, config.id).render(state) if config.prompt else ""
    if config.window:
        context.add([{"role": "system", "content": text}] if text else [], pinned=True)
    if config.recall:
        query = str(state["inputs"].get("question") or text)
        context.add(await remembered(context, query, config.recall, services), pinned=True)
    if config.window:
        said = [message for message in state["messages"] if message.get("node") != config.id]
        task = max((n for n, message in enumerate(said) if _asks(message)), default=-1)
        for place, message in enumerate(said):
            context.add([_as_read(message)], pinned=place == task)
    else:
        context.add([{"role": "user", "content": text}], pinned=True)


def _asks(message: Message) -> bool:
    return message["role"] == "user" and "node" not in message


def _as_read(message: Message) -> Message:
    """What another node of this run said is material to this one, not its own words."""
    if "node" not in message:
        return message
    return {"role": "user", "content": f"Result of {message['node']}:\n{message['content']}"}


def _feedback(config: Llm, state: State) -> list[Message]:
    note = state["notes"].get(config.id)
    if not note or note.get("afresh"):
        return []
    return [
        {"role": "assistant", "content": str(note["answer"])},
        {"role": "user", "content": prompt("feedback.md").render({"because": note["because"]})},
    ]
