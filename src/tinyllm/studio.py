"""The shipped graphs for LangGraph Studio, by name: `tinyllm.studio:assistant`. Its server keeps its own checkpoints."""

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from tinyllm.services import Growing


@cache
def compiled(name: str) -> "CompiledStateGraph[Any, Any, Any, Any]":
    """Any graph that `tinyllm graph list` shows, without a checkpointer; built once per server."""
    from tinyllm.engine import Engine
    from tinyllm.guard import Memory

    engine = Engine(name, growing=_growing() if name == "growth" else None)
    # One process serves them all, and it may not wait for a disk on its event loop.
    engine.services.guard.breakers.shelf = Memory()
    return engine.graph


def _growing() -> "Growing":
    """The steps of growth, for the graph that the settings name; what they decide is kept by `tinyllm growth run` alone."""
    from tinyllm.engine import Engine
    from tinyllm.growth import Budget, Steps

    engine = Engine()
    return Steps(engine, Budget(engine.settings.growth_budget))


# One name each: the server looks them up in the module, and would not ask a `__getattr__`. In a thread, because reading
# a graph reads files, and nothing may block the server's loop.
async def assistant() -> Any:
    """Exact first, then the right specialist."""
    return await asyncio.to_thread(compiled, "assistant")


async def summarise() -> Any:
    """Summarises a text."""
    return await asyncio.to_thread(compiled, "summarise")


async def review() -> Any:
    """Reviews a text from three sides in parallel."""
    return await asyncio.to_thread(compiled, "review")


async def agent() -> Any:
    """Works with tools, and asks before it changes anything."""
    return await asyncio.to_thread(compiled, "agent")


async def growth() -> Any:
    """Lets a graph grow."""
    return await asyncio.to_thread(compiled, "growth")
