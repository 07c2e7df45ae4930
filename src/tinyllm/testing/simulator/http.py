"""HTTP/1.1 as a small server speaks it: requests in, plain or chunked responses out."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

JSON = "application/json; charset=utf-8"
JSON_BARE = "application/json"
LINES = "application/x-ndjson"
TEXT = "text/plain"
TEXT_UTF8 = "text/plain; charset=utf-8"

_LONGEST_HEAD = 64 * 1024
_LARGEST_BODY = 256 * 1024 * 1024
_NONE: Mapping[str, str] = MappingProxyType({})


class Malformed(Exception):
    """What came in is not HTTP."""


@dataclass(frozen=True, slots=True)
class Message:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    keeps: bool


class Channel(asyncio.StreamReaderProtocol):
    """One client's connection. Whoever leaves while an answer is being made cancels the making."""

    def __init__(self, serve: Callable[["Channel"], Awaitable[None]]) -> None:
        self.reader = asyncio.StreamReader(limit=_LONGEST_HEAD)
        super().__init__(self.reader, self._connected)
        self.writer: asyncio.StreamWriter
        self.task: asyncio.Task[None]
        self.busy = False
        self.begun = False
        self._serve = serve

    def _connected(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._serve(self)
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self.busy = False
            self.writer.close()
            with suppress(ConnectionError):
                await self.writer.wait_closed()

    def eof_received(self) -> bool:
        self._left()
        return bool(super().eof_received())

    def connection_lost(self, exc: Exception | None) -> None:
        self._left()
        super().connection_lost(exc)

    def _left(self) -> None:
        if self.busy:
            self.busy = False
            self.task.cancel()

    async def receive(self) -> Message | None:
        """The next request; nothing when the client has gone."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError as failure:
            raise Malformed("the head is too long") from failure
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise Malformed("the first line is not a request")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        if headers.get("expect", "").lower() == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        path = words[1].split("?", 1)[0]
        keeps = words[2] != "HTTP/1.0" and headers.get("connection", "").lower() != "close"
        return Message(words[0], path, headers, await self._body(headers), keeps)

    async def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts: list[bytes] = []
            while size := int((await self.reader.readline()).split(b";")[0], 16):
                parts.append(await self.reader.readexactly(size))
                await self.reader.readline()
            await self.reader.readline()
            return b"".join(parts)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            raise Malformed("the length of the body is no good")
        return await self.reader.readexactly(int(length))

    async def respond(
        self,
        status: int,
        body: bytes,
        kind: str,
        headers: Mapping[str, str] = _NONE,
        *,
        bodiless: bool = False,
    ) -> None:
        """A whole response of known length."""
        more = {"Content-Length": str(len(body)), **({"Content-Type": kind} if kind else {}), **headers}
        await self.raw(_head(status, more) + (b"" if bodiless else body))

    async def begin(self, status: int, kind: str) -> None:
        """The head of a response whose length nobody knows yet."""
        await self.raw(_head(status, {"Content-Type": kind, "Transfer-Encoding": "chunked"}))

    async def chunk(self, data: bytes) -> None:
        await self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    async def finish(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def raw(self, data: bytes) -> None:
        """Bytes as they are, in a segment of their own as far as the kernel allows."""
        self.begun = True
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection the rude way (RST)."""
        self.busy = False
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
