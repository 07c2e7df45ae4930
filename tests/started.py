"""The command line in processes of their own, forked from a warm one: a start costs milliseconds instead of seconds.

What a process does before our first line runs is the same in each; some tests start the program itself, and try that.
"""

import contextlib
import functools
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

ROOT = Path(__file__).parents[1]
PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL
Stream = int | IO[Any] | None


@functools.cache
def _starter() -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """One for this process; it ends when this one does, with the socket between them."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        return ours, subprocess.Popen(
            [sys.executable, "-m", "tests.starter"], cwd=ROOT, stdin=theirs.fileno()
        )


class Process:
    """What `subprocess.Popen` is, of a command line, or of another module with a `main`, that was forked."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        stdin: Stream = DEVNULL,
        stdout: Stream = PIPE,
        stderr: Stream = PIPE,
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        start_new_session: bool = False,
        program: str = "tinyllm.cli",
    ) -> None:
        self.returncode: int | None = None
        order = {
            "arguments": list(arguments),
            "env": dict(os.environ if env is None else env),
            "cwd": str(cwd or Path.cwd()),
            "session": start_new_session,
            "program": program,
        }
        self._line, theirs = socket.socketpair()
        with contextlib.ExitStack() as given:
            given.callback(theirs.close)
            self.stdin, reads = _ends(stdin, given, 0)
            self.stdout, out = _ends(stdout, given, 1)
            self.stderr, err = _ends(stderr, given, 2)
            socket.send_fds(_starter()[0], [b"!"], [reads, out, err, theirs.fileno()])
        self._line.sendall(json.dumps(order).encode() + b"\n")
        self._answers = self._line.makefile("r")
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            with selectors.DefaultSelector() as waiting:
                waiting.register(self._line, selectors.EVENT_READ)
                if not waiting.select(timeout):
                    raise subprocess.TimeoutExpired("tinyllm", timeout or 0)
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._line.close()
        return self.returncode

    def until(self, happened: Callable[[], object]) -> None:
        """Let it run until this has happened; it must not end before."""
        while not happened():
            with contextlib.suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"it ended with {self.wait(0.02)}: {self.communicate()}")

    def communicate(self, typed: bytes = b"", timeout: float | None = None) -> tuple[bytes, bytes]:
        """Write all of this, read to the end, and wait for its end."""
        ends = time.monotonic() + (60 if timeout is None else timeout)
        with selectors.DefaultSelector() as ready:
            heard: dict[Any, bytearray] = {each: bytearray() for each in (self.stdout, self.stderr) if each}
            for stream in heard:
                ready.register(stream, selectors.EVENT_READ)
            if self.stdin and typed:
                ready.register(self.stdin, selectors.EVENT_WRITE)
            elif self.stdin:
                self.stdin.close()
            while ready.get_map():
                found = ready.select(ends - time.monotonic())
                if not found:
                    raise subprocess.TimeoutExpired("tinyllm", timeout or 0)
                for key, _ in found:
                    if key.fileobj is self.stdin:
                        piece = typed = typed[_written(key.fd, typed) :]
                    else:
                        piece = os.read(key.fd, 65536)
                        heard[key.fileobj] += piece
                    if not piece:
                        ready.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
        self.wait(max(0.0, ends - time.monotonic()))
        return bytes(heard.get(self.stdout, b"")), bytes(heard.get(self.stderr, b""))

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if kind:
            self.kill()
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream:
                stream.close()
        self.wait()


def _written(handle: int, body: bytes) -> int:
    try:
        return os.write(handle, body[:4096])
    except BrokenPipeError:
        return len(body)


def _ends(wanted: Stream, given: contextlib.ExitStack, number: int) -> tuple[IO[bytes] | None, int]:
    """Our end of a stream, and the one that the process gets."""
    if wanted == PIPE:
        reading, writing = os.pipe()
        ours, theirs = (writing, reading) if number == 0 else (reading, writing)
        given.callback(os.close, theirs)
        return open(ours, "wb" if number == 0 else "rb", buffering=0 if number == 0 else -1), theirs  # noqa: PTH123
    if wanted == DEVNULL:
        theirs = os.open(os.devnull, os.O_RDWR)
        given.callback(os.close, theirs)
        return None, theirs
    if wanted is None:
        return None, number
    return None, wanted if isinstance(wanted, int) else wanted.fileno()


def run(
    *arguments: str, typed: bytes = b"", timeout: float = 60, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """One that is waited for; what it said is text."""
    if typed:
        options["stdin"] = PIPE
    with Process(arguments, **options) as running:
        out, err = running.communicate(typed, timeout)
    return subprocess.CompletedProcess(arguments, running.returncode or 0, out.decode(), err.decode())


SHIM = """#!{python} -IS
import json, os, socket, sys
ours, theirs = socket.socketpair()
socket.send_fds(socket.socket(fileno={starter}), [b"!"], [0, 1, 2, theirs.fileno()])
theirs.close()
order = {{"arguments": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "session": False}}
ours.sendall(json.dumps(order).encode() + b"\\n")
_process, code = ours.makefile()
os._exit(int(code) % 256)
"""


def on_path(folder: Path) -> int:
    """A program `tinyllm` for a shell, in this folder; it needs the file descriptor that this gives."""
    starter = _starter()[0].fileno()
    program = folder / "tinyllm"
    program.write_text(SHIM.format(python=sys.executable, starter=starter))
    program.chmod(0o700)
    return starter
