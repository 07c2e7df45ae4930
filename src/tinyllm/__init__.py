"""Dozens of small local models that behave like one model you can trust."""

# `typing` would be a third of the time that importing this takes.
TYPE_CHECKING = False

__version__ = "0.1.0"

if TYPE_CHECKING:
    from typing import Any

    from tinyllm.answer import Answer
    from tinyllm.engine import Engine
    from tinyllm.errors import TinyError
    from tinyllm.settings import Settings
    from tinyllm.spec import GraphSpec
    from tinyllm.toolkit import tool

__all__ = ["Answer", "Engine", "GraphSpec", "Settings", "TinyError", "__version__", "tool"]

_homes = {
    "Answer": "answer",
    "Engine": "engine",
    "GraphSpec": "spec",
    "Settings": "settings",
    "TinyError": "errors",
    "tool": "toolkit",
}


def __getattr__(name: str) -> "Any":
    """Load a public name when it is used: importing the package costs nothing."""
    if name not in _homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_homes[name]}"), name)
