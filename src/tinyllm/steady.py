"""A process that works on many runs at once: what is loaded for good stays out of the garbage collector's way."""

import gc
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


# A collection looks at all that the runs under way hold, 10 to 40 ms in which none of them moves, and by Python's own
# numbers it comes in the middle of one of them, several times a second. A run leaves nothing behind that only the
# collector would free: what fails or is cut off does, and for that once in some hundreds of runs is often enough.
SELDOM = (50_000, 5, 5)


def steadied() -> None:
    """Call it once, when the first run is over and all is loaded: a collection then looks at the runs alone, and seldom.

    What the program itself holds at this moment is not looked at again either, so a library does not do this by itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


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
