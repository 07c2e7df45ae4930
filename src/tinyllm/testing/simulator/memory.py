"""Which models are loaded, who waits for one, and who has a slot."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tinyllm.testing.simulator.ask import FOREVER, Refusal
from tinyllm.testing.simulator.gojson import local_timestamp
from tinyllm.testing.simulator.model import Model

_LOADING = ("num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread")
_FULL = "server busy, please try again.  maximum pending requests exceeded"
_LEAST = 4
_CENTURIES = 292 * 365.25 * 86400


@dataclass(eq=False, slots=True)
class Loaded:
    """A model in memory."""

    model: Model
    how: dict[str, Any]
    ready: asyncio.Event
    slots: asyncio.Semaphore
    context: int
    users: int = 0
    keep: float = FOREVER
    until: float = FOREVER


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to ask a loaded model one thing, and the seconds until it was loaded."""

    loaded: Loaded
    load: float


class Memory:
    """Room for a few models at a time: the rest are loaded when asked for, and something idle makes room."""

    def __init__(self, room: int, queue: int, scale: float) -> None:
        self.room = room
        self.queue = queue
        self.scale = scale
        self.loads = 0
        self.swaps = 0
        self.waiting = 0
        self.busy: dict[str, float] = {}
        self._loaded: dict[str, Loaded] = {}
        self._door = asyncio.Lock()
        self._freed = asyncio.Event()
        self._loading: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def slot(self, model: Model, options: dict[str, Any], keep: float) -> AsyncIterator[Slot]:
        """A slot of the model, loaded if need be. More than `queue` requests waiting is too many."""
        if self.waiting >= self.queue and not self._free(model):
            raise Refusal(503, _FULL)
        taken = await self._taken(model, options, keep)
        began = time.monotonic()
        try:
            yield taken
        finally:
            name = model.full_name.short
            self.busy[name] = self.busy.get(name, 0.0) + time.monotonic() - began
            taken.loaded.slots.release()
            self._let_go(taken.loaded)

    def _free(self, model: Model) -> bool:
        loaded = self._loaded.get(model.full_name.key)
        return loaded is not None and loaded.ready.is_set() and not loaded.slots.locked()

    async def _taken(self, model: Model, options: dict[str, Any], keep: float) -> Slot:
        began = time.monotonic()
        self.waiting += 1
        try:
            loaded = await self._held(model, options, keep)
            try:
                await loaded.ready.wait()
                load = time.monotonic() - began
                await loaded.slots.acquire()
            except asyncio.CancelledError:
                self._let_go(loaded)
                raise
        finally:
            self.waiting -= 1
        return Slot(loaded, load)

    async def _held(self, model: Model, options: dict[str, Any], keep: float) -> Loaded:
        how = {name: options[name] for name in _LOADING if name in options}
        key = model.full_name.key
        # One after the other, as in the real scheduler: who waits for room keeps later ones waiting.
        async with self._door:
            self._forget()
            loaded = self._loaded.get(key)
            if loaded and loaded.how != how:
                await self._until_idle(key)
                loaded = None
            if loaded is None:
                await self._make_room()
                loaded = self._load(model, how)
            loaded.users += 1
            loaded.keep = keep
            loaded.until = FOREVER
            return loaded

    def _load(self, model: Model, how: dict[str, Any]) -> Loaded:
        context = max(_LEAST, min(int(how.get("num_ctx", model.context)), model.longest))
        loaded = Loaded(model, how, asyncio.Event(), asyncio.Semaphore(model.slots), context)
        self._loaded[model.full_name.key] = loaded
        self.loads += 1
        seconds = model.load * self.scale
        if seconds:
            task = asyncio.get_running_loop().create_task(self._take_time(loaded, seconds))
            self._loading.add(task)
            task.add_done_callback(self._loading.discard)
        else:
            loaded.ready.set()
        return loaded

    async def _take_time(self, loaded: Loaded, seconds: float) -> None:
        await asyncio.sleep(seconds)
        loaded.ready.set()

    async def _make_room(self) -> None:
        while len(self._loaded) >= self.room:
            idle = [key for key, loaded in self._loaded.items() if not loaded.users]
            if idle:
                self.swaps += 1
                self._drop(min(idle, key=lambda key: self._loaded[key].until))
            else:
                await self._change()

    async def _until_idle(self, key: str) -> None:
        while key in self._loaded and self._loaded[key].users:
            await self._change()
        self._drop(key)

    async def _change(self) -> None:
        self._freed.clear()
        await self._freed.wait()

    def _drop(self, key: str) -> None:
        self._loaded.pop(key, None)
        self._freed.set()

    def _let_go(self, loaded: Loaded) -> None:
        loaded.users -= 1
        loaded.until = time.time() + loaded.keep
        self._freed.set()
        if not loaded.keep and not loaded.users:
            self._unload(loaded)

    def _unload(self, loaded: Loaded) -> None:
        key = loaded.model.full_name.key
        if self._loaded.get(key) is loaded:
            self._drop(key)

    def _forget(self) -> None:
        now = time.time()
        for loaded in list(self._loaded.values()):
            if not loaded.users and loaded.until <= now:
                self._unload(loaded)

    def unload(self, model: Model) -> None:
        """As soon as nobody uses it."""
        loaded = self._loaded.get(model.full_name.key)
        if loaded and not loaded.users:
            self._unload(loaded)
        elif loaded:
            loaded.keep = 0.0

    def listed(self) -> list[dict[str, Any]]:
        """What `/api/ps` lists, the longest remaining first."""
        self._forget()
        there = sorted(self._loaded.values(), key=lambda loaded: -loaded.until)
        return [_line(loaded) for loaded in there if loaded.ready.is_set()]

    async def close(self) -> None:
        for task in self._loading:
            task.cancel()
        await asyncio.gather(*self._loading, return_exceptions=True)


def _line(loaded: Loaded) -> dict[str, Any]:
    model = loaded.model
    until = min(loaded.until, time.time() + _CENTURIES)
    return {
        "name": model.full_name.short,
        "model": model.full_name.short,
        "size": model.size,
        "digest": model.digest,
        "details": model.details(),
        "expires_at": local_timestamp(int(until * 1_000_000_000)),
        "size_vram": 0,
        "context_length": loaded.context,
    }
