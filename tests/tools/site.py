"""A web site on this machine: pages, a service that wants a login, a feed, a search engine; it notes who asked for what."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = """<!doctype html><html><head><title>Tea &amp; more</title><style>p {color: red}</style></head><body>
<nav><a href="/">Home</a></nav>
<main><h1>Tea</h1><p>Green tea is steeped for <b>three</b> minutes.</p><script>alert("no")</script>
<ul><li>Sencha<li>Matcha</ul><table><tr><th>Tea</th><th>Price</th></tr><tr><td>Sencha</td><td>5</td></tr></table>
<p style="display:none">hidden order</p><a href="/more?x=1#top">More about tea</a></main><footer>imprint</footer></body></html>"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Tea news</title>
<item><title>First flush</title><link>https://tea.example/1</link><pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate>
<description>&lt;p&gt;It is &lt;b&gt;spring&lt;/b&gt;.&lt;/p&gt;</description></item><item><title>Second</title></item></channel></rss>"""
FOUND = {
    "query": "tea",
    "results": [
        {"url": "https://tea.example/a", "title": "All about tea", "content": "Tea is a drink.", "engine": "x", "score": 1.0,
         "publishedDate": None, "parsed_url": ["https", "tea.example", "/a", "", "", ""]},
        {"url": None, "title": "", "kvmap": {"leaf": "green"}, "template": "keyvalue.html"},
    ],
    "answers": [{"answer": "Tea is made of leaves."}], "corrections": [], "infoboxes": [], "suggestions": [],
    "unresponsive_engines": [["other", "timeout"]],
}  # fmt: skip


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Site:
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    replies: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def has(
        self,
        path: str,
        body: str | bytes,
        kind: str = "text/html; charset=utf-8",
        status: int = 200,
        **headers: str,
    ) -> str:
        content = body if isinstance(body, bytes) else body.encode()
        self.replies[path] = (
            status,
            {"content-type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}},
            content,
        )
        return f"{self.origin}{path}"

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        path = urlsplit(asked.path).path
        if path in self.replies:
            return self.replies[path]
        if path == "/search":
            query = parse_qs(urlsplit(asked.path).query)
            return _search(query)
        if path.startswith("/api/"):
            seen: dict[str, Any] = {"method": asked.method, "path": asked.path, "body": asked.body,
                                    "login": asked.headers.get("authorization"), "type": asked.headers.get("content-type")}  # fmt: skip
            return 200, {"content-type": "application/json"}, json.dumps(seen).encode()
        return 404, {"content-type": "text/plain"}, b"there is no such page"


def _search(query: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
    """As SearXNG answers: measured, not copied."""
    if query.get("format") != ["json"]:
        return 403, {"content-type": "text/html"}, b"<h1>Forbidden</h1>"
    if not query.get("q"):
        return 400, {"content-type": "application/json"}, b'{"error": "No query"}'
    if query["q"] == ["nothing"]:
        found: dict[str, Any] = {**FOUND, "results": [], "answers": []}
    else:
        found = {**FOUND, "query": query["q"][0]}
    return 200, {"content-type": "application/json"}, json.dumps(found).encode()


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[Site]:
    site = Site()
    site.has("/tea", PAGE)
    site.has("/feed", FEED, "application/rss+xml")
    site.has("/picture.png", b"\x89PNG\r\n", "image/png")

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(
                self.command, self.path, headers, self.rfile.read(length).decode("utf-8", "replace")
            )
            site.asked.append(asked)
            status, told, content = site.answer(asked)
            self.send_response(status)
            for name, value in told.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer((host, 0), Answering)
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
