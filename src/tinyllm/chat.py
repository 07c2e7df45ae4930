"""A LangChain chat model asked once, in one piece or streamed, by the shortest way that misses out nobody who listens."""

import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from tinyllm.errors import BadReply
from tinyllm.state import Message

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage

TRACING = ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2")


def observed(chat: "BaseChatModel") -> bool:
    """Does anybody hear of calls through LangChain's callbacks: Studio, a tracer, the caller's own?"""
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables.config import var_child_runnable_config

    if chat.callbacks or chat.rate_limiter or chat.cache or type(chat)._astream is BaseChatModel._astream:
        return True
    found: Any = (var_child_runnable_config.get() or {}).get("callbacks")
    handlers = found if isinstance(found, list) else getattr(found, "handlers", None)
    return bool(handlers) or any(os.environ.get(name, "").lower() == "true" for name in TRACING)


async def whole(chat: "BaseChatModel", messages: "list[BaseMessage]", wanted: dict[str, Any]) -> "AIMessage":
    if observed(chat):
        return await chat.ainvoke(messages, stream=False, **wanted)
    result = await chat._agenerate(messages, stream=False, **wanted)
    generation = result.generations[0]
    message = cast("AIMessage", generation.message)
    message.response_metadata = {**(generation.generation_info or {}), **message.response_metadata}
    return message


async def streamed(
    chat: "BaseChatModel", messages: "list[BaseMessage]", heard: Callable[[str], None], wanted: dict[str, Any]
) -> "AIMessage":
    seen = observed(chat)
    pieces: Any = chat.astream(messages, **wanted) if seen else chat._astream(messages, **wanted)
    chunks: list[Any] = []
    # Closed in any case: an abandoned stream would keep its socket, and the server at work.
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            chunk = piece if seen else piece.message
            if not seen and piece.generation_info:
                chunk.response_metadata = {**piece.generation_info, **chunk.response_metadata}
            heard(chunk.content if isinstance(chunk.content, str) else "")
            chunks.append(chunk)
    if not chunks:
        raise BadReply("the model sent nothing", code="OUTPUT_EMPTY")
    return _joined(chunks)


def _joined(chunks: list[Any]) -> "AIMessage":
    """The chunks as one message; plain text, which nearly all of them are, without LangChain's way of adding."""
    from langchain_core.messages import AIMessage, message_chunk_to_message

    if all(type(each.content) is str and not each.tool_call_chunks for each in chunks) and not any(
        each.additional_kwargs for each in chunks
    ):
        metadata: dict[str, Any] = {}
        for each in chunks:
            if each.response_metadata:
                metadata.update(each.response_metadata)
        usage = next((each.usage_metadata for each in reversed(chunks) if each.usage_metadata), None)
        text = "".join([each.content for each in chunks])
        return AIMessage(text, response_metadata=metadata, usage_metadata=usage)
    # Adding all chunks at once is linear; one by one, it grows with the square of the reply.
    summed = chunks[0].__add__(chunks[1:]) if len(chunks) > 1 else chunks[0]
    return cast("AIMessage", message_chunk_to_message(summed))


def as_langchain(message: Message) -> "BaseMessage":
    """Our plain message as LangChain's object: made at the edge, kept nowhere."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

    role, content = message["role"], message.get("content", "")
    if role == "system":
        return SystemMessage(content)
    if role == "assistant":
        calls = [{**call, "type": "tool_call"} for call in message.get("tool_calls", ())]
        return AIMessage(content, tool_calls=calls)
    if role == "tool":
        return ToolMessage(content, tool_call_id=message.get("call", ""), name=message.get("name"))
    return HumanMessage(content)
