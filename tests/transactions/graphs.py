"""A chain of steps that count themselves, for tests of what surrounds them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from langgraph.graph import END, START, StateGraph

from tinyllm.checkpoints import Checkpoints
from tinyllm.running import current, entered
from tinyllm.state import State
from tinyllm.transactions import Run

Step = Callable[[State], Awaitable[Any]]


def chain(saver: Checkpoints, *steps: Step) -> Any:
    """The steps one after another; each result goes under the step's name."""
    graph = StateGraph(State)
    last = START
    for step in steps:
        graph.add_node(step.__name__, _node(step))
        graph.add_edge(last, step.__name__)
        last = step.__name__
    graph.add_edge(last, END)
    return graph.compile(checkpointer=saver)


def _node(step: Step) -> Any:
    async def node(state: State) -> dict[str, Any]:
        with entered(replace(current(), node=step.__name__, visit=1)):
            return {"outputs": {step.__name__: await step(state)}}

    return node


async def execute(graph: Any, run: Run) -> dict[str, Any]:
    given = None if run.resumed else {"inputs": run.row.inputs}
    state: dict[str, Any] = await graph.ainvoke(given, run.config, durability=run.durability)
    return state
