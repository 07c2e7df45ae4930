"""Texts as vectors: a request like any other, with its place in the queue, behind the breakers, within the run's time."""

from collections.abc import Sequence
from typing import Final

from tinyllm import ollama
from tinyllm.errors import TinyError
from tinyllm.finishing import to_the_end
from tinyllm.guard.attempt import OF_THE_HOST, Attempts
from tinyllm.guard.queue import place
from tinyllm.guard.request import Request
from tinyllm.guard.timing import timed
from tinyllm.models import Ask, Entry

# It is the large models that make a swap dear: how long this one took to load is not learnt from.
UNTOLD: Final = 0.0


async def embedded(attempts: Attempts, entry: Entry, texts: Sequence[str]) -> list[list[float]]:
    """One request, not retried: whoever asks can do without."""
    waits = place(attempts.models, entry.name)
    if waits is None:
        return await _admitted(attempts, entry, texts)
    async with waits:
        found = await _admitted(attempts, entry, texts)
        waits.queue.turns.answered(waits.line, UNTOLD, attempts.models.clock.monotonic())
        return found


async def _admitted(attempts: Attempts, entry: Entry, texts: Sequence[str]) -> list[list[float]]:
    settings, breakers = attempts.models.settings, attempts.breakers
    lasts = settings.call_timeout + settings.connect_timeout
    host, model = await breakers.admit(settings.ollama_host, entry.name, lasts=lasts)
    failure: TinyError | None = None
    finished = False
    try:
        async with timed(entry, Ask(()), Request(), settings):
            found = await ollama.embed(settings, entry.name, texts)
        finished = True
        return found
    except TinyError as raised:
        failure = raised
        raise
    finally:
        # That no server is there is for the question itself to find out, and to say.
        if failure is not None and failure.code in OF_THE_HOST and not host.probe:
            failure = None
        if not (finished and host.quiet and model.quiet):
            await to_the_end(attempts.told(host, model, failure, finished, Request()))
