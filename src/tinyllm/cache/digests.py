"""Which model it is that answers to a name, as the server says: a model that was pulled anew is another one."""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from tinyllm import ollama
from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import TinyError
from tinyllm.running import current
from tinyllm.settings import Settings

FRESH = 60.0  # seconds that an answer of the server is believed
PAUSE = 10.0  # seconds until it is asked again when it did not say
BRIEF = 2.0  # seconds it has to answer: without it we ask as if nothing were kept


@dataclass
class Digests:
    """The digests of all models of a server, asked for in one request."""

    settings: Settings
    clock: Clock = CLOCK
    asks: bool = True  # there is a server to be asked
    known: dict[str, str] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()  # all that the server offers, wherever it runs
    _until: float = float("-inf")
    _looks: int = 0  # begun
    _turns: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]" = field(
        default_factory=WeakKeyDictionary
    )

    @property
    def stale(self) -> bool:
        """The next question about a model is one to the server."""
        return self.asks and self.clock.monotonic() >= self._until

    async def of(self, name: str) -> str:
        """Nothing when it is not known, or does not say what will be answered."""
        if self.stale:
            async with self._turn():
                if self.stale:  # nobody asked while we waited
                    await self._ask()
        return self.known.get(ollama.full(name), "")

    async def still(self, name: str, digest: str) -> bool:
        """Asked now, or by another one since now: what was heard before came from this model."""
        now = self._looks
        async with self._turn():
            # A look that was under way may have been answered too early; a server that did not say rests.
            if self.asks and self._looks == now and self.known:
                await self._ask()
        return self.known.get(ollama.full(name)) == digest

    def _turn(self) -> asyncio.Lock:
        return self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())

    def lacks(self, name: str) -> bool:
        """The server said a moment ago that it does not have it; what it could fetch from its cloud is not listed."""
        whole = ollama.full(name)
        said = bool(self.listed) and not self.stale and self.asks
        return said and whole not in self.listed and not whole.endswith("cloud")

    async def _ask(self) -> None:
        self._looks += 1
        try:
            async with asyncio.timeout(max(0.0, min(BRIEF, current().left()))):
                listed, lasts = await ollama.tags(self.settings), FRESH
        except (TinyError, TimeoutError):  # the call itself will say what is wrong
            listed, lasts = [], PAUSE
        # Of a model that runs elsewhere the server has only the address.
        own = [model for model in listed if not model.get("remote_host")]
        self.listed = frozenset(ollama.full(str(model["name"])) for model in listed)
        self.known = {ollama.full(str(model["name"])): str(model.get("digest") or "") for model in own}
        self._until = self.clock.monotonic() + lasts
