"""Signals that reach the main thread wherever it waits.

Python notices a signal between two of its own steps, or when it cuts a wait short. One that comes just before a wait begins
would be noticed after it: a Ctrl-C at a prompt, after the next key. So a thread is told of each signal by the system, and
cuts the wait short until the main thread has noticed.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NUDGE = signal.SIGURG  # ignored by everybody unless asked for
EVERY, TIMES = 0.1, 50  # seconds between two nudges; and how many


@contextmanager
def listening() -> Iterator[None]:
    """Ctrl-C is heard as such; the end of a terminal or a process ends what is going on in good order."""
    noticed = threading.Event()

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        noticed.set()
        raise KeyboardInterrupt

    def ended(number: int, _frame: FrameType | None) -> None:
        noticed.set()
        raise SystemExit(128 + number)

    def nudged(_number: int, _frame: FrameType | None) -> None:
        """It only cuts a wait short."""

    hears = {signal.SIGINT: interrupted, signal.SIGTERM: ended, signal.SIGHUP: ended, NUDGE: nudged}
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = {number: signal.signal(number, action) for number, action in hears.items()}
    woken = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    main = threading.get_ident()
    thread = threading.Thread(target=_nudge, args=(reader, main, noticed), name="tinyllm-ear", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        noticed.set()
        os.close(writer)
        thread.join()
        os.close(reader)
        for number, action in before.items():
            signal.signal(number, action)


def _nudge(reader: int, main: int, noticed: threading.Event) -> None:
    while number := os.read(reader, 1):
        if number[0] == NUDGE:
            continue
        for _ in range(TIMES):
            if noticed.wait(EVERY):
                break
            signal.pthread_kill(main, NUDGE)
        noticed.clear()
