"""The model that is asked next, loaded while a person still thinks."""

import asyncio
import contextlib
from typing import Final

from tinyllm.errors import TinyError
from tinyllm.guard.queue import place
from tinyllm.models import Entry, Models

FRESH: Final = 60.0  # seconds after a reply in which a model is surely there


async def warm(models: Models, entry: Entry) -> None:
    """Loading goes on when whoever waits here does not: a server that is left alone with it begins anew."""
    if models.make is not None:
        return
    task = asyncio.ensure_future(_loaded(models, entry))
    models.beside.add(task)
    task.add_done_callback(models.beside.discard)
    await asyncio.shield(task)


async def _loaded(models: Models, entry: Entry) -> None:
    from tinyllm import ollama

    waits = place(models, entry.name)
    assert waits is not None
    clock, line = models.clock, waits.line
    if line.flying or clock.monotonic() - line.used < FRESH:
        return
    with contextlib.suppress(TinyError):  # the question itself will say what is wrong
        async with waits:
            began = clock.monotonic()
            num_ctx = entry.num_ctx or models.settings.num_ctx
            await ollama.load(models.settings, entry.name, num_ctx, entry.stays(models.settings))
            now = clock.monotonic()
            waits.queue.turns.answered(line, now - began, now)
