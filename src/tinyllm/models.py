"""A model's name becomes a chat model that can be asked; Ollama first."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tinyllm.chat import as_langchain, streamed, whole
from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import BadReply
from tinyllm.settings import Settings
from tinyllm.state import Message

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

__all__ = ["Ask", "Entry", "Make", "Models", "Reply", "as_langchain", "ollama_chat"]

KEEP_ALIVE: Final = Settings().keep_alive
OFTEN: Final = "30m"  # a router and the general model are asked at every question,
SELDOM: Final = "1m"  # a judge at some, and it is the largest
DURATION: Final = re.compile(r"(\d+(\.\d+)?(ms|s|m|h))+")

Make = Callable[[str, Settings], "BaseChatModel"]


class Entry(BaseModel):
    """One entry of a graph's `models:`: a model, its tier, its limits, and who steps in for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(default="", description="Filled in from the key under `models:`.")
    name: str = Field(description="The model's name on the server, such as qwen2.5:3b.")
    tier: int = Field(default=1, ge=0, le=3, description="0 routes, 1 specialises, 2 works, 3 judges.")
    timeout: float | None = Field(default=None, gt=0, description="Seconds one call may take.")
    fallback: str = Field(default="", description="The entry or the model that steps in when this one fails.")
    temperature: float | None = Field(default=None, ge=0, le=2)
    num_ctx: int | None = Field(default=None, ge=256, description="Tokens of context asked for.")
    num_predict: int | None = Field(default=None, description="The longest reply, in tokens.")
    seed: int | None = None
    keep_alive: str | int | None = Field(
        default=None,
        description="How long the server keeps it in memory after a request: 30s, 5m, 1h; -1 for ever.",
    )

    @field_validator("keep_alive")
    @classmethod
    def _how_long(cls, value: str | int | None) -> str | int | None:
        if isinstance(value, bool) or (isinstance(value, str) and not DURATION.fullmatch(value)):
            raise ValueError("write it like 30s, 5m or 1h, or -1 for ever")
        return value

    def stays(self, settings: Settings) -> str | int:
        """How long: its own word, else the setting, else what its role is worth."""
        if self.keep_alive is not None:
            return self.keep_alive
        if settings.keep_alive != KEEP_ALIVE or settings.origin("keep_alive") != "default":
            return settings.keep_alive
        return OFTEN if self.tier == 0 or self.key == "general" else SELDOM if self.tier == 3 else KEEP_ALIVE


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, and what it cost."""

    text: str
    model: str
    tool_calls: tuple[dict[str, Any], ...] = ()
    thinking: str = ""
    done_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    entry: str = ""
    load: float = 0.0  # of the server's time: until the model was in memory,
    worked: float = 0.0  # at the reply,
    waited: float = 0.0  # and until there was room for it

    def as_dict(self) -> dict[str, Any]:
        """The reply as it is recorded."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def again(cls, recorded: Mapping[str, Any]) -> "Reply":
        """A reply that was recorded."""
        return cls(**{**recorded, "tool_calls": tuple(recorded["tool_calls"])})

    @property
    def complete(self) -> bool:
        """A reply that the server finished; anything else was cut."""
        return self.done_reason in ("stop", "tool_calls")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, whatever model it goes to."""

    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]] = ()
    schema: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    token: Callable[[str], None] | None = None  # who watches the text grow

    def as_dict(self) -> dict[str, Any]:
        """What the reply depends on."""
        return {
            "messages": list(self.messages),
            "tools": list(self.tools),
            "schema": self.schema,
            "options": dict(self.options),
        }


@dataclass(eq=False)
class Models:
    """Chat models by name, made once: a client costs more than a question."""

    settings: Settings
    make: Make | None = None
    clock: Clock = CLOCK
    # A client belongs to the event loop it was made in: one engine may be used from several.
    made: "WeakKeyDictionary[AbstractEventLoop, dict[str, BaseChatModel]]" = field(
        default_factory=WeakKeyDictionary
    )
    beside: "set[asyncio.Task[None]]" = field(default_factory=set)  # what ends with it
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)  # tokens of context that a model was trained for

    def chat(self, name: str) -> "BaseChatModel":
        made = self.made.setdefault(asyncio.get_running_loop(), {})
        if name not in made:
            made[name] = (self.make or ollama_chat)(name, self.settings)
        return made[name]

    async def ask(self, entry: Entry, ask: Ask, heard: Callable[[str], None] | None = None) -> Reply:
        """One attempt, streamed when somebody listens, without any survival: `guard` does that."""
        started = self.clock.monotonic()
        chat = self.chat(entry.name)
        messages = [as_langchain(message) for message in ask.messages]
        wanted = self.wanted(entry, ask)
        if heard is None:
            reply = await whole(chat, messages, wanted)
        else:
            reply = await streamed(chat, messages, heard, wanted)
        return self._reply(entry, reply, self.clock.monotonic() - started)

    def wanted(self, entry: Entry, ask: Ask) -> dict[str, Any]:
        """What is sent beside the messages."""
        # ChatOllama replaces all its options by the ones given in a call: give all of them.
        options = {
            "num_ctx": entry.num_ctx or self.settings.num_ctx,
            "temperature": entry.temperature,
            "num_predict": entry.num_predict,
            "seed": entry.seed,
            **ask.options,
        }
        wanted: dict[str, Any] = {"options": {k: v for k, v in options.items() if v is not None}}
        if self.make is None:
            wanted["keep_alive"] = entry.stays(self.settings)
        if ask.tools:
            wanted["tools"] = list(ask.tools)
        elif ask.schema is not None:  # a server that enforces a schema lets no tool be called
            wanted["format"] = dict(ask.schema)
        return wanted

    def _reply(self, entry: Entry, message: "AIMessage", seconds: float) -> Reply:
        meta = message.response_metadata
        usage: Mapping[str, Any] = message.usage_metadata or {}
        calls = tuple(
            {"id": call.get("id") or f"call_{index}", "name": call["name"], "args": call["args"]}
            for index, call in enumerate(message.tool_calls)
        )
        if message.invalid_tool_calls:
            raise BadReply("the model wrote a tool call that cannot be read", code="TOOL_CALL_UNPARSABLE")
        return Reply(
            text=message.text if isinstance(message.text, str) else str(message.content),
            model=str(meta.get("model") or entry.name),
            tool_calls=calls,
            thinking=str(message.additional_kwargs.get("reasoning_content") or ""),
            done_reason=str(meta.get("done_reason") or ""),
            tokens_in=int(usage.get("input_tokens") or 0),
            tokens_out=int(usage.get("output_tokens") or 0),
            seconds=seconds,
            entry=entry.key,
            **spent(meta),
        )

    async def capabilities(self, name: str) -> tuple[str, ...]:
        """What the server says a model can do; nothing when the server does not say."""
        if self.make is not None:
            return ("completion", "tools")
        if name not in self.known:
            await self._look(name)
        return self.known[name]

    async def length(self, name: str) -> int:
        """The tokens of context that a model was trained for: more than that a server does not give; 0 when unknown."""
        if self.make is None and name not in self.lengths:
            await self._look(name)
        return self.lengths.get(name, 0)

    async def _look(self, name: str) -> None:
        from tinyllm import ollama

        shown = await ollama.show(self.settings, name)
        self.known[name] = tuple(shown.get("capabilities") or ())
        info: Mapping[str, Any] = shown.get("modelinfo") or shown.get("model_info") or {}
        lengths = [value for key, value in info.items() if key.endswith(".context_length")]
        self.lengths[name] = int(lengths[0]) if lengths and isinstance(lengths[0], int) else 0

    async def aclose(self) -> None:
        ours = [task for task in self.beside if task.get_loop() is asyncio.get_running_loop()]
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        for chat in self.made.pop(asyncio.get_running_loop(), {}).values():
            client = getattr(getattr(chat, "_async_client", None), "_client", None)
            if client is not None:
                with contextlib.suppress(RuntimeError):  # its event loop is gone, and its sockets with it
                    await client.aclose()


def spent(meta: Mapping[str, Any]) -> dict[str, float]:
    """Where the server's time went, as far as it says."""
    told = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
    total, load, read, wrote = (float(meta.get(name) or 0) / 1e9 for name in told)
    worked = read + wrote
    waited = max(0.0, total - load - worked) if worked else 0.0
    return {"load": round(load, 4), "worked": round(worked, 4), "waited": round(waited, 4)}


def ollama_chat(name: str, settings: Settings) -> "BaseChatModel":
    import httpx
    from langchain_ollama import ChatOllama

    from tinyllm.ollama import client_options
    from tinyllm.streams import HOOKS, renewing

    timeout = httpx.Timeout(None, connect=settings.connect_timeout)  # the others are the guard's
    # How many are asked at once is for the queue to say; with more than it may keep, httpx closes every one that is idle.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    chat = ChatOllama(
        model=name,
        base_url=settings.ollama_host,
        keep_alive=settings.keep_alive,
        client_kwargs={"timeout": timeout, "limits": limits, **client_options(settings.ollama_host)},
        async_client_kwargs={"event_hooks": HOOKS},
    )
    renewing(chat._async_client._client)
    return chat
