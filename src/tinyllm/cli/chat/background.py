"""An event loop in a thread of its own: the main thread reads lines, waits for turns, and hears Ctrl-C."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 10.0  # seconds that a turn has to end after an interrupt


class Background:
    """One loop for all turns: clients keep their connections."""

    def __init__(self, at_once: Callable[[], object] = lambda: None) -> None:
        self._at_once = at_once  # done before the process is ended without more ado

    def __enter__(self) -> "Background":
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tinyllm-chat", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        if not self._thread.is_alive():
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What it comes to. An interrupt ends it in good order first; what has come to its end by then counts."""
        task, ended = self._begun(work)
        try:
            return ended.result()
        except (KeyboardInterrupt, SystemExit) as interrupt:
            self._loop.call_soon_threadsafe(task.result().cancel)
            try:
                failure = ended.exception(PATIENCE)
            except (KeyboardInterrupt, SystemExit, TimeoutError):
                self._at_once()
                os._exit(130)  # asked twice, or it does not end: a run that was killed can be recovered
            if failure is None and isinstance(interrupt, KeyboardInterrupt):
                return ended.result()
            raise

    @contextmanager
    def beside(self, work: Coroutine[Any, Any, object] | None) -> Iterator[None]:
        """Let this run while a line is read, and end it then."""
        if work is None:
            yield
            return
        task, ended = self._begun(work)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(task.result().cancel)
            ended.exception()

    def _begun(self, work: Coroutine[Any, Any, T]) -> "tuple[Future[asyncio.Task[T]], Future[T]]":
        task: Future[asyncio.Task[T]] = Future()
        ended: Future[T] = Future()

        def tell(done: "asyncio.Task[T]") -> None:
            failure = asyncio.CancelledError() if done.cancelled() else done.exception()
            ended.set_exception(failure) if failure is not None else ended.set_result(done.result())

        def begin() -> None:
            made = self._loop.create_task(work)
            made.add_done_callback(tell)
            task.set_result(made)

        self._loop.call_soon_threadsafe(begin)
        return task, ended
