"""A reply cut into the pieces that go over the wire."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Any

from tinyllm.testing.simulator.ask import Ask, Refusal
from tinyllm.testing.simulator.model import Model
from tinyllm.testing.simulator.reply import Ending, Reply, ToolCall
from tinyllm.testing.simulator.schemas import constrained, violating

_WORDS = re.compile(r"\s*\S+|\s+")
_PER_MESSAGE = 4
_MOST_REPEATS = 30
_TOO_LONG = (
    "the prompt is longer than the context length currently available to the model; shorten the prompt, "
    "adjust the context length in settings, or use a model with a longer context length"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one line of a stream adds."""

    text: str = ""
    thinking: str = ""
    calls: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Speech:
    """All of an answer: its pieces, what comes in the last line, and how it ends."""

    pieces: tuple[Piece, ...]
    last: Piece
    reason: str
    ending: Ending
    prompt_tokens: int
    eval_tokens: int

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def thinking(self) -> str:
        return "".join(piece.thinking for piece in self.pieces)

    @property
    def calls(self) -> tuple[dict[str, Any], ...]:
        return tuple(call for piece in (*self.pieces, self.last) for call in piece.calls)


def tokens(text: str) -> int:
    """A fixed tokenizer, so that budgets can be tested: four characters each."""
    return (len(text) + 3) // 4


def prompt_tokens(messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> int:
    said = sum(_PER_MESSAGE + tokens(message["content"]) for message in messages)
    return said + (tokens(json.dumps(list(tools))) if tools else 0)


def fitted(ask: Ask, model: Model, context: int) -> tuple[dict[str, Any], ...]:
    """The messages that the model sees: the oldest go first, the system message and the last one stay."""
    kept = list(ask.messages)
    if prompt_tokens(kept, ask.tools) <= context:
        return ask.messages
    if not ask.truncate:
        raise _too_long(model, prompt_tokens(kept, ask.tools), context)
    first = 1 if kept[0]["role"] == "system" else 0
    while len(kept) > first + 1 and prompt_tokens(kept, ask.tools) > context:
        del kept[first]
    over = prompt_tokens(kept, ask.tools) - context
    if over > 0:
        content = kept[-1]["content"]
        kept[-1] = {**kept[-1], "content": content[over * 4 :]}
    return tuple(kept)


def _too_long(model: Model, count: int, context: int) -> Refusal:
    if model.tool_shape == "rendered":
        return Refusal(400, _TOO_LONG)
    text = (
        f"request ({count} tokens) exceeds the available context size ({context} tokens), try increasing it"
    )
    inner = {
        "error": {
            "code": 400,
            "message": text,
            "type": "exceed_context_size_error",
            "n_prompt_tokens": count,
            "n_ctx": context,
        }
    }
    return Refusal(400, json.dumps(inner, separators=(",", ":")))


def speech(reply: Reply, ask: Ask, model: Model, context: int) -> Speech:
    """What the model says to this request."""
    shape = reply.shape or model.tool_shape
    text, reason = _text(reply, ask, constrain=bool(ask.format) and not (ask.tools and shape == "native"))
    calls = _calls(reply.tool_calls, shape) if ask.tools else ()
    thinks = bool(reply.thinking) and model.can("thinking") and ask.think is not False
    pieces = [Piece(thinking=part) for part in _WORDS.findall(reply.thinking)] if thinks else []
    same = reply.chunks is not None and text == "".join(reply.chunks)
    pieces += [Piece(text=part) for part in (reply.chunks or () if same else _WORDS.findall(text))]
    if shape == "rendered":
        pieces += [Piece(calls=(call,)) for call in calls]
    ending: Ending = "error" if reply.error and reply.status == 200 else reply.ending
    if reply.after is not None:
        pieces = pieces[: reply.after]
    if shape == "rendered" and _loops(pieces):
        pieces, ending = _until_loop(pieces), "silent"
    said = (
        tokens(text)
        + tokens(reply.thinking if thinks else "")
        + sum(tokens(json.dumps(call)) for call in calls)
    )
    prompt = min(prompt_tokens(ask.messages, ask.tools), context)
    return Speech(
        pieces=tuple(pieces),
        last=Piece(calls=calls) if shape == "native" else Piece(),
        reason=reason,
        ending=ending,
        prompt_tokens=prompt if reply.prompt_tokens is None else reply.prompt_tokens,
        eval_tokens=said if reply.eval_tokens is None else reply.eval_tokens,
    )


def _text(reply: Reply, ask: Ask, *, constrain: bool) -> tuple[str, str]:
    text = reply.text if reply.chunks is None else "".join(reply.chunks)
    reason = reply.done_reason
    if constrain and not reply.tool_calls and reply.format != "ignore":
        text = violating(ask.format) if reply.format == "violate" else constrained(text, ask.format)
        if reply.format == "cut":
            text, reason = text[: max(1, len(text) // 2)], "length"
    for stop in ask.options.get("stop", ()):
        text = text.split(stop, 1)[0] if stop else text
    most = int(ask.options.get("num_predict", -1))
    if most > 0 and tokens(text) > most:
        text, reason = text[: most * 4], "length"
    return text, reason


def _calls(calls: Sequence[ToolCall], shape: str) -> tuple[dict[str, Any], ...]:
    return tuple(_call(call, index, shape) for index, call in enumerate(calls))


def _call(call: ToolCall, index: int, shape: str) -> dict[str, Any]:
    if isinstance(call.arguments, str):
        raise Refusal(
            500, f'llama-server returned invalid tool call arguments for "{call.name}": {call.arguments}'
        )
    digest = sha256(f"{index}{call.name}{call.arguments}".encode()).hexdigest()
    made = digest[:32] if shape == "native" else f"call_{digest[:8]}"
    ident = made if call.id is None else call.id
    function = {"index": index, "name": call.name, "arguments": call.arguments}
    return {"id": ident, "function": function} if ident else {"function": function}


def _loops(pieces: Sequence[Piece]) -> bool:
    return any(len(list(same)) > _MOST_REPEATS for piece, same in groupby(pieces) if piece.text.strip())


def _until_loop(pieces: Sequence[Piece]) -> list[Piece]:
    kept: list[Piece] = []
    for _, group in groupby(pieces):
        same = list(group)
        kept += same[:_MOST_REPEATS]
        if len(same) > _MOST_REPEATS:
            break
    return kept
