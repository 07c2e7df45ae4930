"""What httpx leaves to us of a connection that is kept: to let go of a response, and to notice that nobody is there any more.

A response and its stream hold each other. Here they let go when it is closed, or else each request leaves some forty
objects to the garbage collector, and nothing else in a run leaves any.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final, cast

from httpx import (
    AsyncBaseTransport,
    AsyncByteStream,
    AsyncClient,
    ByteStream,
    ReadError,
    RemoteProtocolError,
    Request,
    Response,
    WriteError,
)

from tinyllm.finishing import to_the_end

AT_ONCE: Final = 1.0  # seconds within which a connection that is dead says so; later the server was at work


class Loose(AsyncByteStream):
    """The stream of a response, until it is closed."""

    def __init__(self, stream: AsyncByteStream) -> None:
        self._stream: AsyncByteStream | None = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream or ByteStream(b""))

    async def aclose(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            # Stopped in its midst, httpx would neither give the connection back nor close it.
            await to_the_end(stream.aclose())


async def loosened(response: Response) -> None:
    """For the hooks of a client."""
    response.stream = Loose(cast("AsyncByteStream", response.stream))


HOOKS: dict[str, Any] = {"response": [loosened]}


class _Trip:
    """What httpcore tells of one request on its way."""

    def __init__(self) -> None:
        self.fresh = False  # its connection was made for it,
        self.unused: Any = None  # and nothing was sent on it yet

    async def heard(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            self.fresh = True
        elif event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self.unused = info["return_value"]
        elif event == "http11.send_request_headers.started":
            self.unused = None


class Renewing(AsyncBaseTransport):
    """Sends a request again, on another connection, when the one that was kept turns out to be dead."""

    def __init__(self, beneath: AsyncBaseTransport) -> None:
        self._beneath = beneath

    async def handle_async_request(self, request: Request) -> Response:
        while True:
            trip, began = _Trip(), asyncio.get_running_loop().time()
            request.extensions = {**request.extensions, "trace": trip.heard}
            try:
                return await self._beneath.handle_async_request(request)
            except (ReadError, RemoteProtocolError, WriteError):
                if trip.fresh or asyncio.get_running_loop().time() - began > AT_ONCE:
                    raise
            finally:
                if trip.unused is not None:  # cancelled in between: httpcore forgets to close it
                    await trip.unused.aclose()

    async def aclose(self) -> None:
        await self._beneath.aclose()


def renewing(client: AsyncClient) -> None:
    """Whatever way its requests go, through proxies as well."""
    client._transport = Renewing(client._transport)
    client._mounts = {pattern: beneath and Renewing(beneath) for pattern, beneath in client._mounts.items()}
