"""An event loop whose time jumps to the next thing that is due: hours of waiting cost nothing, and nothing is lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tinyllm.clock import Clock

T = TypeVar("T")


class Jumping(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self.moment = 0.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        look = selector.select

        def select(timeout: float | None = None) -> Any:
            assert timeout is not None, "everybody waits for a wake-up that was lost"
            self.moment += max(0.0, timeout)
            return look(0)

        selector.select = select

    def time(self) -> float:
        return self.moment


class OnTheLoop(Clock):
    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def jumped(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=Jumping) as runner:
        return runner.run(work)
