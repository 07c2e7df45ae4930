"""Texts as vectors, by an embedding model where the server has one; without, words must do."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tinyllm import ollama
from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import TinyError
from tinyllm.running import emit
from tinyllm.settings import Settings

REST = 60.0  # seconds a model that could not be asked is left alone
BATCH = 64

# Failures that say nothing about the model: it may be asked again at once.
PASSING = ("DEADLINE_EXCEEDED", "MODEL_QUEUE_FULL", "CIRCUIT_OPEN")
Embed = Callable[[str, Sequence[str]], Awaitable[list[list[float]]]]

# How a model wants to be told which text is a question and which may answer it.
FORMS = {
    "nomic-embed-text": ("search_query: ", "search_document: "),
    "mxbai-embed-large": ("Represent this sentence for searching relevant passages: ", ""),
}

_told: set[tuple[str, str]] = set()  # the models whose absence this process has mentioned


@dataclass
class Embedder:
    """The embedding model of the settings."""

    settings: Settings
    clock: Clock = CLOCK
    embed: Embed | None = None  # how it is asked; straight, where nobody else asks
    missing: str = ""  # why there are no vectors
    _rests: float = field(default=-1.0)

    @property
    def model(self) -> str:
        return self.settings.embedder

    async def questions(self, texts: Sequence[str]) -> list[list[float]]:
        return await self._embedded(texts, 0)

    async def documents(self, texts: Sequence[str]) -> list[list[float]]:
        return await self._embedded(texts, 1)

    async def _embedded(self, texts: Sequence[str], form: int) -> list[list[float]]:
        """A vector for each text; none at all when there is no model to ask."""
        if not self.model or not texts or self.clock.monotonic() < self._rests:
            return []
        before = FORMS.get(self.model.partition(":")[0], ("", ""))[form]
        vectors: list[list[float]] = []
        try:
            for start in range(0, len(texts), BATCH):
                part = [f"{before}{text}" for text in texts[start : start + BATCH]]
                vectors += await self._asked(part)
        except TinyError as failure:
            if failure.kind == "cancelled":
                raise
            self.missing = self._why(failure)
            if failure.code in PASSING:
                return []
            self._rests = self.clock.monotonic() + REST
            if (place := (self.settings.ollama_host, self.model)) not in _told:
                _told.add(place)
                emit("note", text=f"texts are compared by their words alone: {self.missing}", minor=True)
            return []
        self.missing = ""
        return vectors

    async def _asked(self, texts: Sequence[str]) -> list[list[float]]:
        if self.embed is not None:
            return await self.embed(self.model, texts)
        return await ollama.embed(self.settings, self.model, texts)

    def _why(self, failure: TinyError) -> str:
        if failure.code != "MODEL_NOT_FOUND":
            return failure.message
        return f"{self.model} is not installed: tinyllm models pull {self.model}"
