"""One call to a web server: checked, pinned, bounded, and with a login only where the settings name that very place."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tinyllm.errors import BadReply, GraphError
from tinyllm.toolkit import Connection, PublicUrl, public_client
from tinyllm.toolkit.connections import connections

if TYPE_CHECKING:
    import httpx

LARGEST = 5_000_000  # bytes of a page
TOLD = 300  # characters of what a server says when it refuses
REST, TAKES = "rest", ("service", "url", "token", "user", "password", "headers")
AGENT = "TinyLLM"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said."""

    url: str
    status: int
    kind: str  # the media type
    content: bytes
    encoding: str

    @property
    def text(self) -> str:
        try:
            return self.content.decode(self.encoding, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    @property
    def is_text(self) -> bool:
        return (
            self.kind.startswith("text/")
            or self.kind.endswith(("json", "xml", "javascript", "yaml"))
            or not self.kind
        )

    def json(self) -> Any:
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as failure:
            raise BadReply(
                f"{self.url} did not answer with JSON", hint="read it with web_fetch", code="BAD_GATEWAY_BODY"
            ) from failure


async def called(
    url: PublicUrl,
    method: str = "GET",
    body: Any = None,
    *,
    login: bool = False,
    largest: int = LARGEST,
    more: Mapping[str, str] | None = None,
) -> Reply:
    """Send it, follow what may be followed, and read so much; a refusal of the server is an error with its words."""
    import httpx

    entry = entry_of(str(url)) if login else None
    headers = {"user-agent": AGENT, "accept": "*/*", **_typed(body), **(more or {})}

    async def lend(request: httpx.Request) -> None:
        """The login goes along to the place it is for, and is taken off again when a redirect leads elsewhere."""
        for name, value in _login(entry).items() if entry else ():
            if entry and covers(str(request.url), entry.text("url")):
                request.headers[name] = value
            else:
                request.headers.pop(name, None)

    hooks: Any = {"request": [lend]}
    async with (
        public_client(event_hooks=hooks, follow_redirects=method == "GET") as client,
        client.stream(method, str(url), headers=headers, content=_written(body)) as response,
    ):
        content = await _bounded(response, largest)
        reply = Reply(
            str(response.url),
            response.status_code,
            response.headers.get("content-type", "").partition(";")[0].strip().lower(),
            content,
            response.charset_encoding or "utf-8",
        )
        if response.status_code >= 400:
            raise _refusal(reply, response)
        return reply


def _refusal(reply: Reply, response: "httpx.Response") -> Exception:
    import httpx

    said = " ".join(reply.text[:TOLD].split()) if reply.is_text else ""
    return httpx.HTTPStatusError(
        f"{reply.url} answered {reply.status} {response.reason_phrase}: {said}",
        request=response.request,
        response=response,
    )


async def _bounded(response: "httpx.Response", largest: int) -> bytes:
    pieces, size = [], 0
    async for piece in response.aiter_bytes(65_536):
        pieces.append(piece)
        size += len(piece)
        if size > largest:
            raise BadReply(
                f"{response.url} is larger than {largest:,} bytes",
                hint="call a smaller page, or save it with web_download",
                code="RESPONSE_TOO_LARGE",
            )
    return b"".join(pieces)


def _typed(body: Any) -> dict[str, str]:
    """JSON is called JSON, also where a model wrote it as text."""
    if body is None:
        return {}
    try:
        as_json = not isinstance(body, str) or isinstance(json.loads(body), (dict, list))
    except (ValueError, RecursionError):
        as_json = False
    return {"content-type": "application/json" if as_json else "text/plain; charset=utf-8"}


def _written(body: Any) -> bytes | None:
    if body is None:
        return None
    return (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "replace")


# Logins.


def entry_of(url: str) -> Connection | None:
    """The connection whose address this one lies under; the longest, when there are several."""
    fitting = [each for each in connections(REST) if covers(url, each.needed("url"))]
    for each in fitting:
        if strange := set(each.given) - set(TAKES):
            raise GraphError(
                f"a connection to rest has no {min(strange)!r}",
                hint=f"it has {', '.join(TAKES[1:])}",
                where=f"connections.{each.name}",
                code="CONFIG_UNKNOWN",
            )
    return max(fitting, key=lambda each: len(each.needed("url")), default=None)


def covers(url: str, place: str) -> bool:
    """The same scheme, host and port, and a path below it that no `..` leaves."""
    try:
        given, wanted = urlsplit(url), urlsplit(place)
        same = _origin(given) == _origin(wanted)
    except ValueError:
        return False
    root = wanted.path.rstrip("/") + "/"
    path = unquote(unquote(given.path)) + "/"
    return same and path.startswith(root) and "/../" not in path and "\\" not in path


def _origin(parts: Any) -> tuple[str, str, int]:
    default = {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or default


def _login(entry: Connection) -> Mapping[str, str]:
    found = {}
    if token := entry.text("token"):
        found["Authorization"] = f"Bearer {token}"
    elif user := entry.text("user"):
        pair = f"{user}:{entry.text('password')}".encode()
        found["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    for line in entry.words("headers"):
        name, _, value = line.partition(":")
        found[name.strip()] = value.strip()
    return found
