"""A reply that cannot be used is asked for again, but never in the same way."""

from dataclasses import replace

from tinyllm.clock import Clock
from tinyllm.errors import TinyError
from tinyllm.models import Ask, Entry

REPAIRS = 2
AFRESH = ("OUTPUT_EMPTY", "INCOMPLETE_STREAM", "OUTPUT_REPETITION", "TOOL_CALL_UNREADABLE")
WIDEST = 4  # how far num_ctx and num_predict may grow


def repaired(ask: Ask, entry: Entry, failure: TinyError, said: str, clock: Clock) -> Ask:
    """The request after a failure: another draw of the dice, more room, or the fault spelled out."""
    options = dict(ask.options)
    if failure.code == "CONTEXT_OVERFLOW":
        room = int(options.get("num_ctx") or entry.num_ctx or 8192)
        return replace(ask, options={**options, "num_ctx": room * 2})
    if failure.code == "OUTPUT_TRUNCATED":
        length = int(options.get("num_predict") or entry.num_predict or 256)
        return replace(ask, options={**options, "num_predict": length * WIDEST})
    if failure.code in AFRESH or not said:
        warmer = min(1.0, float(options.get("temperature") or entry.temperature or 0.6) + 0.2)
        drawn = {"seed": clock.chance.randrange(1 << 31), "temperature": warmer}
        if failure.code == "OUTPUT_REPETITION":
            drawn["repeat_penalty"] = 1.3
        return replace(ask, options={**options, **drawn})
    complaint = [
        {"role": "assistant", "content": said},
        {"role": "user", "content": f"That cannot be used: {failure.message}. Write it again, correctly."},
    ]
    return replace(ask, messages=[*ask.messages, *complaint])
