"""How programs that are not async, those that watch, and LangChain call an engine."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from tinyllm.answer import Answer
from tinyllm.clock import Clock
from tinyllm.running import Event

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


async def streamed(
    ask: Callable[[Callable[[Event], None]], Coroutine[Any, Any, Answer]], clock: Clock
) -> AsyncIterator[Event]:
    """The events of a run as they happen; the last one carries the answer."""
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    task = asyncio.ensure_future(ask(queue.put_nowait))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        yield Event("end", data=(await task).as_dict(), at=clock.now())
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


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
