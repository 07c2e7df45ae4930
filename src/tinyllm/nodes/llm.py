"""Ask a model; with tools, ask and use them in turns."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from tinyllm.guard import read_json
from tinyllm.kinds import Node, node
from tinyllm.models import Ask, Reply
from tinyllm.nodes.use import Use
from tinyllm.running import current, emit
from tinyllm.services import Services
from tinyllm.state import Goto, Message, State
from tinyllm.texts import template

ENOUGH = "You have used your tools often enough. Answer now with what you know."


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
    output: dict[str, Any] | None = Field(
        default=None, alias="schema", description="A JSON schema that the reply must follow."
    )
    temperature: float | None = Field(default=None, ge=0, le=2)
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
    chatter = _chatter(config, state)
    spent = sum(1 for message in chatter if message["role"] == "assistant") >= config.turns
    tools = services.tools.matching(config.tools).tools.values() if config.tools and not spent else ()
    ask = Ask(
        messages=[
            *_window(config, state),
            *chatter,
            *([{"role": "user", "content": ENOUGH}] if spent else []),
        ],
        tools=[tool.schema for tool in tools],
        schema=config.output,
        options={} if config.temperature is None else {"temperature": config.temperature},
        token=(lambda text: emit("token", text=text)) if current().streams else None,
    )
    reply, value = await services.guard.ask(
        note.get("model") or config.model, ask, lambda reply: _read(config, reply)
    )
    if reply.tool_calls and tools:
        said = {"role": "assistant", "content": reply.text, "tool_calls": list(reply.tool_calls)}
        return Goto(config.use, None, scratch={config.id: [*chatter, said]})
    ended = {"role": "ended", "done_reason": reply.done_reason, "model": reply.model}
    return Goto(config.to, value, scratch={config.id: [*chatter, ended]})


def _read(config: Llm, reply: Reply) -> tuple[Reply, Any]:
    """The reply and what it says: a value when a schema is asked for, else its text."""
    wanted = config.output is not None and not reply.tool_calls
    return reply, read_json(reply, config.output or {}) if wanted else reply.text


def _chatter(config: Llm, state: State) -> list[Message]:
    """What was said with the tools in this visit; nothing once it has ended."""
    chatter = state["scratch"].get(config.id, [])
    return [] if chatter and chatter[-1]["role"] == "ended" else chatter


def _window(config: Llm, state: State) -> list[Message]:
    prompt = template(config.prompt, config.id).render(state) if config.prompt else ""
    if not config.window:
        return [{"role": "user", "content": prompt}, *_feedback(config, state)]
    system = [{"role": "system", "content": prompt}] if prompt else []
    said = [_as_read(message) for message in state["messages"] if message.get("node") != config.id]
    return [*system, *said, *_feedback(config, state)]


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
        {"role": "user", "content": f"That was not accepted: {note['because']}. Answer again, better."},
    ]
