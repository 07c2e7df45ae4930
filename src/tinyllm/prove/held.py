"""What a question leaves behind, on the server and in this process: nothing."""

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tinyllm.models import Models
from tinyllm.testing.simulator import Simulator

SETTLES: Final = 100  # looks, 10 ms apart, until everything must be gone


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds on to."""

    files: int
    tasks: int
    threads: int


def held() -> Held:
    folder = Path("/proc/self/fd")
    files = sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
    return Held(files, len(asyncio.all_tasks()), threading.active_count())


async def left_over(before: Held, simulator: Simulator, models: Models) -> tuple[str, ...]:
    """What is still there when all should be gone: first on the server, then here."""
    busy = 0
    for _ in range(SETTLES):
        busy = sum(not request.ended for request in simulator.requests)
        if not busy:
            break
        await asyncio.sleep(0.01)
    await models.aclose()
    now = held()
    for _ in range(SETTLES):
        if now.files <= before.files and now.tasks <= before.tasks:
            break
        await asyncio.sleep(0.01)
        now = held()
    more = {
        "requests": busy,
        "sockets": now.files - before.files,
        "tasks": now.tasks - before.tasks,
        "threads": now.threads - before.threads,
    }
    return tuple(f"{count} {name}" for name, count in more.items() if count > 0)
