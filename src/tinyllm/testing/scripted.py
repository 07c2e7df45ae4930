"""A chat model that says what it was told to say, for unit tests."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field

Said = str | AIMessage | BaseException
Line = Said | Callable[..., Said]


@dataclass(frozen=True)
class Call:
    """One question that was asked, with the options it came with."""

    messages: list[BaseMessage]
    kwargs: dict[str, Any]

    @property
    def text(self) -> str:
        return "\n".join(message.text for message in self.messages)

    @property
    def tools(self) -> list[str]:
        return [tool["function"]["name"] for tool in self.kwargs.get("tools", ())]


class Scripted(BaseChatModel):
    """Says its replies in order and repeats the last one; an exception is raised, a function is asked.

    Text becomes a finished answer with the metadata that ChatOllama gives. An AIMessage keeps the
    metadata it has, so `AIMessage("cut", response_metadata={"done_reason": "length"})` is a cut answer.
    """

    replies: list[Any] = Field(default_factory=list)
    model: str = "scripted"
    calls: list[Call] = Field(default_factory=list)

    def __init__(self, *said: Line | list[Line], **fields: Any) -> None:
        replies = fields.pop("replies", [])
        for each in said:
            replies = [*replies, *each] if isinstance(each, list) else [*replies, each]
        super().__init__(replies=list(replies) or [""], **fields)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        chosen = {"tool_choice": tool_choice} if tool_choice else {}
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **chosen, **kwargs)

    def _next(self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]) -> AIMessage:
        said = self.replies[min(len(self.calls), len(self.replies) - 1)]
        kwargs = {**kwargs, **({"stop": stop} if stop else {})}
        self.calls.append(Call(list(messages), kwargs))
        if callable(said) and not isinstance(said, BaseException | type):
            said = said(messages, **kwargs)
        if isinstance(said, BaseException) or (isinstance(said, type) and issubclass(said, BaseException)):
            raise said
        return self._finished(AIMessage(said) if isinstance(said, str) else said, messages)

    def _finished(self, message: AIMessage, messages: Sequence[BaseMessage]) -> AIMessage:
        asked = sum(_tokens(each.text) for each in messages)
        answered = _tokens(message.text)
        metadata = {
            "model": self.model,
            "model_name": self.model,
            "model_provider": "ollama",
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": asked,
            "eval_count": answered,
        }
        usage = UsageMetadata(input_tokens=asked, output_tokens=answered, total_tokens=asked + answered)
        return message.model_copy(
            update={
                "response_metadata": {**metadata, **message.response_metadata},
                "usage_metadata": message.usage_metadata or usage,
            }
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 — the signature is LangChain's
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages, stop, kwargs))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in _chunks(self._next(messages, stop, kwargs)):
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 — the signature is LangChain's
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages, stop, kwargs))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in _chunks(self._next(messages, stop, kwargs)):
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk


def _tokens(text: str) -> int:
    return (len(text) + 3) // 4


def _chunks(message: AIMessage) -> Iterator[ChatGenerationChunk]:
    """The words one by one, then the metadata, as a stream from Ollama brings them."""
    words = message.text.split(" ")
    for place, word in enumerate(words if message.text else ()):
        yield ChatGenerationChunk(message=AIMessageChunk(content=f" {word}" if place else word))
    calls = [
        tool_call_chunk(name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=place)
        for place, call in enumerate(message.tool_calls)
    ]
    yield ChatGenerationChunk(
        message=AIMessageChunk(
            content="",
            additional_kwargs=message.additional_kwargs,
            response_metadata=message.response_metadata,
            usage_metadata=message.usage_metadata,
            tool_call_chunks=calls,
        )
    )
