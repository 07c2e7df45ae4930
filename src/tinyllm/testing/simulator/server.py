"""The simulated server: it listens, records every request, and finds the endpoint."""

import asyncio
import errno
import ipaddress
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from tinyllm.errors import TinyError, UsageError
from tinyllm.steady import steadied
from tinyllm.testing.simulator.ask import Refusal, read_body
from tinyllm.testing.simulator.catalogue import Catalogue
from tinyllm.testing.simulator.crowd import Crowd
from tinyllm.testing.simulator.gojson import encode
from tinyllm.testing.simulator.http import TEXT, Channel, Malformed, Message
from tinyllm.testing.simulator.memory import Memory
from tinyllm.testing.simulator.population import Population
from tinyllm.testing.simulator.reading import SMALL, read_population
from tinyllm.testing.simulator.request import Request
from tinyllm.testing.simulator.routes import NAMES, ROUTES
from tinyllm.testing.simulator.script import Lines, Script
from tinyllm.testing.simulator.telling import disturbed
from tinyllm.testing.simulator.world import World

_LOCAL_NAMES = (".localhost", ".local", ".internal")


class Simulator:
    """A server that speaks Ollama's protocol without a model behind it.

    `async with Simulator("hello") as simulator:` or, where nothing is async, `with Simulator("hello") as simulator:`.
    """

    def __init__(
        self,
        source: Lines | Mapping[str, object] | Script | Population | Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        scale: float | None = None,
        room: int | None = None,
        queue: int | None = None,
        remembers: int = 100_000,
    ) -> None:
        self.host = host
        self.port = port
        self.requests: list[Request] = []
        self.remembers = remembers
        self.connections = 0
        self.failure: BaseException | None = None
        self.world = _world(source, scale, room, queue)
        self._number = 0
        self._channels: set[Channel] = set()
        self._server: asyncio.Server | None = None
        self._thread: _Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def cancelled(self) -> int:
        """How many answers nobody waited for."""
        return sum(request.cancelled for request in self.requests)

    @property
    def asked(self) -> list[Request]:
        """The requests for an answer: chat and generate."""
        return [request for request in self.requests if request.path in ("/api/chat", "/api/generate")]

    async def start(self) -> Self:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Channel(self._serve), self.host, self.port)
        except OSError as failure:
            raise _cannot_listen(self.host, self.port, failure) from failure
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Refuse new connections, end the ones there are, and wait until nothing is left."""
        if self._server:
            self._server.close()
        tasks = [channel.task for channel in self._channels]
        for channel in self._channels:
            channel.busy = False
            channel.task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.world.memory.close()
        if self._server:
            await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self.stop()
        self._raise(kind)

    def _raise(self, kind: type[BaseException] | None) -> None:
        # A script that fails would otherwise look like a connection that broke.
        if kind is None and self.failure:
            raise self.failure

    def start_in_thread(self) -> Self:
        """Run beside code that is not async; `stop_thread` or leaving the `with` block ends it."""
        self._thread = _Thread(self)
        self._thread.begin()
        return self

    def stop_thread(self) -> None:
        if self._thread:
            self._thread.end()
        self._thread = None

    def __enter__(self) -> Self:
        return self.start_in_thread()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop_thread()
        self._raise(kind)

    async def _serve(self, channel: Channel) -> None:
        self.connections += 1
        self._channels.add(channel)
        channel.task.add_done_callback(lambda task: self._over(channel, task))
        try:
            while message := await channel.receive():
                channel.busy = True
                channel.begun = False
                await self._exchange(message, channel)
                channel.busy = False
                if not message.keeps:
                    return
        except (Malformed, ValueError, asyncio.IncompleteReadError):
            await channel.respond(
                400, b"400 Bad Request", "text/plain; charset=utf-8", {"Connection": "close"}
            )

    def _over(self, channel: Channel, task: asyncio.Task[None]) -> None:
        self._channels.discard(channel)
        failure = None if task.cancelled() else task.exception()
        if failure:
            self.failure = self.failure or failure

    async def _exchange(self, message: Message, channel: Channel) -> None:
        loop = asyncio.get_running_loop()
        request = Request(
            number=self._number,
            method=message.method,
            path=message.path,
            headers=message.headers,
            raw=message.body,
            arrived=loop.time(),
        )
        self._number += 1
        self.requests.append(request)
        del self.requests[: -self.remembers]
        try:
            await self._answer(request, channel)
            request.status = request.status or 200
        except Refusal as refusal:
            request.status = refusal.status
            await _refuse(channel, refusal)
        except asyncio.CancelledError:
            request.cancelled = True
            raise
        finally:
            request.ended = loop.time()

    async def _answer(self, request: Request, channel: Channel) -> None:
        if not _welcome(self.host, request.headers.get("host", "")):
            request.status = 403
            await channel.respond(403, b"", "")
            return
        methods = ROUTES.get(request.path)
        endpoint = (methods or {}).get(request.method)
        if endpoint is None:
            request.status, text = (
                (405, b"405 method not allowed") if methods else (404, b"404 page not found")
            )
            await channel.respond(request.status, text, TEXT)
            return
        reply = await self.world.source.disturbance(request)
        if reply:
            await asyncio.sleep(reply.first_delay * self.world.scale)
            if await disturbed(request, channel, reply):
                return
        if request.method != "GET" and request.method != "HEAD":
            request.body = read_body(request.raw, NAMES[request.path])
        await endpoint(self.world, request, channel)


async def _refuse(channel: Channel, refusal: Refusal) -> None:
    if not channel.begun:
        await channel.respond(refusal.status, encode({"error": refusal.message}), refusal.kind)
        return
    await channel.chunk(encode({"error": refusal.message}) + b"\n")
    await channel.finish()


def _welcome(bound: str, header: str) -> bool:
    """Bound to loopback, the server talks only to those who call it by a local name."""
    if bound not in ("127.0.0.1", "localhost", "::1") or not header:
        return True
    name = header.rsplit(":", 1)[0] if header.rpartition(":")[2].isdigit() else header
    name = name.strip("[]").lower().rstrip(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name in ("", "localhost") or name.endswith(_LOCAL_NAMES)
    return address.is_loopback or address.is_private or address.is_unspecified or address.is_link_local


def _cannot_listen(host: str, port: int, failure: OSError) -> TinyError:
    if failure.errno == errno.EADDRINUSE:
        return UsageError(
            f"port {port} of {host} is in use",
            hint="something listens there already, perhaps Ollama itself: stop it or choose another port",
            code="PORT_IN_USE",
        )
    if failure.errno == errno.EACCES:
        return UsageError(f"port {port} may not be used", hint="take one above 1023", code="PORT_FORBIDDEN")
    return UsageError(
        f"cannot listen on {host}:{port}: {failure.strerror or failure}", hint="check the host name"
    )


def _world(source: Any, scale: float | None, room: int | None, queue: int | None) -> World:
    population = read_population(source) if isinstance(source, Path) else source
    given: dict[str, float | None] = {"scale": scale, "room": room, "queue": queue}
    said: dict[str, float] = {"scale": 1.0, "room": 64, "queue": 512}
    answers: Script | Crowd
    if isinstance(population, Population):
        said = {"scale": population.scale, "room": population.room, "queue": population.queue}
        answers = Crowd(population)
    else:
        answers = population if isinstance(population, Script) else Script(population)
    settled = {name: said[name] if value is None else value for name, value in given.items()}
    return World(
        catalogue=Catalogue(answers.models, open_to_all=answers.open_to_all),
        memory=Memory(int(settled["room"]), int(settled["queue"]), settled["scale"]),
        source=answers,
        scale=settled["scale"],
    )


async def serve(file: Path | None, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve a population (the shipped one without a file) until cancelled; `announce` gets lines to print."""
    async with Simulator(file or SMALL, host=host, port=port, remembers=1000) as simulator:
        steadied()
        announce(f"simulated models at {simulator.url}: {', '.join(simulator.world.catalogue.names())}")
        announce(f"use them with OLLAMA_HOST={simulator.url}; Ctrl-C stops")
        await asyncio.Event().wait()


class _Thread:
    """An event loop of its own for one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._done: Callable[[], Any] = lambda: None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="simulator", daemon=True
        )

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        self._done = lambda: loop.call_soon_threadsafe(over.set)
        try:
            await self._simulator.start()
        except TinyError as failure:
            self._failure = failure
            return
        finally:
            self._ready.set()
        await over.wait()
        await self._simulator.stop()

    def begin(self) -> None:
        self._thread.start()
        self._ready.wait()
        if self._failure:
            self._thread.join()
            raise self._failure

    def end(self) -> None:
        self._done()
        self._thread.join()
