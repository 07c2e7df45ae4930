"""An address on the web that leads to nobody's own machine, and the client that makes sure of it."""

import asyncio
import fnmatch
import ipaddress
import socket
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tinyllm.errors import Invalid, Permanent, Unavailable
from tinyllm.toolkit.addresses import Address, address, is_public
from tinyllm.toolkit.bounds import bounds

if TYPE_CHECKING:
    import httpx

LONGEST = 4_096
REDIRECTS = 5
SECONDS = 20.0
SAYS = "A public web address, such as https://example.org/page."

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """An http(s) address without a password in it. Where its name leads is checked when it is called."""

    text: str
    host: str
    port: int

    @classmethod
    def of(cls, given: "str | PublicUrl") -> "PublicUrl":
        text = given.text if isinstance(given, PublicUrl) else _checked(given)
        try:
            parts = urlsplit(text)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        except ValueError as failure:
            raise _bad(text, str(failure)) from failure
        if parts.scheme not in ("http", "https"):
            raise _bad(text, "only http and https addresses may be called")
        if parts.username is not None or parts.password is not None:
            raise _bad(text, "it has a user name in it")
        host = unicodedata.normalize("NFKC", parts.hostname or "").rstrip(".")
        if not host:
            raise _bad(text, "it names no host")
        url = cls(text, host, port)
        for found in _written(host):
            url.check(found)
        return url

    def __str__(self) -> str:
        return self.text

    def check(self, found: Address) -> None:
        """Refuse an address that is not public, unless the settings allow this host."""
        if not is_public(found) and not _allowed(self.host, self.port, found, bounds().hosts):
            raise blocked(self.host, found)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _argument, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "description": SAYS}


def public_client(
    resolve: "Resolve | None" = None, backend: Any = None, **options: Any
) -> "httpx.AsyncClient":
    """An httpx client that connects to checked addresses only, on every hop, and knows no proxy, cookie or .netrc."""
    import httpx

    from tinyllm.toolkit.pinned import transport

    defaults = {"timeout": httpx.Timeout(SECONDS), "follow_redirects": True, "max_redirects": REDIRECTS}
    return httpx.AsyncClient(
        transport=transport(resolve or bounds().resolve or resolved, backend),
        trust_env=False,
        **{**defaults, **options},
    )


async def checked_addresses(host: str, port: int, resolve: Resolve) -> list[str]:
    """Every address of a name; one that is not public refuses them all, for the next call could get that one."""
    url = PublicUrl(f"{host}:{port}", host, port)
    found = [address(text) for text in await resolve(host, port)]
    for each in found:
        url.check(each)
    if not found:
        raise Unavailable(f"{host} has no address", hint="check the name", code="DNS_NOT_FOUND")
    return [str(each) for each in dict.fromkeys(found)]


async def resolved(host: str, port: int) -> list[str]:
    """What this machine's resolver says."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as failure:
        raise Unavailable(
            f"the name {host!r} is not known", hint="check the address", code="DNS_NOT_FOUND"
        ) from failure
    return [str(place[0]) for *_, place in found]


def blocked(host: str, found: Address) -> Permanent:
    where = host if host == str(found) else f"{host} ({found})"
    return Permanent(
        f"{where} is not public, and may not be called",
        hint="a person can allow it: add the host to `allow_hosts` in the settings",
        code="BLOCKED_ADDRESS",
    )


def _written(host: str) -> list[Address]:
    """The address that a host already is, in every spelling that a resolver takes for one (127.1, 0x7f.1, 2130706433)."""
    try:
        return [address(host)]
    except ValueError:
        pass
    try:
        return [ipaddress.IPv4Address(socket.inet_aton(host))]
    except (OSError, ValueError):
        return []


def _allowed(host: str, port: int, found: Address, hosts: Sequence[str]) -> bool:
    """Hosts are allowed by name or pattern, with or without a port, or by address or network."""
    return any(_covers(entry, host, port, found) for entry in hosts)


def _covers(entry: str, host: str, port: int, found: Address) -> bool:
    try:
        network = ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        name, colon, number = entry.rpartition(":")
        if not (colon and number.isdigit()):
            return fnmatch.fnmatchcase(host.casefold(), entry.casefold())
        return int(number) == port and _covers(name, host, port, found)
    return found in network


def _checked(text: str) -> str:
    fault = (
        "it is empty" if not text
        else "it is too long" if len(text) > LONGEST
        else "it has spaces or invisible characters" if not text.isprintable() or " " in text
        else "it has a backslash" if "\\" in text
        else ""
    )  # fmt: skip
    if fault:
        raise _bad(text, fault)
    return text


def _bad(text: str, why: str) -> Invalid:
    return Invalid(
        f"{text[:100]!r} cannot be called: {why}",
        hint="write it like https://example.org/page",
        code="URL_INVALID",
    )


def _argument(given: Any) -> PublicUrl:
    if not isinstance(given, (str, PublicUrl)):
        raise ValueError("an address is text, such as https://example.org/page")
    try:
        return PublicUrl.of(given)
    except Invalid as failure:
        raise ValueError(f"{failure.message}; {failure.hint}") from failure
