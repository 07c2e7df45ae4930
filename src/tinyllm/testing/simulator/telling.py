"""An answer on its way over the wire, or the way it breaks."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinyllm.testing.simulator.ask import Ask, Refusal
from tinyllm.testing.simulator.gojson import encode, present, timestamp
from tinyllm.testing.simulator.http import JSON, JSON_BARE, LINES, Channel
from tinyllm.testing.simulator.reply import Reply
from tinyllm.testing.simulator.request import Request
from tinyllm.testing.simulator.speech import Piece, Speech

_GARBAGE = b'{"model":\x00\xff<html>502 Bad Gateway</html>\n'
_SHORTEST = 0.001
_DIED = "an error was encountered while running the model: unexpected EOF"


@dataclass(frozen=True, slots=True)
class Form:
    """How one endpoint writes an answer."""

    chat: bool
    name: str

    def line(self, request: Request, piece: Piece, *, done: bool, tail: dict[str, Any]) -> dict[str, Any]:
        head = {"model": request.model, "created_at": timestamp(time.time_ns())}
        if not self.chat:
            return {**head, "response": piece.text, **present(thinking=piece.thinking), "done": done, **tail}
        more = present(thinking=piece.thinking, tool_calls=list(piece.calls))
        return {**head, "message": {"role": "assistant", "content": piece.text, **more}, "done": done, **tail}


CHAT = Form(chat=True, name="ChatRequest")
GENERATE = Form(chat=False, name="GenerateRequest")


async def disturbed(request: Request, channel: Channel, reply: Reply) -> bool:
    """Whether the reply is no answer at all, but a failure before the first byte."""
    if not reply.fails_at_once:
        return False
    if reply.status != 200 or reply.body is not None:
        kind = JSON_BARE if request.ask and request.ask.stream else JSON
        body = encode({"error": reply.error}) if reply.body is None else reply.body.encode()
        request.status = reply.status
        await channel.respond(reply.status, body, reply.headers.get("Content-Type", kind), reply.headers)
    elif reply.ending == "garbage":
        await channel.raw(_GARBAGE)
        channel.writer.close()
    else:
        await _break(channel, reply)
    return True


async def _break(channel: Channel, reply: Reply) -> None:
    if reply.ending == "hang":
        await asyncio.Event().wait()
    channel.reset()


class Telling:
    """One answer on its way."""

    def __init__(
        self,
        scale: float,
        request: Request,
        channel: Channel,
        form: Form,
        ask: Ask,
        reply: Reply,
        said: Speech,
    ) -> None:
        self.scale, self.request, self.channel, self.form = scale, request, channel, form
        self.ask, self.reply, self.said = ask, reply, said
        self.due = 0.0

    async def tell(self) -> None:
        self.due = asyncio.get_running_loop().time()
        await self._wait(self.reply.first_delay)
        self.request.first = asyncio.get_running_loop().time()
        if self.ask.stream:
            await self._stream()
        else:
            await self._whole()

    async def _wait(self, seconds: float) -> None:
        # By the due time, not the delay: a sleep is never shorter than a millisecond, and would add up.
        self.due += seconds * self.scale
        left = self.due - asyncio.get_running_loop().time()
        if left > _SHORTEST:
            await asyncio.sleep(left)

    async def _whole(self) -> None:
        await self._wait(self.reply.delay * len(self.said.pieces))
        if self.said.ending == "error":
            raise Refusal(
                500, self.reply.error or "an error was encountered while running the model: unexpected EOF"
            )
        if self.said.ending in ("hang", "reset"):
            await _break(self.channel, self.reply)
        elif self.said.ending == "garbage":
            await self.channel.respond(200, _GARBAGE, JSON)
        elif self.said.ending == "silent":
            last = self.said.pieces[-1] if self.said.pieces else Piece()
            await self.channel.respond(200, encode(self._line(last)), JSON)
        else:
            whole = Piece(self.said.text, self.said.thinking, self.said.calls)
            await self.channel.respond(200, encode(self._last(whole)), JSON)
        self.request.pieces = len(self.said.pieces)

    async def _stream(self) -> None:
        await self.channel.begin(200, LINES)
        lines = _Lines(self.channel, self.reply.writes)
        for piece in self.said.pieces:
            await lines.put(encode(self._line(piece)) + b"\n")
            self.request.pieces += 1
            await self._wait(self.reply.delay)
        await self._end(lines)

    async def _end(self, lines: "_Lines") -> None:
        ending = self.said.ending
        if ending == "done":
            await lines.put(encode(self._last(self.said.last)) + b"\n")
        elif ending == "error":
            text = self.reply.error or _DIED
            await lines.put(encode({"error": text}) + b"\n")
        elif ending == "garbage":
            await lines.put(_GARBAGE)
        await lines.flush()
        if ending in ("hang", "reset"):
            await _break(self.channel, self.reply)
        else:
            await self.channel.finish()

    def _line(self, piece: Piece) -> dict[str, Any]:
        return self.form.line(self.request, piece, done=False, tail=self._logprobs(piece.text))

    def _last(self, piece: Piece) -> dict[str, Any]:
        now = asyncio.get_running_loop().time()
        request, said = self.request, self.said
        context = (
            []
            if self.form.chat or request.body.get("raw")
            else list(range(said.prompt_tokens + said.eval_tokens))
        )
        logprobs = self._logprobs(piece.text)
        tail = {
            "done_reason": said.reason,
            **present(context=context),
            **(logprobs if self.form.chat else {}),
            **present(
                total_duration=_nanoseconds(now - request.arrived),
                load_duration=_nanoseconds(request.load),
                prompt_eval_count=said.prompt_tokens,
                prompt_eval_duration=_nanoseconds(request.first - request.started),
                eval_count=said.eval_tokens,
                eval_duration=_nanoseconds(now - request.first),
            ),
            **({} if self.form.chat else logprobs),
        }
        return self.form.line(request, piece, done=True, tail=tail)

    def _logprobs(self, text: str) -> dict[str, Any]:
        if not self.ask.logprobs or not text:
            return {}
        token: dict[str, Any] = {"token": text, "logprob": -0.125, "bytes": list(text.encode())}
        top = [{**token, "logprob": -0.125 - place} for place in range(self.ask.top_logprobs)]
        return {"logprobs": [{**token, **present(top_logprobs=top)}]}


def _nanoseconds(seconds: float) -> int:
    return max(1, int(seconds * 1_000_000_000))


class _Lines:
    """Lines on a socket, in the writes that were asked for."""

    def __init__(self, channel: Channel, writes: str) -> None:
        self._channel = channel
        self._held: list[bytes] = []
        self._put: Callable[[bytes], Any] = {
            "lines": channel.chunk,
            "split": self._split,
            "joined": self._joined,
            "letters": self._letters,
        }[writes]

    async def put(self, line: bytes) -> None:
        await self._put(line)

    async def flush(self) -> None:
        if self._held:
            await self._channel.chunk(b"".join(self._held))
        self._held = []

    async def _split(self, line: bytes) -> None:
        for part in (line[: len(line) // 2], line[len(line) // 2 :]):
            await self._channel.chunk(part)
            await asyncio.sleep(0)

    async def _joined(self, line: bytes) -> None:
        self._held.append(line)
        if len(self._held) == 2:
            await self.flush()

    async def _letters(self, line: bytes) -> None:
        for byte in line:
            await self._channel.chunk(bytes([byte]))
            await asyncio.sleep(0)
