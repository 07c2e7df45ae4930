"""A process that works on many runs at once: what is loaded for good stays out of the garbage collector's way."""

import gc
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def steadied() -> None:
    """Call it once, when the first run is over and all is loaded: a full collection then looks at the runs alone.

    Without it one takes a tenth of a second and more, in which no run moves. What the program itself holds at this moment
    is not looked at again either, so a library does not do this by itself.
    """
    gc.collect()
    gc.freeze()


def once() -> Callable[[], None]:
    """To be called after each piece of work: only the first time anything is done."""
    ahead = [steadied]

    def over() -> None:
        if ahead:
            ahead.pop()()

    return over


def steadily(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The same work, for a process that serves it: after the first time all is loaded."""
    over = once()

    async def done(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await work(*args, **kwargs)
        finally:
            over()

    return done
