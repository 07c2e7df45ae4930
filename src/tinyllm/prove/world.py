"""The small world of one cell: two simulated models behind a bad network, and breakers with a past."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from tinyllm.clock import Clock
from tinyllm.guard import Breakers, Row
from tinyllm.guard.breaker import Change, Memory, Shelf
from tinyllm.prove.setups import Setup, good
from tinyllm.testing.faults import FaultProxy
from tinyllm.testing.simulator import Script, Simulator
from tinyllm.testing.simulator.model import Model

NAMES: Final = ("main:1b", "spare:1b")


@asynccontextmanager
async def world(given: Setup, point: str) -> AsyncIterator[tuple[Simulator, FaultProxy, str]]:
    capable = ("completion", "tools") if given.tools else ("completion",)
    models = [Model(name=name, capabilities=capable) for name in NAMES]
    script = Script({"main:1b": given.replies(point), "spare:1b": given.spare or good(point)}, models)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(script))
        proxy = await stack.enter_async_context(FaultProxy(simulator.url))
        proxy.faults = given.bytes
        where = proxy.url
        if given.where == "full":
            where = stack.enter_context(_FullQueue()).url
        yield simulator, proxy, where


class _FullQueue:
    """An address where connecting takes for ever: it listens, and its queue is full."""

    def __enter__(self) -> "_FullQueue":
        self.sockets = [socket.socket() for _ in range(4)]
        self.sockets[0].bind(("127.0.0.1", 0))
        self.sockets[0].listen(0)
        host, port = self.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        for each in self.sockets[1:]:
            each.setblocking(False)
            each.connect_ex((host, port))
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.sockets:
            each.close()


class _Broken:
    """A store that is gone."""

    async def look(self, _: Sequence[str]) -> dict[str, Row]:
        raise OSError("the disk is gone")

    async def change(self, _: str, __: Change) -> tuple[Row, Row]:
        raise OSError("the disk is gone")

    async def all(self) -> list[Row]:
        raise OSError("the disk is gone")


def shelf_of(given: Setup, before: str, host: str, clock: Clock) -> Shelf:
    if given.shelf:
        return _Broken()
    shelf = Memory()
    for each in filter(None, before.split(", ")):
        name, state, *number = each.split()
        target = host if name == "host" else f"{name}:1b"
        shelf.rows[target] = _row(target, state, int(number[0]) if number else 0, clock)
    return shelf


def _row(target: str, state: str, number: int, clock: Clock) -> Row:
    now = clock.now()
    if state == "open":
        return Row(target, state="open", opened_at=now, because="a test")
    if state == "half-open":
        return Row(target, state="half-open", successes=number)
    return Row(target, failures=int(state), failed_at=now)


async def counted(breakers: Breakers, host: str) -> str:
    """The breakers that are not as new, in words."""
    found = []
    if isinstance(breakers.shelf, _Broken):
        return ""
    for row in await breakers.shelf.all():
        name = "host" if row.target == host else row.target.removesuffix(":1b")
        held = " held" if row.probe else ""
        if row.state == "half-open":
            found.append(f"{name} half-open" + (f" {row.successes}" if row.successes else "") + held)
        elif row.state == "open":
            found.append(f"{name} open{held}")
        elif row.failures:
            found.append(f"{name} {row.failures}{held}")
    return ", ".join(sorted(found))
