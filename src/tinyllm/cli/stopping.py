"""How a long command is stopped: by a signal, in good order, and with a word about how it goes on."""

import asyncio
import os
import signal
from collections.abc import Awaitable
from typing import TypeVar

from tinyllm.cli import say

T = TypeVar("T")


async def unless_stopped(going: Awaitable[T], how: str) -> T:
    """Run it; a signal ends it between two writes, and it is said how it goes on."""
    task = asyncio.current_task()
    assert task is not None
    stopped: list[int] = []

    def stop(number: int) -> None:
        if stopped:  # asked twice: now
            os._exit(128 + number)
        stopped.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await going
    except asyncio.CancelledError:
        say.line("interrupted")
        say.line(how)
        raise SystemExit(128 + stopped[0] if stopped else 130) from None
