"""A reply that cannot be used is asked for again, but never in the same way."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tinyllm.clock import Clock
from tinyllm.errors import TinyError
from tinyllm.guard.replies import estimate
from tinyllm.models import Ask, Entry
from tinyllm.settings import Settings
from tinyllm.texts import prompt

REPAIRS = 2
AFRESH = ("OUTPUT_EMPTY", "OUTPUT_THINKING", "INCOMPLETE_STREAM", "OUTPUT_REPETITION", "TOOL_CALL_UNPARSABLE")
WIDEST = 4  # how far num_ctx and num_predict may grow
SHOWN = 2_000  # characters of a bad reply that the model sees again


def repaired(
    ask: Ask, entry: Entry, failure: TinyError, said: str, clock: Clock, settings: Settings
) -> Ask | None:
    """The request after a failure: another draw of the dice, more room, the fault spelled out; or nothing helps."""
    given: dict[str, Any] = {"num_ctx": entry.num_ctx or settings.num_ctx, "num_predict": entry.num_predict}
    options = {**{name: value for name, value in given.items() if value}, **ask.options}
    if failure.code == "CONTEXT_OVERFLOW":
        return _with_more_context(ask, options, entry.num_ctx or settings.num_ctx)
    if failure.code == "OUTPUT_TRUNCATED":
        return _with_more_length(ask, options)
    if ask.schema is not None and ask.tools and failure.code.startswith("OUTPUT_"):
        ask = replace(
            ask, tools=()
        )  # it answers instead of calling: then the server can hold it to the schema
    if failure.code in AFRESH:
        return replace(ask, options={**ask.options, **_drawn(ask.options, entry, failure, clock)})
    return replace(ask, messages=[*ask.messages, *_complaint(said, failure)])


def _with_more_context(ask: Ask, options: Mapping[str, Any], usual: int) -> Ask | None:
    """Twice as much, or what it takes, up to a limit: memory is what small machines have least of."""
    most = usual * WIDEST
    room = int(options["num_ctx"])
    if room >= most:
        return None
    wanted = max(2 * room, int(estimate(ask) * 1.3) + 512)
    return replace(ask, options={**ask.options, "num_ctx": min(wanted, most)})


def _with_more_length(ask: Ask, options: Mapping[str, Any]) -> Ask:
    if length := int(options.get("num_predict") or 0):
        return replace(ask, options={**ask.options, "num_predict": length * WIDEST})
    # It was not held back, it filled its context: only a shorter answer fits.
    return replace(
        ask, messages=[*ask.messages, {"role": "user", "content": prompt("briefly.md").render({})}]
    )


def _drawn(options: Mapping[str, Any], entry: Entry, failure: TinyError, clock: Clock) -> dict[str, Any]:
    usual = options.get("temperature", entry.temperature)
    warmer = round(min(1.0, (0.6 if usual is None else float(usual)) + 0.2), 2)
    drawn = {"seed": clock.chance.randrange(1 << 31), "temperature": warmer}
    if failure.code == "OUTPUT_REPETITION":
        drawn["repeat_penalty"] = 1.3
    return drawn


def _complaint(said: str, failure: TinyError) -> list[dict[str, Any]]:
    shown = [{"role": "assistant", "content": said[:SHOWN]}] if said.strip() else []
    fault = prompt("mend.md").render({"fault": failure.message})
    return [*shown, {"role": "user", "content": fault}]
