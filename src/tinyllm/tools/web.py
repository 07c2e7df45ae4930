"""Read the web, call services over HTTP, search, follow feeds and download: public hosts, and those a person allows."""

import asyncio
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from tinyllm.errors import BadReply, Unavailable
from tinyllm.toolkit import Inside, PublicUrl, bounds, connection, need, tool, within
from tinyllm.tools import calling, writing
from tinyllm.tools.calling import Reply, called
from tinyllm.tools.readable import readable

PART = 6_000  # characters of a page that are shown at once
MOST = 50
SNIPPET = 400
EXTRA = "web"
SEARXNG = "searxng"


@tool(effect="read", reach="net", shows=lambda url, **_: f"GET {url}")
async def fetch(url: PublicUrl, start: int = 0) -> str:
    """Read a web page as plain text with its links; start is the character to begin with."""
    reply = await called(url)
    if not reply.is_text:
        raise BadReply(
            f"{reply.url} is {reply.kind}, no text", hint="save it with web_download", code="TOOL_INPUT"
        )
    text = await asyncio.to_thread(_as_text, reply)
    first = max(0, start)
    part, left = text[first : first + PART], len(text) - first - PART
    more = f"\n[{left:,} more characters: read on with start={first + PART}]" if left > 0 else ""
    return f"{part}{more}" if part else f"{reply.url} has no text to read"


def _as_text(reply: Reply) -> str:
    if reply.kind not in ("text/html", "application/xhtml+xml"):
        return reply.text
    page = readable(reply.text, reply.url)
    links = "\n".join(f"- {words}: {to}" for words, to in page.links)
    parts = (f"# {page.title}" if page.title else "", page.text, f"Links:\n{links}" if links else "")
    return "\n\n".join(filter(None, parts))


# Services.


def _shown(method: str) -> Any:
    def shows(url: PublicUrl, body: Any = None) -> str:
        entry = calling.entry_of(str(url))
        login = f" with the login of {entry.name}" if entry else ""
        sent = (
            ""
            if body is None
            else f"\n{body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)}"
        )
        return f"{method} {url}{login}{sent}"

    return shows


@tool(effect="read", reach="net", shows=_shown("GET"))
async def get(url: PublicUrl) -> Any:
    """Ask a service over HTTP (GET) and give what it answers, JSON as data; logins come from the settings."""
    return _data(await called(url, login=True))


@tool(effect="unsafe", reach="net", shows=_shown("POST"))
async def post(url: PublicUrl, body: dict[str, Any] | list[Any] | str) -> Any:
    """Send JSON or text to a service over HTTP (POST)."""
    return _data(await called(url, "POST", body, login=True))


@tool(effect="idempotent", reach="net", shows=_shown("PUT"))
async def put(url: PublicUrl, body: dict[str, Any] | list[Any] | str) -> Any:
    """Replace what a service keeps at an address (PUT)."""
    return _data(await called(url, "PUT", body, login=True))


@tool(effect="unsafe", reach="net", shows=_shown("PATCH"))
async def patch(url: PublicUrl, body: dict[str, Any] | list[Any] | str) -> Any:
    """Change a part of what a service keeps at an address (PATCH)."""
    return _data(await called(url, "PATCH", body, login=True))


@tool(effect="idempotent", reach="net", shows=_shown("DELETE"))
async def delete(url: PublicUrl) -> Any:
    """Delete what a service keeps at an address (DELETE)."""
    return _data(await called(url, "DELETE", login=True))


def _data(reply: Reply) -> Any:
    if reply.kind.endswith("json"):
        return {"status": reply.status, "data": reply.json()}
    if reply.content and not reply.is_text:
        return {"status": reply.status, "kind": reply.kind, "bytes": len(reply.content)}
    return {"status": reply.status, "text": reply.text}


# Finding.


@tool(effect="read", reach="net", shows=lambda query, **_: f"search the web for: {query}")
async def search(query: str, limit: int = 8, page: int = 1) -> list[dict[str, Any]]:
    """Search the web and give titles, addresses and snippets; read a result with web_fetch."""
    if not query.strip():
        raise BadReply("there is nothing to search for", hint="give query, some words", code="SEARCH_EMPTY")
    engine = connection(SEARXNG, takes=("url", "language", "categories"))
    base = engine.needed("url").rstrip("/")
    parts = urlsplit(base)
    # A person named this host; the model's words are in the query only.
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    with within(replace(bounds(), hosts=(*bounds().hosts, f"{parts.hostname}:{port}"))):
        reply = await called(PublicUrl.of(f"{base}/search?{_asked(query, page, engine)}"))
    if not reply.kind.endswith("json"):
        raise Unavailable(
            f"the search engine answered with {reply.kind}, not JSON",
            hint="a person adds json to search.formats in its settings.yml",
            code="SEARCH_BLOCKED",
        )
    return _hits(reply.json(), max(1, min(limit, MOST)))


def _asked(query: str, page: int, engine: Any) -> str:
    wanted = {"q": query, "format": "json", "pageno": max(1, page)}
    wanted |= {key: value for key in ("language", "categories") if (value := engine.text(key))}
    return urlencode(wanted)


def _hits(found: Any, limit: int) -> list[dict[str, Any]]:
    results = found.get("results") if isinstance(found, dict) else None
    if not isinstance(results, list):
        raise BadReply(
            "the search engine's answer has no results", hint="try again later", code="BAD_GATEWAY_BODY"
        )
    if not results and (failed := found.get("unresponsive_engines")):
        reasons = "; ".join(": ".join(map(str, each)) for each in failed if isinstance(each, list))
        raise Unavailable(
            f"no search engine answered: {reasons}", hint="try again later", code="SEARCH_BLOCKED"
        )
    hits = [_hit(each) for each in results if isinstance(each, dict)]
    answers = [{"answer": str(_said(each))[:SNIPPET]} for each in found.get("answers") or ()]
    return [*answers, *hits][:limit]


def _hit(each: dict[str, Any]) -> dict[str, Any]:
    pairs = each.get("kvmap")
    text = (
        "; ".join(f"{k}: {v}" for k, v in pairs.items()) if isinstance(pairs, dict) else each.get("content")
    )
    told = {"title": each.get("title"), "url": each.get("url"), "text": str(text or "")[:SNIPPET]}
    told["published"] = each.get("publishedDate")
    return {key: value for key, value in told.items() if value}


def _said(answer: Any) -> Any:
    return answer.get("answer", "") if isinstance(answer, dict) else answer


@tool(effect="read", reach="net", extra=EXTRA, shows=lambda url, **_: f"GET {url}")
async def feed(url: PublicUrl, limit: int = 10) -> dict[str, Any]:
    """Read an RSS or Atom feed: titles, addresses, dates and summaries, as the feed orders them."""
    feedparser = need("feedparser", extra=EXTRA)
    reply = await called(url)
    found = await asyncio.to_thread(
        feedparser.parse, reply.content, response_headers={"content-type": reply.kind}
    )
    if not found.version:
        raise BadReply(f"{reply.url} is no feed", hint="read it with web_fetch", code="DATA_MALFORMED")
    items = [
        {
            "title": item.get("title", ""),
            "url": item.get("link", ""),
            "published": dict.get(item, "published") or dict.get(item, "updated", ""),
            "text": readable(item.get("summary", "")).text[:SNIPPET],
        }
        for item in found.entries[: max(1, min(limit, MOST))]
    ]
    return {"title": found.feed.get("title", ""), "items": items}


def _shown_download(url: PublicUrl, target: Inside) -> str:
    return f"GET {url}\ninto {target}"


@tool(effect="idempotent", reach="net", shows=_shown_download, seconds=120.0)
async def download(url: PublicUrl, target: Inside) -> str:
    """Save what is at a web address to a file of the workspace."""
    target.check_writable()
    reply = await called(url, largest=writing.LARGEST)
    await writing.put(target, reply.content)
    return f"wrote {len(reply.content):,} bytes ({reply.kind or 'of no kind'}) to {target}"
