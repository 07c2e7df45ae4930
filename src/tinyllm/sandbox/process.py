"""A child process that is watched: its time, its output, and its end."""

import os
import selectors
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tinyllm.clock import CLOCK
from tinyllm.sandbox.job import FLOODED, OUTPUT, late


@dataclass
class Ended:
    """How it ended; `stopped` says why when it was us."""

    code: int = 0
    stopped: str = ""
    texts: list[bytearray] = field(default_factory=lambda: [bytearray(), bytearray(), bytearray()])

    def text(self, channel: int) -> str:
        return self.texts[channel].decode("utf-8", "replace")


@dataclass(frozen=True)
class Watched:
    """A command, what it reads, and how long it may take. Its report comes back through a pipe of its own."""

    command: Callable[[int], Sequence[str]]
    payload: Callable[[int], bytes]
    timeout: float
    handles: tuple[int, ...] = ()
    cancelled: threading.Event = field(default_factory=threading.Event)
    more: Mapping[str, str] = field(default_factory=dict)  # for the environment of the command itself

    def run(self) -> Ended:
        inward, outward = os.pipe()
        try:
            with tempfile.TemporaryFile() as given:
                given.write(self.payload(outward))
                given.seek(0)
                child = subprocess.Popen(  # noqa: S603 - argv, no shell
                    self.command(outward),
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(outward, *self.handles),
                    env={
                        "PATH": os.environ.get("PATH", os.defpath),
                        "HOME": os.environ.get("HOME", "/"),
                        **self.more,
                    },
                    start_new_session=True,
                )
        finally:
            os.close(outward)
        with child, os.fdopen(inward, "rb", buffering=0):
            return self._watch(child, inward)

    def _watch(self, child: "subprocess.Popen[bytes]", report: int) -> Ended:
        ended, until = Ended(), CLOCK.monotonic() + self.timeout
        assert child.stdout is not None
        assert child.stderr is not None
        with selectors.DefaultSelector() as channels:
            for number, file in enumerate((child.stdout.fileno(), child.stderr.fileno(), report)):
                channels.register(file, selectors.EVENT_READ, number)
            while channels.get_map() and not ended.stopped:
                left = until - CLOCK.monotonic()
                for key, _ in channels.select(max(0.0, min(left, 0.05))):
                    chunk = os.read(key.fd, 65536)
                    if not chunk:
                        channels.unregister(key.fd)
                    ended.texts[key.data] += chunk
                ended.stopped = self._verdict(ended, left)
        if ended.stopped:
            child.kill()
        ended.code = child.wait()
        return ended

    def _verdict(self, ended: Ended, left: float) -> str:
        if self.cancelled.is_set():
            return "it was cancelled"
        if any(len(text) > OUTPUT for text in ended.texts):
            return FLOODED
        return late(self.timeout) if left <= 0 else ""
