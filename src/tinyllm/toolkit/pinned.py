"""An httpx transport that connects to the very address that was checked, whatever the name says a moment later."""

from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from tinyllm.toolkit.public_url import PublicUrl, Resolve, checked_addresses


class Pinned(httpcore.AsyncNetworkBackend):
    """Resolves once, checks every address, and connects to those. TLS still asks for the name."""

    def __init__(self, resolve: Resolve, inner: httpcore.AsyncNetworkBackend) -> None:
        self.resolve = resolve
        self.inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception | None = None
        for place in await checked_addresses(host, port, self.resolve):
            try:
                return await self.inner.connect_tcp(place, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as refused:
                failure = refused
        assert failure is not None
        raise failure

    async def sleep(self, seconds: float) -> None:
        await self.inner.sleep(seconds)


class Checked(httpx.AsyncHTTPTransport):
    """Every request goes through here, the ones that a redirect makes as well."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        PublicUrl.of(str(request.url))
        return await super().handle_async_request(request)


def transport(
    resolve: Resolve, backend: httpcore.AsyncNetworkBackend | None = None
) -> httpx.AsyncBaseTransport:
    """The transport of `public_client`."""
    context = httpx.create_ssl_context(trust_env=False)
    made = Checked(verify=context, trust_env=False, retries=0)
    # httpx has no door for a network backend; httpcore, below it, does.
    made._pool = httpcore.AsyncConnectionPool(
        ssl_context=context,
        network_backend=Pinned(resolve, backend or httpcore.AnyIOBackend()),
    )
    return made
