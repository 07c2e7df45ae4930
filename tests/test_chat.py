"""The short way to a chat model misses out nobody: who hears LangChain's callbacks, hears them."""

from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.runnables import RunnableLambda

from tinyllm import settings
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.testing.simulator import Reply as Said
from tinyllm.testing.simulator import Script, Simulator

HELLO = Ask([{"role": "user", "content": "hello"}])


class Ears(AsyncCallbackHandler):
    """What a tracer or Studio would hear."""

    def __init__(self) -> None:
        self.begun = 0
        self.tokens: list[str] = []

    async def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        self.begun += 1

    async def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.tokens.append(token)


async def asked(stream: bool, config: Any) -> tuple[Reply, list[str]]:
    heard: list[str] = []
    async with Simulator(Script({"m:1b": Said(chunks=("one ", "two"))})) as simulator:
        models = Models(settings.load({"ollama_host": simulator.url}, environment={}))

        async def ask(_: str) -> Reply:
            return await models.ask(Entry(key="m", name="m:1b"), HELLO, heard.append if stream else None)

        reply = await RunnableLambda(ask).ainvoke("", config)
        await models.aclose()
    return reply, heard


async def test_both_ways_give_the_same_reply() -> None:
    for stream in (True, False):
        short, heard = await asked(stream, {})
        ears = Ears()
        long, heard_too = await asked(stream, {"callbacks": [ears]})
        assert ears.begun == 1
        assert "".join(heard) == "".join(heard_too)
        for reply in (short, long):
            assert (reply.text, reply.done_reason, reply.model) == ("one two", "stop", "m:1b")
            assert reply.tokens_in > 0 < reply.tokens_out


async def test_who_listens_through_langchain_hears_every_token() -> None:
    ears = Ears()
    await asked(True, {"callbacks": [ears]})
    assert "".join(ears.tokens) == "one two"
