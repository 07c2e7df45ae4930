"""A server that was started again: whoever calls a batch anew need not wait until its breaker tries it."""

from tinyllm import ollama
from tinyllm.engine import Engine
from tinyllm.errors import TinyError

BY_HAND = "set by hand"


async def wake(engine: Engine) -> None:
    """Where the server rests after failures: ask it for its version, and if it tells it, let requests through."""
    host, breakers = engine.settings.ollama_host, engine.services.guard.breakers
    row = (await breakers.shelf.look([host])).get(host)
    if row is None or row.state == "closed" or row.because == BY_HAND:
        return
    try:
        await ollama.version(engine.settings)
    except TinyError:
        return  # the first rows say so
    await breakers.set(host, "closed")
