"""A warm process that does nothing but fork those that are to be killed, so that a fork finds its memory untouched."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tinyllm.prove.controls import Control
from tinyllm.prove.living import die_or_end, live, seed
from tinyllm.prove.outside import Outside
from tinyllm.prove.shapes import SHAPES, Shape

ENDED_ITSELF = 1  # when its mother is gone: nobody knows


@dataclass(frozen=True, slots=True)
class Kill:
    """When a process is killed: at a durable place, after a time, or not at all."""

    at: int = 0  # the first, the second, … passage
    after: float = 0.0


@dataclass(frozen=True)
class Mother:
    """At the other end of a socket: it forks one process at a time, and says how that ended."""

    socket: socket.socket

    def seeded(self, shape: Shape, outside: Outside) -> int:
        """The exit code of a process that had an earlier turn."""
        return self._child(shape, outside, seed=True)

    def lived(self, shape: Shape, outside: Outside, control: Control, kill: Kill) -> int:
        """The exit code of a process that was killed, or not."""
        return self._child(shape, outside, control=control, **asdict(kill))

    def _child(self, shape: Shape, outside: Outside, **how: Any) -> int:
        order = {"shape": shape.name, "folder": str(outside.folder), **how}
        self.socket.sendall(json.dumps(order).encode() + b"\n")
        answer = self.socket.recv(64)
        return int(answer) if answer else ENDED_ITSELF


@contextmanager
def mother() -> Iterator[Mother]:
    """Forks: call it where everything is imported and no thread runs."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        _serve(theirs)
    theirs.close()
    try:
        yield Mother(ours)
    finally:
        ours.close()  # which ends it
        os.waitpid(child, 0)


def _serve(orders: socket.socket) -> None:
    """Fork for each line, until nobody writes any more; never returns."""
    code = 70
    try:
        for line in orders.makefile("rb"):
            orders.sendall(str(_forked(**json.loads(line))).encode())
        code = 0
    finally:
        os._exit(code)


def _forked(shape: str, folder: str, seed: bool = False, control: Control = "", **kill: Any) -> int:
    when = Kill(**kill)
    child = os.fork()
    if child == 0:
        _work(next(each for each in SHAPES if each.name == shape), Outside(Path(folder)), seed, control, when)
    if when.after:
        time.sleep(when.after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _work(shape: Shape, outside: Outside, seeds: bool, control: Control, when: Kill) -> None:
    if seeds:
        die_or_end(lambda: seed(shape, outside), outside, 0)
    die_or_end(lambda: live(shape, outside, control), outside, when.at)
