"""Graphs for LangGraph Studio, by name: `tinyllm.studio:assistant`. Its server keeps its own checkpoints."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Any graph that `tinyllm graph list` shows, compiled without a checkpointer."""
    if name.startswith("__"):
        raise AttributeError(name)
    from tinyllm.engine import Engine

    return Engine(name).graph
