"""Tokens, told from letters before a server counts them: a ratio per model, corrected by each reply."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinyllm.state import Message

LETTERS = 4.0  # letters of a token, until a model has said otherwise
DENSE = 2.6  # letters that one sign of Chinese or Japanese counts for: it is a token of its own more often than not
DENSE_FROM = "⺀"
DENSEST = 2.0  # letters to a token, at the least that a language comes to
FRAME = 16  # letters that a message costs besides its content: role and separators
FULL = 0.8  # of a context that may be used before it is pruned
SMALLEST = 2048  # tokens of context that any model has
LEAST, MOST = 1.0, 8.0  # what a ratio can be; anything else is not a count of this text
ENOUGH = 400  # letters of a request that its count can be trusted for: templates weigh little in it
WEIGHT = 0.2  # of a new count against what was known
MOVED = 0.02  # a part; less is not worth writing down


def letters(text: str) -> float:
    """The letters of a text, as a token counts them."""
    if text.isascii():
        return len(text)
    dense = sum(1 for sign in text if sign >= DENSE_FROM)
    return len(text) + dense * (DENSE - 1)


def of_request(messages: Iterable[Message], tools: Sequence[Mapping[str, Any]] = ()) -> float:
    """The letters of all that is sent: messages with their frames, calls, and how tools are described."""
    total = float(len(json.dumps(tools))) if tools else 0.0
    for message in messages:
        total += letters(str(message.get("content", ""))) + FRAME
        total += sum(letters(f"{call['name']}{call['args']}") for call in message.get("tool_calls", ()))
    return total


def surely_fits(messages: Iterable[Message], tools: Sequence[Mapping[str, Any]], asked: int) -> bool:
    """True when it fits whatever the model is: then nobody need ask how much this one holds."""
    return of_request(messages, tools) / DENSEST <= min(asked, SMALLEST) * FULL


@dataclass
class Ratios:
    """Letters to a token, by model."""

    known: dict[str, float] = field(default_factory=dict)
    kept: dict[str, float] = field(default_factory=dict)  # … as it was written down

    looked_up: bool = False

    def of(self, model: str) -> float:
        return self.known.get(model, LETTERS)

    def learn(self, model: str, sent: float, counted: int) -> None:
        """A server counted what was sent; a count that cannot be of all of it teaches nothing."""
        if sent < ENOUGH or counted <= 0 or not LEAST <= (seen := sent / counted) <= MOST:
            return
        was = self.known.get(model, seen)
        self.known[model] = round(was + WEIGHT * (seen - was), 4)

    def know(self, kept: Mapping[str, float]) -> None:
        """What was learnt before, by whichever process; what this one learnt stays."""
        self.kept, self.looked_up = dict(kept), True
        self.known = {**kept, **self.known}

    @property
    def moved(self) -> dict[str, float]:
        """What is worth writing down."""
        return {
            model: ratio
            for model, ratio in self.known.items()
            if abs(ratio - self.kept.get(model, 0.0)) > MOVED * ratio
        }
