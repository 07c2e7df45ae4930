"""The one way out for a browser: a proxy on loopback that connects to checked addresses only, for every request of a page."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from tinyllm.errors import TinyError
from tinyllm.toolkit import Bounds, PublicUrl, within
from tinyllm.toolkit.public_url import checked_addresses, resolved

HEAD = 65_536  # bytes of a request's or a reply's head
PIECE = 65_536
SECONDS = 10.0  # until a connection stands
IDLE = 60.0
KEPT = 20  # refusals that are remembered
HOP = ("connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "upgrade")
REFUSED = b"HTTP/1.1 403 Forbidden\r\nx-refused: yes\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
FAILED = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Proxy:
    """Names are resolved here and nowhere else, so that what was checked is what is called."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.refused: dict[str, TinyError] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0, limit=HEAD)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
                await self._served(reader, writer)
        finally:
            writer.close()

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(IDLE):
            head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        target = rest.rpartition(" ")[0]
        tunnel = method == "CONNECT"
        try:
            url = self._checked(f"https://{target}/" if tunnel else target)
            there = await self._connected(url)
        except TinyError as failure:
            if len(self.refused) < KEPT:
                self.refused[_host(target)] = failure
            writer.write(REFUSED)
            return
        except (OSError, TimeoutError):
            writer.write(FAILED)
            return
        try:
            if tunnel:
                writer.write(OPEN)
            else:
                there[1].write(_request(method, url, lines))
            await self._piped(reader, writer, *there, plain=not tunnel)
        finally:
            there[1].close()

    def _checked(self, text: str) -> PublicUrl:
        if text.startswith("http://") and "/" not in text[7:]:
            text += "/"
        with within(self.bounds):
            return PublicUrl.of(text)

    async def _connected(self, url: PublicUrl) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        with within(self.bounds):
            places = await checked_addresses(url.host, url.port, self.bounds.resolve or resolved)
        failure: OSError | TimeoutError = TimeoutError()
        for place in places:
            try:
                async with asyncio.timeout(SECONDS):
                    return await asyncio.open_connection(place, url.port, limit=HEAD)
            except (OSError, TimeoutError) as refused:
                failure = refused
        raise failure

    async def _piped(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_there: asyncio.StreamReader,
        to_there: asyncio.StreamWriter,
        *,
        plain: bool,
    ) -> None:
        """Both ways until one side ends; a plain connection is for one request only, so that the next is checked too."""
        up = asyncio.ensure_future(_copied(reader, to_there))
        try:
            if plain:
                async with asyncio.timeout(IDLE):
                    head = await from_there.readuntil(b"\r\n\r\n")
                status, *lines = head[:-4].decode("latin-1").split("\r\n")
                writer.write(_head(status, _kept(lines)))
            down = asyncio.ensure_future(_copied(from_there, writer))
            await asyncio.wait([down] if plain else [up, down], return_when=asyncio.FIRST_COMPLETED)
            down.cancel()
        finally:
            up.cancel()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, TimeoutError):
        while True:
            async with asyncio.timeout(IDLE):
                piece = await reader.read(PIECE)
            if not piece:
                return
            writer.write(piece)
            await writer.drain()


def _request(method: str, url: PublicUrl, lines: Iterable[str]) -> bytes:
    """As an origin server wants it, and for this request only."""
    _, _, rest = str(url).partition("://")
    path = "/" + rest.partition("/")[2].partition("#")[0]
    return _head(f"{method} {path} HTTP/1.1", _kept(lines))


def _kept(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if line.partition(":")[0].strip().lower() not in HOP]


def _head(first: str, lines: list[str]) -> bytes:
    return "\r\n".join((first, *lines, "connection: close", "", "")).encode("latin-1")


def _host(target: str) -> str:
    return target.partition("://")[2].partition("/")[0] or target
