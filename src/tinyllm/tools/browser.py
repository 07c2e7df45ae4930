"""Use web pages as a person does: open, read, click, fill in, take a picture. A real Chromium, public hosts only."""

from typing import Any, Final

from tinyllm.errors import BadReply
from tinyllm.toolkit import Inside, PublicUrl, tool
from tinyllm.tools import chromium
from tinyllm.tools.chromium import EXTRA, Session
from tinyllm.tools.readable import tidy
from tinyllm.tools.writing import put

PART = 4_000  # characters of a page that are shown at once
LOAD, ACT, SETTLE = 15_000, 5_000, 1_500  # milliseconds
LEADS, STAYS = 2.0, 0.3  # seconds until it is seen that a click leads somewhere
# What a person sees: text that is shown, and what can be clicked or filled in. Nothing of it is run.
LOOK: Final = """() => {
  const seen = e => e.checkVisibility ? e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) : true;
  const short = t => (t || '').replace(/\\s+/g, ' ').trim().slice(0, 80);
  const name = e => short(e.getAttribute('aria-label') || (e.labels && e.labels[0] && e.labels[0].innerText)
    || e.placeholder || e.innerText || e.value || e.title || e.name || '');
  const all = s => Array.from(document.querySelectorAll(s)).filter(seen).slice(0, 80);
  return {
    title: short(document.title),
    text: (document.body ? document.body.innerText : '').slice(0, 400000),
    links: all('a[href]').map(e => [name(e), e.href.slice(0, 500)]).filter(p => p[0]),
    buttons: all('button, input[type=submit], input[type=button], [role=button]').map(name).filter(Boolean),
    fields: all('input:not([type=hidden]):not([type=submit]):not([type=button]), textarea, select').map(e =>
      [short((e.labels && e.labels[0] && e.labels[0].innerText) || e.getAttribute('aria-label') || e.placeholder || e.name),
       e.type, e.type === 'password' ? '' : short(e.value)]),
  };
}"""


@tool(effect="read", reach="net", extra=EXTRA, seconds=60.0, shows=lambda url: f"open {url} in the browser")
async def open(url: PublicUrl) -> dict[str, Any]:  # noqa: A001 - the word for it
    """Open a web page in the browser: its text, links, buttons and fields."""

    async def go(session: Session) -> dict[str, Any]:
        session.proxy.refused.clear()
        try:
            await session.page.goto(str(url), wait_until="domcontentloaded", timeout=LOAD)
        except chromium.errors() as failure:
            _raise_refused(session)
            if "interrupted by another navigation" not in str(failure):
                raise
        return await _settled(session)

    return await chromium.on_page(go, opens=True)


@tool(effect="read", reach="net", extra=EXTRA, shows=lambda **_: f"read {chromium.address()}")
async def read(start: int = 0) -> dict[str, Any]:
    """Read the page that is open, as it is now; start is the character to begin with."""
    return await chromium.on_page(lambda session: _view(session, max(0, start)))


@tool(
    effect="unsafe",
    reach="net",
    extra=EXTRA,
    seconds=60.0,
    shows=lambda what: f"click {what!r} on {chromium.address()}",
)
async def click(what: str) -> dict[str, Any]:
    """Click a link or button of the open page by its words, or by a CSS selector."""

    async def do(session: Session) -> dict[str, Any]:
        session.proxy.refused.clear()
        page = session.page
        ways = (
            page.get_by_role("button", name=what), page.get_by_role("link", name=what), page.get_by_label(what),
            page.get_by_text(what),
        )  # fmt: skip
        found = await _one(page, ways, what)
        elsewhere = await found.evaluate("e => !!e.closest('a[target], a[href^=http], form')")
        session.moved.clear()
        session.clicking = True
        try:
            await found.click(timeout=ACT)
            await session.led_somewhere(LEADS if elsewhere else STAYS)
        finally:
            session.clicking = False
        return await _settled(session)

    return await chromium.on_page(do)


def _shown_fill(field: str, value: str) -> str:
    return f"fill {field!r} on {chromium.address()} with: {value}"


@tool(effect="unsafe", reach="net", extra=EXTRA, shows=_shown_fill)
async def fill(field: str, value: str) -> str:
    """Fill in a field of the open page, named by its label, placeholder or name; or choose an option."""

    async def do(session: Session) -> str:
        page = session.page
        ways = (
            page.get_by_label(field),
            page.get_by_placeholder(field),
            page.locator(f"[name={_quoted(field)}]"),
        )
        found = await _one(page, ways, field)
        kind = await found.evaluate("e => e.tagName === 'SELECT' ? 'select' : e.type")
        if kind == "select":
            await found.select_option(label=value, timeout=ACT)
        elif kind in ("checkbox", "radio"):
            await found.set_checked(value.strip().casefold() in ("yes", "true", "on", "1", "x"), timeout=ACT)
        elif kind == "file":
            raise BadReply(
                "files are not sent from here", hint="fill in another field", code="BROWSER_SELECTOR"
            )
        else:
            await found.fill(value, timeout=ACT)
        return f"filled in {field}"

    return await chromium.on_page(do)


def _shown_picture(target: Inside) -> str:
    return f"save a picture of {chromium.address()} to {target}"


@tool(effect="idempotent", reach="workspace", extra=EXTRA, untrusted=True, seconds=60.0, shows=_shown_picture)
async def screenshot(target: Inside) -> str:
    """Save a picture of the open page to a file of the workspace (.png)."""
    if target.suffix != ".png":
        raise BadReply(f"{target} does not end in .png", hint="name it like page.png", code="TOOL_INPUT")
    target.check_writable()
    picture: bytes = await chromium.on_page(lambda session: session.page.screenshot(timeout=LOAD))
    await put(target, picture)
    return f"wrote {len(picture):,} bytes to {target}"


async def _one(page: Any, ways: tuple[Any, ...], what: str) -> Any:
    """What is seen and called so; words first, then a selector."""
    for way in ways:
        shown = way.filter(visible=True)
        if await shown.count():
            return shown.first
    if any(sign in what for sign in "#.[>:") or what.isidentifier():
        shown = page.locator(f"css={what}").filter(visible=True)
        try:
            if await shown.count():
                return shown.first
        except chromium.errors():
            pass  # no selector either
    raise BadReply(
        f"there is nothing called {what!r} on {page.url}",
        hint="read the page with browser_read, and use the words of its links, buttons or fields",
        code="BROWSER_SELECTOR",
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def _settled(session: Session) -> dict[str, Any]:
    """The page after something happened to it; one that never rests is read as it is."""
    try:
        await session.page.wait_for_load_state("load", timeout=SETTLE)
    except chromium.errors():
        pass
    return await _view(session, 0)


async def _view(session: Session, start: int) -> dict[str, Any]:
    seen = await _seen(session.page)
    where = session.page.url
    if not where.startswith(("http://", "https://", "about:blank")):
        await session.page.goto("about:blank")
        _raise_refused(session)
        raise BadReply(f"{where[:60]} may not be opened", hint="open a web page", code="BLOCKED_ADDRESS")
    text = tidy(seen["text"])
    told: dict[str, Any] = {"url": where, "title": seen["title"], "text": text[start : start + PART]}
    if len(text) > start + PART:
        told["more"] = f"{len(text) - start - PART:,} more characters: browser_read with start={start + PART}"
    if not start:
        told["links"] = [f"{name}: {to}" for name, to in seen["links"]]
        told["buttons"] = seen["buttons"]
        told["fields"] = [
            {"name": name, "kind": kind, "value": value} for name, kind, value in seen["fields"]
        ]
    told["refused"] = [f"{host}: {failure.message}" for host, failure in session.proxy.refused.items()]
    return {key: value for key, value in told.items() if value}


async def _seen(page: Any) -> Any:
    """What is there; a page that goes away while it is looked at is looked at again where it went."""
    try:
        return await page.evaluate(LOOK)
    except chromium.errors():
        await page.wait_for_load_state("load", timeout=LOAD)
        return await page.evaluate(LOOK)


def _raise_refused(session: Session) -> None:
    """Say why a page did not come: its address, or where it led, may not be called."""
    found = session.proxy.refused.values()
    for failure in sorted(found, key=lambda each: each.code != "BLOCKED_ADDRESS"):
        raise type(failure)(failure.message, hint=failure.hint, code=failure.code)
