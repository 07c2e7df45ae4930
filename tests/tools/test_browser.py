"""A real Chromium through the front: pages are used, and nothing on a page makes it call where it must not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from tests.toolkit.test_public_url import NOT_PUBLIC, saying
from tests.tools.conftest import Call, Open
from tests.tools.counterparts import Counterpart
from tests.tools.site import Site, serving
from tinyllm.errors import TinyError
from tinyllm.services import Services

pytestmark = [pytest.mark.timeout(300)]


@pytest.fixture
def counterpart(browser_counterpart: Counterpart) -> Counterpart:
    return browser_counterpart


def asks(name: str, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": "1"}])


async def test_a_form_is_filled_in_and_sent_each_step_with_a_yes(
    open_engine: Open, site: Site, workspace: Path
) -> None:
    """Through a graph: the page was written by strangers, so what sends something out asks, allowed or not."""
    url = f"{site.origin}/form"
    graph = {
        "name": "t",
        "nodes": {"a": {"prompt": "Order.", "tools": ["browser_*"], "allow": ["browser_*"]}},
    }
    engine = open_engine(
        graph, asks("browser_open", url=url), asks("browser_fill", field="Name", value="Ada"),
        asks("browser_fill", field="Kind", value="Black"), asks("browser_fill", field="Hot", value="yes"),
        asks("browser_screenshot", target="order.png"), asks("browser_click", what="Send"), "ordered",
    )  # fmt: skip
    answer = await engine.ask("Order tea.")
    questions = []
    while answer.status == "waiting":
        assert not [each for each in site.asked if each.method == "POST"]
        questions.append(answer.question["question"])
        answer = await engine.resume(answer.run, "yes")
    assert str(answer) == "ordered"
    assert len(questions) == 4
    assert f"fill 'Name' on {url} with: Ada" in questions[0]
    assert f"click 'Send' on {url}" in questions[-1]
    sent = [each.body for each in site.asked if each.method == "POST"]
    assert len(sent) == 1
    assert "Ada" in sent[0] or "name=Ada" in sent[0]
    assert (workspace / "order.png").read_bytes().startswith(b"\x89PNG")


async def test_a_page_is_seen_as_a_person_sees_it(call: Call, site: Site) -> None:
    page = await call("browser_open", url=f"{site.origin}/form")
    assert (page["url"], page["title"], page["buttons"]) == (f"{site.origin}/form", "Order", ["Send"])
    assert {"name": "Word", "kind": "password", "value": ""} in page["fields"]
    assert page["links"] == [f"All tea: {site.origin}/tea"]
    assert "secret order" not in page["text"]
    assert "refused" not in page  # Chromium asked nobody by itself
    opened = await call("browser_click", what="All tea")  # in a page of its own
    assert (opened["url"], opened["title"]) == (f"{site.origin}/tea", "Tea & more")
    assert (await call("browser_read"))["url"] == f"{site.origin}/tea"


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("browser_click", {"what": "no such thing"}, "BROWSER_SELECTOR"),
        ("browser_click", {"what": "#nothing >> ((("}, "BROWSER_SELECTOR"),
        ("browser_fill", {"field": "Papers", "value": "/etc/passwd"}, "BROWSER_SELECTOR"),
        ("browser_screenshot", {"target": "page.txt"}, "TOOL_INPUT"),
        ("browser_screenshot", {"target": "../page.png"}, "PATH_OUTSIDE"),
    ],
)
async def test_a_mistake_is_named(
    services: Services, site: Site, name: str, arguments: dict[str, Any], code: str
) -> None:
    await services.call("browser_open", {"url": f"{site.origin}/form"})
    with pytest.raises(TinyError) as failure:
        await services.call(name, arguments)
    assert failure.value.code == code
    assert failure.value.hint


async def test_no_address_of_this_house_is_opened(services: Services) -> None:
    for url in NOT_PUBLIC:
        with pytest.raises(TinyError) as refused:
            await services.call("browser_open", {"url": url})
        assert refused.value.code in ("BLOCKED_ADDRESS", "TOOL_ARGS_INVALID")
    for url in ("file:///etc/passwd", "view-source:https://tea.example", "chrome://version", "about:blank", "data:text/html,x",
                "javascript:alert(1)", "ws://tea.example", "blob:https://tea.example/x"):  # fmt: skip
        with pytest.raises(TinyError) as refused:
            await services.call("browser_open", {"url": url})
        assert refused.value.code == "TOOL_ARGS_INVALID"


WAYS = """
<iframe src="{there}/frame"></iframe><img src="{there}/img"><script src="{there}/script"></script>
<link rel="stylesheet" href="{there}/style"><link rel="prefetch" href="{there}/prefetch"><link rel="preconnect" href="{there}">
<link rel="icon" href="{there}/icon"><object data="{there}/object"></object><embed src="{there}/embed"><video src="{there}/video"></video>
<script>
fetch("{there}/fetch", {{mode: "no-cors", method: "POST", body: "x"}}).catch(() => 0);
navigator.sendBeacon("{there}/beacon", "x");
try {{ new WebSocket("{there}/socket".replace("http", "ws")) }} catch (e) {{}}
new EventSource("{there}/events");
new Worker(URL.createObjectURL(new Blob(["fetch('{there}/worker', {{mode: 'no-cors'}})"])));
new Worker(URL.createObjectURL(new Blob(["new WebSocket('{there}/worker-socket'.replace('http', 'ws'))"])));
const frame = document.createElement("iframe"); frame.srcdoc = "<img src='{there}/srcdoc'>"; document.documentElement.append(frame);
window.open("{there}/open");
const x = new XMLHttpRequest(); x.open("GET", "{there}/xhr"); x.send();
document.documentElement.insertAdjacentHTML("beforeend", "<form id=f method=post target=f2 action='{there}/form'></form><iframe name=f2></iframe>");
document.getElementById("f").submit();
for (const there of ["file:///etc/passwd", "view-source:{there}", "chrome://version"]) {{ const f = document.createElement("iframe");
  f.src = there; document.documentElement.append(f); try {{ window.open(there) }} catch (e) {{}} }}
</script><p>the page</p>
"""  # fmt: skip


async def opened(call: Call, url: str) -> dict[str, Any]:
    """The page; one that leads where nobody may go, before it is there, is looked at all the same."""
    try:
        page = await call("browser_open", url=url)
    except TinyError as refused:
        if refused.code not in ("BLOCKED_ADDRESS", "BROWSER_PAGE_CHANGED"):
            raise
        page = await call("browser_read")
    return dict(page)


async def test_nothing_on_a_page_calls_this_house(call: Call, site: Site) -> None:
    """Frames, pictures, scripts, beacons, sockets, workers, forms, windows: none arrives at a host that is not allowed."""
    with serving() as private:
        url = site.has("/ways", WAYS.format(there=private.origin))
        page = await opened(call, url)
        for _ in range(3):
            page = await call("browser_read")
        assert private.asked == []
        local = private.origin.replace("127.0.0.1", "localhost")
        site.has("/ways", WAYS.format(there=local))
        page = await opened(call, url)
        page = await call("browser_read")
        assert private.asked == []
    assert any("not public" in each for each in page["refused"])
    assert "root:" not in str(page)


@pytest.mark.parametrize("how", ["redirect", "script", "meta", "link"])
async def test_no_way_from_a_page_leads_there(services: Services, site: Site, how: str) -> None:
    with serving() as private:
        there = f"{private.origin}/tea"
        body = {
            "redirect": "",
            "script": f"<script>location.href = {there!r}</script>",
            "meta": f"<meta http-equiv=refresh content='0; url={there}'>",
            "link": f"<a href='{there}'>there</a>",
        }[how]
        moves: dict[str, Any] = {"status": 302, "location": there} if how == "redirect" else {}
        url = site.has(f"/{how}", body, **moves)
        steps: list[tuple[str, dict[str, Any]]] = [("browser_open", {"url": url})]
        if how == "link":
            steps.append(("browser_click", {"what": "there"}))
        seen, codes = "", []
        for name, arguments in steps:
            try:
                seen += (await services.call(name, arguments)).text
            except TinyError as refused:
                codes.append(refused.code)
        assert "three minutes" not in seen
        assert set(codes) <= {"BLOCKED_ADDRESS", "BROWSER_PAGE_CHANGED"}
        assert private.asked == []


async def test_a_name_that_changes_its_mind_is_refused(services: Services) -> None:
    """The browser asks no resolver of its own: what was checked is what is called."""
    with serving("127.0.0.2") as public, serving() as private:
        again = f"http://rebinding.example:{public.port}/again"
        public.has("/first", f"<script>fetch('{again}').catch(() => 0)</script>first")
        resolve = saying(["127.0.0.2"], ["127.0.0.1"])
        services.__dict__["bounds"] = replace(services.bounds, hosts=("127.0.0.2",), resolve=resolve)
        page = await services.call("browser_open", {"url": f"http://rebinding.example:{public.port}/first"})
        assert "first" in page.data["text"]
        with pytest.raises(TinyError, match="not public"):
            await services.call("browser_open", {"url": again})
        assert private.asked == []
        assert [path for path in public.paths() if path != "/favicon.ico"] == ["/first"]


async def test_a_download_is_not_taken(services: Services, site: Site) -> None:
    url = site.has("/file.zip", b"PK\x03\x04", "application/zip", content_disposition="attachment")
    with pytest.raises(TinyError) as refused:
        await services.call("browser_open", {"url": url})
    assert refused.value.code == "BROWSER_ABORTED"


async def test_pages_of_two_runs_know_nothing_of_each_other(open_engine: Open, site: Site) -> None:
    site.has("/sets", "<script>document.cookie = 'who=first'; localStorage.x = 1</script>set")
    site.has(
        "/says", "<script>document.write('cookie:' + document.cookie + ' stored:' + localStorage.x)</script>"
    )
    graph = {"name": "t", "nodes": {"a": {"prompt": "Look.", "tools": ["browser_*"], "allow": ["browser_*"]}}}
    engine = open_engine(
        graph, asks("browser_open", url=f"{site.origin}/sets"), "done", asks("browser_open", url=f"{site.origin}/says"), "done"
    )  # fmt: skip
    await engine.ask("one")
    await engine.ask("two")
    assert "cookie: stored:undefined" in engine.__dict__["script"].calls[-1].text


async def test_without_a_page_there_is_nothing_to_click(open_engine: Open) -> None:
    graph = {"name": "t", "nodes": {"a": {"prompt": "Look.", "tools": ["browser_*"], "allow": ["browser_*"]}}}
    engine = open_engine(graph, asks("browser_click", what="x"), "done")
    await engine.ask("click")
    assert "open one with browser_open" in engine.__dict__["script"].calls[-1].text
