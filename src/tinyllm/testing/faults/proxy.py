"""A proxy on loopback that does to connections what networks do."""

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from tinyllm.testing.faults.kinds import Blackhole, Faults, Pieces, Refuse

_READ = 64 * 1024


class _Exchange:
    """What the server sends in answer to one request."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(64)
        self.answered = False
        self.whole = False

    async def pieces(self) -> Pieces:
        while (piece := await self.queue.get()) is not None:
            yield piece
        self.whole = True


class FaultProxy:
    """Stands before a server: `async with FaultProxy(url) as proxy: proxy.faults = [Latency(0.2), Slice(1)]`.

    Faults count from the next request on, also on connections that are open already. A function says which ones an
    exchange gets by its number: `proxy.faults = lambda number: [Reset()] if number == 0 else []`.
    """

    def __init__(self, target: str, *, seed: int = 0) -> None:
        self._target = urlsplit(target)
        self._chance = random.Random(seed)  # noqa: S311 — not for secrets
        self._faults: Faults | Callable[[int], Faults] = ()
        self._socket: socket.socket | None = None
        self._listens = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0
        self.exchanges = 0
        self.bytes_up = 0
        self.bytes_down = 0

    @property
    def url(self) -> str:
        return f"{self._target.scheme}://127.0.0.1:{self.port}{self._target.path}"

    @property
    def faults(self) -> Faults | Callable[[int], Faults]:
        return self._faults

    @faults.setter
    def faults(self, faults: Faults | Callable[[int], Faults]) -> None:
        self._faults = faults
        if self._socket:
            self._listen()

    def _listen(self) -> None:
        """Listen, or hold the port without listening: then whoever connects is refused."""
        faults = () if callable(self._faults) else self._faults
        wanted = not any(isinstance(fault, Refuse) for fault in faults)
        if self._socket and wanted == self._listens:
            return
        self._shut()
        self._socket = bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", self.port))
        bound.setblocking(False)
        self.port = bound.getsockname()[1]
        self._listens = wanted
        if wanted:
            bound.listen(128)
            asyncio.get_running_loop().add_reader(bound, self._accept)
        else:
            self._end()

    def _shut(self) -> None:
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
        self._socket = None

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def __aenter__(self) -> Self:
        self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._shut()
        self._end()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self) -> None:
        assert self._socket is not None
        with suppress(BlockingIOError, ConnectionError):
            client, _ = self._socket.accept()
            client.setblocking(False)
            self.connections += 1
            task = asyncio.get_running_loop().create_task(self._serve(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: socket.socket) -> None:
        client_reader, client_writer = await asyncio.open_connection(sock=client)
        try:
            host, port = self._target.hostname or "127.0.0.1", self._target.port or 80
            reader, writer = await asyncio.open_connection(host, port)
        except OSError:
            _reset(client_writer)
            return
        try:
            await _Pipe(self, client_reader, client_writer, reader, writer).run()
        except (ConnectionError, asyncio.CancelledError):
            _reset(client_writer)
        finally:
            for each in (client_writer, writer):
                each.close()
                with suppress(ConnectionError):
                    await each.wait_closed()

    def chosen(self) -> Faults:
        """The faults of the next exchange."""
        self.exchanges += 1
        return self._faults(self.exchanges - 1) if callable(self._faults) else self._faults

    def disturbed(self, pieces: Pieces, faults: Faults) -> Pieces:
        for fault in faults:
            pieces = fault.through(pieces, self._chance)
        return pieces


class _Pipe:
    """One connection through the proxy."""

    def __init__(
        self,
        proxy: FaultProxy,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._client, self._to_client = client, to_client
        self._server, self._to_server = server, to_server
        self._exchange = _Exchange()
        self._faults: Faults = ()
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Until one side has enough."""
        tasks = [asyncio.ensure_future(each) for each in (self._up(), self._down(), self._read())]
        try:
            # The reader ends first when the server hangs up; what it read is still on its way down.
            await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, ConnectionError):
                raise result

    async def _up(self) -> None:
        while data := await self._client.read(_READ):
            if not self._asked.is_set():
                self._faults = self._proxy.chosen()
                self._asked.set()
            elif self._exchange.answered:
                done = self._exchange
                self._exchange, self._faults = _Exchange(), self._proxy.chosen()
                await done.queue.put(None)
            if not any(isinstance(fault, Blackhole) and not fault.after for fault in self._faults):
                self._proxy.bytes_up += len(data)
                self._to_server.write(data)
                await self._to_server.drain()

    async def _read(self) -> None:
        try:
            while data := await self._server.read(_READ):
                self._exchange.answered = True
                await self._exchange.queue.put(data)
        except ConnectionError:
            await self._exchange.queue.put(None)  # what came before a reset still goes down
            raise
        await self._exchange.queue.put(None)

    async def _down(self) -> None:
        await self._asked.wait()
        while True:
            exchange = self._exchange
            async for piece in self._proxy.disturbed(exchange.pieces(), self._faults):
                self._proxy.bytes_down += len(piece)
                self._to_client.write(piece)
                await self._to_client.drain()
            if not exchange.whole or exchange is self._exchange:
                return


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
