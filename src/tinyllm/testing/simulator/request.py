"""One request as it was recorded: what came in, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyllm.testing.simulator.ask import Ask


@dataclass(slots=True)
class Request:
    """Kept verbatim. Moments are seconds of the event loop's clock; 0 means it never came to that."""

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    arrived: float
    body: dict[str, Any] = field(default_factory=dict)
    ask: Ask | None = None
    nth: int = 0
    started: float = 0.0
    first: float = 0.0
    ended: float = 0.0
    load: float = 0.0
    status: int = 0
    pieces: int = 0
    cancelled: bool = False

    @property
    def model(self) -> str:
        """The model as the client wrote it."""
        name = self.body.get("model") or self.body.get("name") or ""
        return name if isinstance(name, str) else ""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation that the model sees, after the oldest were dropped to fit."""
        return list(self.ask.messages) if self.ask else []

    @property
    def text(self) -> str:
        """All that the model sees, as one text."""
        return "\n".join(str(message.get("content") or "") for message in self.messages)

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.ask.options) if self.ask else {}
