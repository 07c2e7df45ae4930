"""One Chromium per process, in a thread of its own; each run has a page of its own, behind a proxy that checks every call."""

import asyncio
import atexit
import os
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tinyllm.clock import CLOCK
from tinyllm.errors import BadReply, TimedOut
from tinyllm.running import current
from tinyllm.toolkit import Bounds, bounds, need
from tinyllm.tools.proxy import Proxy

T = TypeVar("T")

EXTRA = "browser"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PAGES = 4  # that are open at once
SECONDS = 25.0  # that one thing on a page may take
IDLE = 600.0  # seconds after which a page is closed
WIDTH, HEIGHT = 1280, 900
NOWHERE = "http://127.0.0.1:9"
# What Chromium would ask its makers for by itself, and what it would do otherwise than it is told.
FEATURES = (
    "AimEnabled", "AutofillServerCommunication", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying",
    "OptimizationHints", "PaintHolding", "PreconnectToSearch", "Translate",
)  # fmt: skip
ARGUMENTS = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-domain-reliability",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", f"--disable-features={','.join(FEATURES)}",
)  # fmt: skip


@dataclass
class Session:
    """The page of a run."""

    context: Any
    proxy: Proxy
    page: Any = None
    used: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    clicking: bool = False
    moved: asyncio.Event = field(default_factory=asyncio.Event)  # a click led somewhere
    closing: set[asyncio.Task[None]] = field(default_factory=set)

    def came(self, page: Any) -> None:
        """A link that was clicked may open a page of its own: then that is the page. Others are closed."""
        if self.page is None or self.clicking:
            self.page = page
            page.on("request", self.asked)
            self.moved.set()
        else:
            task = asyncio.ensure_future(page.close())
            self.closing.add(task)
            task.add_done_callback(self.closing.discard)

    def asked(self, request: Any) -> None:
        if request.is_navigation_request():
            self.moved.set()

    async def led_somewhere(self, seconds: float) -> None:
        """Wait until it is seen whether a click leads somewhere."""
        try:
            async with asyncio.timeout(seconds):
                await self.moved.wait()
        except TimeoutError:
            pass

    async def close(self) -> None:
        await self.context.close()
        await self.proxy.close()


class Chromium:
    """The browser and its pages; all of it lives on one loop, whatever loop a tool is called on."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.sessions: dict[str, Session] = {}
        self._starting = asyncio.Lock()
        self._playwright: Any = None
        self._browser: Any = None
        self._home = tempfile.TemporaryDirectory(prefix="tinyllm-browser-")
        threading.Thread(target=self.loop.run_forever, name="tinyllm-browser", daemon=True).start()

    async def started(self) -> Any:
        async with self._starting:
            if self._browser is None or not self._browser.is_connected():
                self.sessions.clear()
                api = need("playwright.async_api", extra=EXTRA)
                self._playwright = self._playwright or await api.async_playwright().start()
                self._browser = await self._playwright.chromium.launch(
                    executable_path=next(filter(None, map(shutil.which, PROGRAMS)), None),
                    headless=True,
                    chromium_sandbox=os.geteuid() != 0,  # Chromium's own does not run for root
                    args=list(ARGUMENTS),
                    proxy={"server": NOWHERE},  # for whatever is in no page of ours
                    env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "HOME": self._home.name},
                )
            return self._browser

    async def session(self, run: str, kept: Bounds) -> Session:
        """The page of a run, opened when it has none."""
        browser = await self.started()
        found = self.sessions.get(run)
        if found is not None and found.proxy.bounds.hosts != kept.hosts:
            await self.closed(run)
            found = None
        if found is None:
            while len(self.sessions) >= PAGES:
                await self.closed(min(self.sessions, key=lambda each: self.sessions[each].used))
            found = self.sessions[run] = await self._opened(browser, kept)
        return found

    async def _opened(self, browser: Any, kept: Bounds) -> Session:
        proxy = Proxy(kept)
        await proxy.start()
        context = await browser.new_context(
            proxy={"server": proxy.url},
            accept_downloads=False,
            service_workers="block",
            viewport={"width": WIDTH, "height": HEIGHT},
        )
        await context.route_web_socket("**", lambda socket: socket.close())
        session = Session(context, proxy)
        context.on("page", session.came)
        await context.new_page()
        return session

    async def closed(self, run: str) -> None:
        if session := self.sessions.pop(run, None):
            await session.close()

    async def end(self) -> None:
        for run in list(self.sessions):
            await self.closed(run)
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()


_chromium: Chromium | None = None
_making = threading.Lock()


def _made() -> Chromium:
    global _chromium
    with _making:
        if _chromium is None:
            _chromium = Chromium()
            atexit.register(stop)
        return _chromium


def stop() -> None:
    """Close the browser of this process, if there is one."""
    global _chromium
    with _making:
        chromium, _chromium = _chromium, None
    if chromium is not None:
        asyncio.run_coroutine_threadsafe(chromium.end(), chromium.loop).result(timeout=20)
        chromium.loop.call_soon_threadsafe(chromium.loop.stop)


def address() -> str:
    """Where the page of this run is."""
    session = _chromium.sessions.get(current().id) if _chromium else None
    return session.page.url if session else "no page"


async def on_page(do: Callable[[Session], Awaitable[T]], *, opens: bool = False) -> T:
    """Do it on the page of this run; only what opens a page needs none before."""
    chromium = _made()
    run, kept = current().id, bounds()

    async def work() -> T:
        for each, session in list(chromium.sessions.items()):
            if each != run and CLOCK.monotonic() - session.used > IDLE:
                await chromium.closed(each)
        if not opens and run not in chromium.sessions:
            raise BadReply("no page is open", hint="open one with browser_open", code="BROWSER_CLOSED")
        session = await chromium.session(run, kept)
        async with session.lock:
            session.used = CLOCK.monotonic()
            try:
                async with asyncio.timeout(SECONDS):
                    return await do(session)
            except TimeoutError:
                # A page that does not answer is no use any more.
                await chromium.closed(run)
                raise TimedOut(
                    "the page did not answer, and was closed", hint="open another one", code="BROWSER_TIMEOUT"
                ) from None

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), chromium.loop))


def errors() -> type[Exception]:
    """What Playwright raises."""
    found: type[Exception] = need("playwright.async_api", extra=EXTRA).Error
    return found
