"""The web, read and written through the front: what comes back is readable, and no call goes where it must not."""

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.toolkit.test_public_url import NOT_PUBLIC, saying
from tests.tools.conftest import Call, Open
from tests.tools.counterparts import Counterpart
from tests.tools.site import Site, serving
from tinyllm.errors import TinyError
from tinyllm.services import Services
from tinyllm.tools.calling import covers
from tinyllm.tools.readable import readable

READING = ("web_fetch", "web_get", "web_feed")
NOTHING_ALLOWED = {"name": "t", "steps": [{"id": "a", "kind": "transform", "value": "1"}]}


@pytest.fixture
def counterpart(web_counterpart: Counterpart) -> Counterpart:
    return web_counterpart


async def test_a_page_is_read_without_its_frame(call: Call, site: Site) -> None:
    text = await call("web_fetch", url=f"{site.origin}/tea")
    assert text == (
        "# Tea & more\n\n# Tea\n\nGreen tea is steeped for three minutes.\n\n- Sencha\n- Matcha\n\nTea | Price\nSencha | 5\n\n"
        f"More about tea\n\nLinks:\n- More about tea: {site.origin}/more?x=1#top"
    )


async def test_a_long_page_is_read_part_by_part(call: Call, site: Site) -> None:
    url = site.has("/long", "word " * 2_000, "text/plain")
    first = await call("web_fetch", url=url)
    assert "4,000 more characters: read on with start=6000]" in first
    rest = await call("web_fetch", url=url, start=6_000)
    assert first.partition("\n[")[0] + rest == "word " * 2_000
    assert "no text" in await call("web_fetch", url=url, start=20_000)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("", ""),
        ("<p>a<p>b", "a\n\nb"),
        ("plain", "plain"),
        ("<div>" * 5_000 + "deep", "deep"),
        ("</div></p></main>x", "x"),
        ("<article>teaser</article><p>" + "the long story " * 20, "teaser\n\n" + ("the long story " * 20).strip()),
        ("<pre>a  b\n  c</pre>", "a  b\n  c"),
        ("<p>&lt;b&gt; &#x41;&nbsp;B</p>", "<b> A B"),
        ("<a href='http://[bad'>x</a>", "x"),
        ("<title>t</title><svg><title>not this</title></svg>x", "x"),
        ("<img alt='a cat'><img>", "[a cat]"),
        ("a<br>b<script>c</script", "a\nb"),
        ("<p hidden>x</p><p aria-hidden=true>y</p><p>z</p>", "z"),
    ],
)  # fmt: skip
def test_any_page_becomes_text(page: str, text: str) -> None:
    assert readable(page, "https://tea.example/").text == text


@pytest.mark.parametrize(
    ("path", "kind", "body", "code"),
    [
        ("/a.png", "image/png", b"\x89PNG", "TOOL_INPUT"),
        ("/big", "text/plain", b"x" * 5_000_001, "RESPONSE_TOO_LARGE"),
    ],
)
async def test_what_cannot_be_read_is_said_and_what_to_do(
    call: Call, site: Site, path: str, kind: str, body: bytes, code: str
) -> None:
    with pytest.raises(TinyError) as refused:
        await call("web_fetch", url=site.has(path, body, kind))
    assert refused.value.code == code
    assert "web_download" in refused.value.hint


async def test_a_small_page_that_swells_is_given_up(call: Call, site: Site) -> None:
    url = site.has("/bomb", gzip.compress(b"x" * 50_000_000), "text/plain", content_encoding="gzip")
    with pytest.raises(TinyError, match="larger than"):
        await call("web_fetch", url=url)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "HTTP_UNAUTHORIZED"),
        (404, "HTTP_NOT_FOUND"),
        (429, "RATE_LIMITED_UNTIL"),
        (500, "HTTP_SERVER_ERROR"),
    ],
)
async def test_a_refusal_is_named_and_told_in_its_own_words(
    call: Call, site: Site, status: int, code: str
) -> None:
    url = site.has("/refuses", "because of the weather", "text/plain", status)
    with pytest.raises(TinyError, match="because of the weather") as refused:
        await call("web_get", url=url)
    assert refused.value.code == code


async def test_a_server_that_is_not_there_is_no_mystery(services: Services, closed_port: int) -> None:
    services.__dict__["bounds"] = replace(services.bounds, hosts=("127.0.0.1",))
    with pytest.raises(TinyError) as refused:
        await services.call("web_fetch", {"url": f"http://127.0.0.1:{closed_port}/"})
    assert refused.value.code == "CONNECTION_REFUSED"


# Logins.


async def test_the_login_goes_to_its_place_and_nowhere_else(call: Call, site: Site) -> None:
    await call("web_post", url=f"{site.origin}/api/items", body={"a": 1})
    await call("web_fetch", url=f"{site.origin}/api/items")
    await call("web_get", url=f"{site.origin}/tea")
    assert [each.headers.get("authorization") for each in site.asked] == [
        "Bearer the-pass-of-the-api",
        None,
        None,
    ]
    assert (site.asked[0].body, site.asked[0].headers["content-type"]) == ('{"a": 1}', "application/json")


async def test_the_model_does_not_see_the_login(call: Call, site: Site) -> None:
    told = await call("web_get", url=f"{site.origin}/api/items")
    assert told["data"]["login"] == "Bearer [redacted]"


async def test_a_redirect_takes_no_login_along(services: Services, site: Site) -> None:
    """Also not one in a header of its own, which no client takes off by itself."""
    entry = {**services.settings.connections["api"], "headers": ["X-Key: the-other-key"]}
    with serving() as other:
        hosts = (*services.settings.allow_hosts, f"127.0.0.1:{other.port}")
        services.__dict__["bounds"] = replace(services.bounds, hosts=hosts, connections={"api": entry})
        site.has("/api/away", "", "text/plain", 302, location=f"{other.origin}/tea")
        site.has("/api/round", "", "text/plain", 302, location=f"{site.origin}/tea")
        await services.call("web_get", {"url": f"{site.origin}/api/away"})
        await services.call("web_get", {"url": f"{site.origin}/api/round"})
    for asked in (other.asked[0], site.asked[-1]):
        assert "authorization" not in asked.headers
        assert "x-key" not in asked.headers
    assert site.asked[0].headers["x-key"] == "the-other-key"


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://api.example/v1/items", True),
        ("https://api.example/v1", True),
        ("https://api.example:443/v1/", True),
        ("https://API.example/v1/x", True),
        ("http://api.example/v1/items", False),
        ("https://api.example:8443/v1/items", False),
        ("https://api.example.evil.example/v1/items", False),
        ("https://evil.example/v1/items?https://api.example/v1/", False),
        ("https://api.example/v10", False),
        ("https://api.example/v1/../v2", False),
        ("https://api.example/v1/%2e%2e/v2", False),
        ("https://api.example/v1/%252e%252e/v2", False),
        ("https://api.example/v1\\..\\v2", False),
        ("https://api.example/", False),
        ("https://[::1/v1/", False),
    ],
)
def test_a_login_is_for_one_place(url: str, fits: bool) -> None:
    assert covers(url, "https://api.example/v1") is fits


async def test_what_is_sent_is_shown_with_its_login(services: Services, site: Site) -> None:
    context = replace(services.context(), allow=())
    ask = services.asks("web_post", {"url": f"{site.origin}/api/x", "body": {"a": "ü"}}, context)
    assert ask is not None
    assert ask.what == f'POST {site.origin}/api/x with the login of api\n{{"a": "ü"}}'


async def test_a_redirected_post_is_not_sent_again(call: Call, site: Site) -> None:
    url = site.has("/moved", "", "text/plain", 307, location=f"{site.origin}/api/x")
    assert (await call("web_post", url=url, body="x"))["status"] == 307
    assert site.paths() == ["/moved"]


# Where no call goes.


@pytest.mark.parametrize("url", NOT_PUBLIC)
async def test_no_tool_calls_an_address_of_this_house(services: Services, site: Site, url: str) -> None:
    """Neither said by a model nor by a redirect."""
    for name in READING:
        with pytest.raises(TinyError) as refused:
            await services.call(name, {"url": url})
        assert refused.value.code in ("BLOCKED_ADDRESS", "TOOL_ARGS_INVALID", "URL_INVALID")
    if not url.isascii():
        return  # no header can say it
    moved = site.has("/moves", "", "text/plain", 302, location=url)
    with pytest.raises(TinyError) as refused:
        await services.call("web_fetch", {"url": moved})
    assert refused.value.code in ("BLOCKED_ADDRESS", "URL_INVALID")


async def test_a_name_that_changes_its_mind_is_refused(services: Services) -> None:
    with serving("127.0.0.2") as public, serving() as private:
        private_port = public.port  # the same port: only the address tells them apart
        answers: Sequence[Sequence[str]] = (["127.0.0.2"], ["127.0.0.1"])
        services.__dict__["bounds"] = replace(services.bounds, hosts=("127.0.0.2",), resolve=saying(*answers))
        url = f"http://rebinding.example:{private_port}/tea"
        assert "three minutes" in (await services.call("web_fetch", {"url": url})).text
        for name in READING:
            with pytest.raises(TinyError, match="not public"):
                await services.call(name, {"url": url})
        assert private.asked == []
        assert len(public.asked) == 1


async def test_a_download_is_kept_in_the_workspace_and_taken_back(
    open_engine: Open, site: Site, workspace: Path
) -> None:
    url = f"{site.origin}/picture.png"
    graph: dict[str, Any] = {
        "name": "t",
        "allow": ["web_download"],
        "steps": [
            {"id": "get", "kind": "tool", "tool": "web_download", "args": {"url": url, "target": "p.png"}},
            {"id": "fails", "kind": "transform", "value": "1 / 0"},
        ],
    }
    engine = open_engine(graph)
    with pytest.raises(TinyError):
        await engine.ask("go")
    assert site.paths() == ["/picture.png"]
    assert not (workspace / "p.png").exists()


@pytest.mark.parametrize("target", ["../p.png", "/etc/p.png", ".git/config"])
async def test_a_download_goes_nowhere_else(services: Services, site: Site, target: str) -> None:
    with pytest.raises(TinyError):
        await services.call("web_download", {"url": f"{site.origin}/picture.png", "target": target})
    assert site.asked == []


# Search and feeds.


async def test_search_gives_what_a_model_can_use(call: Call) -> None:
    assert await call("web_search", query="tea") == [
        {"answer": "Tea is made of leaves."},
        {"title": "All about tea", "url": "https://tea.example/a", "text": "Tea is a drink."},
        {"text": "leaf: green"},
    ]


@pytest.mark.parametrize(("query", "code"), [(" ", "SEARCH_EMPTY"), ("nothing", "SEARCH_BLOCKED")])
async def test_a_search_without_results_says_why(call: Call, query: str, code: str) -> None:
    with pytest.raises(TinyError) as refused:
        await call("web_search", query=query)
    assert refused.value.code == code


async def test_a_search_engine_that_gives_no_json_is_explained(call: Call, site: Site) -> None:
    site.has("/search", "<h1>Forbidden</h1>", "text/html")
    try:
        with pytest.raises(TinyError) as refused:
            await call("web_search", query="tea")
    finally:
        del site.replies["/search"]
    assert "search.formats" in refused.value.hint


async def test_words_of_a_query_stay_in_the_query(call: Call, site: Site) -> None:
    await call("web_search", query="tea&format=html#/../x\r\nHost: evil")
    assert site.asked[0].path.startswith("/search?q=tea%26format%3Dhtml%23")


async def test_a_feed_is_read(call: Call, site: Site) -> None:
    told = await call("web_feed", url=f"{site.origin}/feed", limit=1)
    assert told == {
        "title": "Tea news",
        "items": [
            {
                "title": "First flush",
                "url": "https://tea.example/1",
                "published": "Mon, 02 Mar 2026 10:00:00 GMT",
                "text": "It is spring.",
            }
        ],
    }


async def test_a_feed_opens_no_file_and_swells_no_entity(call: Call, site: Site) -> None:
    entities = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10 if n else 'x' * 100}'>" for n in range(12))
    doctype = f"<!DOCTYPE rss [<!ENTITY f SYSTEM 'file:///etc/passwd'>{entities}]>"
    body = (
        f"<?xml version='1.0'?>{doctype}<rss version='2.0'><channel><title>&f;&e11;</title></channel></rss>"
    )
    told = await call("web_feed", url=site.has("/bad-feed", body, "application/xml"))
    assert "root:" not in str(told)
    assert len(str(told)) < 10_000


async def test_a_page_is_no_feed(call: Call, site: Site) -> None:
    with pytest.raises(TinyError, match="is no feed"):
        await call("web_feed", url=f"{site.origin}/tea")
