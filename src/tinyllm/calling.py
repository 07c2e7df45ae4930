"""How programs that are not async, and LangChain, call an engine."""

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def as_question(given: Any) -> dict[str, Any]:
    """A string, a message, a list of messages, or a dict of inputs, as `ask` takes it."""
    if isinstance(given, str):
        return {"question": given}
    if isinstance(given, Mapping):
        if "messages" in given:
            return as_question(given["messages"])
        return {"question": str(given.get("question", "")), "inputs": given}
    last = given[-1] if isinstance(given, (list, tuple)) and given else given
    if isinstance(last, Mapping):
        return {"question": str(last.get("content", ""))}
    return {"question": str(getattr(last, "content", last))}


_loop: asyncio.AbstractEventLoop | None = None
_lock = threading.Lock()


def on_the_background_loop(work: Coroutine[Any, Any, T]) -> T:
    """One loop in one daemon thread serves every synchronous caller: clients keep their connections."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="tinyllm", daemon=True).start()
    return asyncio.run_coroutine_threadsafe(work, _loop).result()
