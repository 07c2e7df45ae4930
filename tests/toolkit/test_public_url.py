"""Where tools may call, and forty ways to make them call elsewhere."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpcore
import httpx
import pytest

from tinyllm.errors import TinyError
from tinyllm.toolkit import Bounds, PublicUrl, public_client, within
from tinyllm.toolkit.addresses import address, is_public

PUBLIC = "93.184.216.34"


@pytest.fixture(autouse=True)
def no_private_hosts() -> Iterator[None]:
    with within(Bounds()):
        yield


class Wire(httpcore.AsyncNetworkBackend):
    """The network: notes who is connected to, and leads everybody to the server of the test."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connected: list[str] = []
        self.real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append(host)
        return await self.real.connect_tcp("127.0.0.1", self.port, timeout)


def saying(*answers: Sequence[str]) -> Callable[[str, int], Any]:
    """A resolver that says these one after the other, and the last one ever after."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@asynccontextmanager
async def server(*replies: bytes) -> AsyncIterator[tuple[Wire, list[bytes]]]:
    """A server that gives these replies in order, the last one again; and what it was asked."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(replies[min(len(asked), len(replies)) - 1])
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield Wire(listening.sockets[0].getsockname()[1]), asked


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


def moved(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()


# Forty addresses that a tool must not call. What is no address by itself is a name, and resolved by the real resolver.
NOT_PUBLIC = [
    "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://0x7f.1/", "http://0x7f000001/",
    "http://2130706433/", "http://0177.0.0.1/", "http://017700000001/", "http://0/", "http://0.0.0.0/",
    "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://127.0.0.1./", "http://localhost/",
    "http://LOCALHOST:8080/", "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/", "http://192.0.0.8/", "http://198.18.0.1/",
    "http://224.0.0.1/", "http://255.255.255.255/", "http://240.0.0.1/", "http://192.88.99.1/", "http://[::1]/",
    "http://[::]/", "http://[::127.0.0.1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", "http://[fec0::1]/", "http://[fe80::1]/", "http://[fc00::1]/",
    "http://[ff02::1]/", "http://[2001:db8::1]/",
]  # fmt: skip
NO_WEB_ADDRESS = [
    "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "javascript:alert(1)", "//example.org/",
    "http://user@example.org/", "http://user:word@example.org/", "http://example.org@127.0.0.1/", "http:///",
    "http://example.org:99999/", "http://exa mple.org/", "http://example.org\\@127.0.0.1/", "http://[::1/",
    "http://example.org/\r\nHost: x", "example.org", "",
]  # fmt: skip


@pytest.mark.parametrize("url", NOT_PUBLIC)
async def test_no_address_of_this_house_is_called(url: str) -> None:
    async with server(OK) as (wire, asked), public_client(backend=wire) as client:
        with pytest.raises((TinyError, httpx.InvalidURL)) as refused:
            await client.get(url)
        assert getattr(refused.value, "code", "BLOCKED_ADDRESS") in ("BLOCKED_ADDRESS", "URL_INVALID")
        assert (wire.connected, asked) == ([], [])


@pytest.mark.parametrize("url", NO_WEB_ADDRESS)
def test_only_web_addresses_without_a_name_in_them_are_taken(url: str) -> None:
    with pytest.raises(TinyError) as refused:
        PublicUrl.of(url)
    assert refused.value.code in ("URL_INVALID", "BLOCKED_ADDRESS")


def test_what_is_written_as_an_address_is_refused_before_anything_is_resolved() -> None:
    for url in ("http://127.1/", "http://2130706433/", "http://[::1]:80/", "http://①②⑦.1/"):
        with pytest.raises(TinyError, match="not public"):
            PublicUrl.of(url)


@pytest.mark.parametrize("text", [PUBLIC, "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_out_in_the_world_may_be_called(text: str) -> None:
    assert is_public(address(text))


async def test_the_checked_address_is_the_one_that_is_called() -> None:
    resolve = saying([PUBLIC], ["127.0.0.1"])
    async with server(OK) as (wire, asked), public_client(resolve, wire) as client:
        assert (await client.get("http://example.org/page")).text == "ok"
    assert wire.connected == [PUBLIC]
    assert b"Host: example.org" in asked[0]


async def test_a_name_that_changes_its_mind_is_refused_when_it_does() -> None:
    resolve = saying([PUBLIC], ["127.0.0.1"])
    async with server(OK) as (wire, asked), public_client(resolve, wire) as client:
        await client.get("http://rebinding.example/")
        with pytest.raises(TinyError, match=r"rebinding\.example \(127\.0\.0\.1\) is not public"):
            await client.get("http://rebinding.example/")
    assert (wire.connected, len(asked)) == ([PUBLIC], 1)


async def test_one_bad_address_of_a_name_refuses_them_all() -> None:
    async with server(OK) as (wire, _), public_client(saying([PUBLIC, "10.0.0.1"]), wire) as client:
        with pytest.raises(TinyError, match="not public"):
            await client.get("http://example.org/")
    assert wire.connected == []


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1/", "http://inside.example/", "http://user:word@example.org/"]
)
async def test_every_hop_of_a_redirect_is_checked(to: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["192.168.0.1" if host == "inside.example" else PUBLIC]

    async with server(moved(to)) as (wire, asked), public_client(resolve, wire) as client:
        with pytest.raises(TinyError):
            await client.get("http://example.org/")
    assert (wire.connected, len(asked)) == ([PUBLIC], 1)


async def test_a_redirect_to_another_kind_of_address_is_refused() -> None:
    async with (
        server(moved("file:///etc/passwd")) as (wire, _),
        public_client(saying([PUBLIC]), wire) as client,
    ):
        with pytest.raises((TinyError, httpx.HTTPError)):
            await client.get("http://example.org/")


async def test_after_five_redirects_it_is_enough() -> None:
    again = moved("http://example.org/again")
    async with server(again) as (wire, asked), public_client(saying([PUBLIC]), wire) as client:
        with pytest.raises(httpx.TooManyRedirects):
            await client.get("http://example.org/")
    assert len(asked) == 6


async def test_tls_asks_for_the_name_and_not_for_the_address() -> None:
    hello: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.append(await reader.read(2_000))
        writer.close()

    listening = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with listening:
        wire = Wire(listening.sockets[0].getsockname()[1])
        async with public_client(saying([PUBLIC]), wire) as client:
            with pytest.raises((httpx.HTTPError, ssl.SSLError)):
                await client.get("https://secure.example/")
    assert b"secure.example" in hello[0]


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with server(OK) as (wire, _), public_client(saying([PUBLIC]), wire) as client:
        assert (await client.get("http://example.org/")).text == "ok"


@pytest.mark.parametrize(
    "entry", ["inside.example", "*.example", "inside.example:8080", "127.0.0.0/8", "127.0.0.1"]
)
async def test_a_person_may_allow_a_private_host(entry: str) -> None:
    async with server(OK) as (wire, _), public_client(saying(["127.0.0.1"]), wire) as client:
        with within(Bounds(hosts=(entry,))):
            assert (await client.get("http://inside.example:8080/")).text == "ok"


async def test_allowing_one_host_allows_no_other() -> None:
    async with server(OK) as (wire, _), public_client(saying(["127.0.0.1"]), wire) as client:
        with within(Bounds(hosts=("inside.example:8080", "10.0.0.0/8"))):
            for url in ("http://inside.example/", "http://other.example:8080/"):
                with pytest.raises(TinyError, match="not public"):
                    await client.get(url)


async def test_no_socket_of_this_machine_is_called() -> None:
    async with public_client() as client:
        with pytest.raises((TinyError, httpx.HTTPError)):
            await client.get("http+unix://%2Fvar%2Frun%2Fdocker.sock/")
