"""Which requests always get the same reply, and the name of such a request."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tinyllm.models import Ask, Entry
from tinyllm.state import Message


def deterministic(entry: Entry, ask: Ask) -> bool:
    """Told to take the likeliest word each time, or to draw from a fixed seed; a negative seed is a new one each time."""
    if ask.options.get("temperature", entry.temperature) == 0:
        return True
    seed = ask.options.get("seed", entry.seed)
    return isinstance(seed, int) and seed >= 0


def key_of(model: str, ask: Ask, wanted: Mapping[str, Any], *, in_words: bool = False) -> str:
    """The model, all that is sent to it, and nothing else: the order of a schema's properties counts, that of options does not."""
    options = {name: _number(value) for name, value in sorted(wanted["options"].items())}
    sent = {**wanted, "options": options}
    text = json.dumps([model, [_sent(message) for message in ask.messages], sent, in_words], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _sent(message: Message) -> list[Any]:
    """What a server sees of a message: calls have ids and costs that stay with us."""
    calls = [[call["name"], call["args"]] for call in message.get("tool_calls", ())]
    return [message["role"], message.get("content", ""), calls, message.get("name", "")]


def _number(value: Any) -> Any:
    """0 and 0.0 are the same to a server."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
