"""A response of httpx and its stream hold each other: here they let go when it is closed.

Else each request leaves some forty objects to the garbage collector, and nothing else in a run leaves any.
"""

from collections.abc import AsyncIterator
from typing import Any, cast

from httpx import AsyncByteStream, ByteStream, Response


class Loose(AsyncByteStream):
    """The stream of a response, until it is closed."""

    def __init__(self, stream: AsyncByteStream) -> None:
        self._stream: AsyncByteStream | None = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream or ByteStream(b""))

    async def aclose(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()


async def loosened(response: Response) -> None:
    """For the hooks of a client."""
    response.stream = Loose(cast("AsyncByteStream", response.stream))


HOOKS: dict[str, Any] = {"response": [loosened]}
