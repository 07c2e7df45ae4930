"""What we ask an Ollama server besides questions: which models it has, holds and can fetch."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tinyllm.errors import BadReply, Permanent, classify
from tinyllm.settings import Settings

if TYPE_CHECKING:
    from ollama import AsyncClient

PROXIES = ("http", "https", "socks5", "socks5h")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
REGISTRY = ("registry.ollama.ai/", "library/")


def full(model: str) -> str:
    """The name as the server lists it, however it was written."""
    name = model.lower()
    for prefix in REGISTRY:
        name = name.removeprefix(prefix)
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


@lru_cache(maxsize=32)
def same(host: str) -> str:
    """One address for one server, however this machine was named in it."""
    parts = urlsplit(host.rstrip("/"))
    if parts.hostname not in LOOPBACK:
        return host.rstrip("/")
    return parts._replace(netloc=f"127.0.0.1:{parts.port}" if parts.port else "127.0.0.1").geturl()


def client_options(host: str) -> dict[str, Any]:
    """How an HTTP client calls this host: no proxy on the way to ourselves, no TLS set up where none is spoken."""
    parts = urlsplit(host)
    options: dict[str, Any] = {"trust_env": parts.hostname not in LOOPBACK}
    if options["trust_env"]:
        _require_proxies()
    if parts.scheme == "http":
        options["verify"] = False
    return options


def _require_proxies() -> None:
    """Of a kind that the HTTP client knows: it says of another one only that a value is wrong."""
    from urllib.request import getproxies

    found = getproxies()
    for name in ("http", "https", "all"):
        scheme, mark, _ = found.get(name, "").partition("://")
        if mark and scheme not in PROXIES:
            raise Permanent(
                f"the proxy in {name.upper()}_PROXY is of an unknown kind: {scheme}://",
                hint=f"write it with one of {', '.join(f'{each}://' for each in PROXIES)}, or unset it",
                code="CONFIG_URL",
            )


def client(settings: Settings, seconds: float = 30.0) -> "AsyncClient":
    import httpx
    from ollama import AsyncClient

    timeout = httpx.Timeout(seconds, connect=settings.connect_timeout)
    return AsyncClient(host=settings.ollama_host, timeout=timeout, **client_options(settings.ollama_host))


async def _get(settings: Settings, what: str) -> dict[str, Any]:
    import httpx

    try:
        async with httpx.AsyncClient(
            base_url=settings.ollama_host,
            timeout=httpx.Timeout(10.0, connect=settings.connect_timeout),
            **client_options(settings.ollama_host),
        ) as http:
            response = await http.get(what)
            response.raise_for_status()
            answer = response.json()
    except (httpx.HTTPError, ValueError) as failure:
        raise classify(failure, op="ollama") from failure
    if not isinstance(answer, dict):
        raise _stranger(settings, what)
    return answer


async def _models(settings: Settings, what: str) -> list[dict[str, Any]]:
    found = (await _get(settings, what)).get("models") or []
    if not isinstance(found, list) or not all(isinstance(each, dict) and "name" in each for each in found):
        raise _stranger(settings, what)
    return found


def _stranger(settings: Settings, what: str) -> Permanent:
    return Permanent(
        f"what answers at {settings.ollama_host}{what} is no model server",
        hint="set OLLAMA_HOST to the address of Ollama",
        code="NOT_A_MODEL_SERVER",
    )


async def version(settings: Settings) -> str:
    return str((await _get(settings, "/api/version")).get("version", ""))


async def tags(settings: Settings) -> list[dict[str, Any]]:
    """The models that are installed."""
    return await _models(settings, "/api/tags")


async def loaded(settings: Settings) -> list[dict[str, Any]]:
    """The models that are in memory."""
    return await _models(settings, "/api/ps")


@contextmanager
def _named(op: str = "ollama") -> Iterator[None]:
    """Whatever Ollama's client raises; what is no reply of a model server makes it stumble in many ways."""
    import httpx
    import ollama

    stumbles = (ValueError, TypeError, AttributeError)
    try:
        yield
    except (httpx.HTTPError, ollama.ResponseError, ConnectionError, *stumbles) as failure:
        raise classify(failure, op=op) from failure


async def show(settings: Settings, name: str) -> dict[str, Any]:
    with _named():
        async with client(settings) as server:
            shown: dict[str, Any] = (await server.show(name)).model_dump(mode="json", exclude_none=True)
            return shown


async def pull(settings: Settings, name: str) -> AsyncIterator[dict[str, Any]]:
    """Fetch a model; yields the server's progress lines."""
    with _named("ollama.pull"):
        async with client(settings) as server:
            async for line in await server.pull(name, stream=True):
                yield line.model_dump(mode="json", exclude_none=True)


async def load(settings: Settings, name: str, num_ctx: int, keep_alive: str | int) -> None:
    """Have a model in memory before it is asked."""
    with _named():
        async with client(settings, settings.load_timeout) as server:
            await server.generate(name, options={"num_ctx": num_ctx}, keep_alive=keep_alive)


async def embed(settings: Settings, name: str, texts: Sequence[str]) -> list[list[float]]:
    """The meaning of each text as a vector."""
    with _named("ollama.embed"):
        async with client(settings) as server:
            found = (await server.embed(name, list(texts), keep_alive=settings.keep_alive)).embeddings
    if len(found) != len(texts):
        raise BadReply(f"{name} gave {len(found)} vectors for {len(texts)} texts", code="EMBEDDING_INVALID")
    if not all(isfinite(each) for vector in found for each in vector):
        raise BadReply(
            f"{name} gave a vector with something in it that is no number", code="EMBEDDING_INVALID"
        )
    return [[float(each) for each in vector] for vector in found]
