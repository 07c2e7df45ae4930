"""The command line as its users have it: called in this process, in one of its own, or on a terminal."""

import io
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.started import Process
from tinyllm.cli import main
from tinyllm.testing.simulator import Simulator

PROGRAM = str(Path(sys.executable).parent / "tinyllm")


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The two lines of a failure."""
        return self.err.splitlines()


Call = Callable[..., Done]
Served = Callable[..., Simulator]
ASK = (
    "nodes:\n"
    "  ask: {kind: human, ask: 'Send it?', choices: {yes: send, no: end}}\n"
    "  send: {kind: transform, value: \"'it is sent'\"}\n"
)
TALK = "nodes: {say: {prompt: Be brief.}}\n"
WRITE = (
    "allow: [files_write]\n"
    "nodes:\n"
    "  change: {kind: tool, tool: files_write, args: {path: kept.txt, content: changed}, to: make}\n"
    "  make: {kind: tool, tool: files_write, args: {path: sub/made.txt, content: new}, to: last}\n"
    "  last: {kind: transform, value: %s}\n"
)
GRAPHS = {
    "talk": TALK,
    "two": "nodes:\n  first: {prompt: One., to: second}\n  second: {prompt: Two.}\n",
    "asks": ASK,
    "writes": WRITE % "\"'done'\"",
    "fails": WRITE % "\"1 + 'a'\"",
    "refuses": (
        "nodes:\n"
        "  say: {kind: transform, value: inputs.question, to: check}\n"
        "  check: {kind: gate, checks: [{matches: {pattern: whole}}]}\n"
    ),
    "echo": "nodes: {say: {kind: transform, value: inputs.question}}\n",
}


@pytest.fixture(autouse=True)
def no_server(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets a model server that happens to run on this machine."""
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{closed_port}")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)


@pytest.fixture
def tinyllm(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call the command line in this process."""

    def call(*arguments: str, stdin: bytes | None = b"") -> Done:
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, err = capsys.readouterr()
        return Done(int(end.value.code or 0), out, err)

    return call


@pytest.fixture
def project(home: Path) -> Path:
    """A project with graphs of its own, and one file in its workspace."""
    (home / "tinyllm.toml").write_text("")
    (home / "graphs").mkdir()
    for name, text in GRAPHS.items():
        (home / "graphs" / f"{name}.yaml").write_text(text)
    (home / "kept.txt").write_text("as it was")
    return home


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A model server that says this."""
    opened: list[Simulator] = []

    def serve(*said: Any) -> Simulator:
        opened.append(Simulator(list(said)).start_in_thread())
        monkeypatch.setenv("OLLAMA_HOST", opened[-1].url)
        return opened[-1]

    yield serve
    for each in opened:
        each.stop_thread()


def launch(arguments: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """The program itself, with nothing on stdin: for what happens before our first line runs."""
    wanted = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([PROGRAM, *arguments], **wanted)


@pytest.fixture
def process() -> Call:
    """Run the program itself to its end."""

    def call(*arguments: str, **options: Any) -> Done:
        with launch(arguments, **options) as running:
            out, err = running.communicate(timeout=60)
        return Done(running.returncode, (out or b"").decode(), (err or b"").decode())

    return call


@dataclass
class Terminal:
    """A process on a pseudo-terminal, which shows stdout and stderr as a person sees them."""

    process: Process
    master: int
    seen: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        return self.seen.decode("utf-8", "replace").replace("\r\n", "\n")

    def read_until(self, wanted: str, within: float = 60) -> str:
        """What was shown up to the moment when this was."""
        ends = time.monotonic() + within
        while wanted not in self.text:
            if not self._read(ends - time.monotonic()):
                raise AssertionError(f"{wanted!r} was not shown; this was:\n{self.text}")
        return self.text

    def rest(self, within: float = 60) -> int:
        """Read to the end; the exit code."""
        ends = time.monotonic() + within
        while self._read(ends - time.monotonic()):
            pass
        return self.process.wait(max(1, ends - time.monotonic()))

    def _read(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self.master, 65536)
        except OSError:  # the other side has closed
            return False
        self.seen += piece
        return bool(piece)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Start the command line on a pseudo-terminal."""
    opened: list[Terminal] = []

    def begin(*arguments: str, env: dict[str, str] | None = None, echo: bool = False) -> Terminal:
        master, slave = pty.openpty()
        attributes = termios.tcgetattr(slave)
        if not echo:
            attributes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        environment = {**os.environ, "TERM": "xterm", **(env or {})}
        process = Process(
            arguments, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        opened.append(Terminal(process, master))
        return opened[-1]

    yield begin
    for each in opened:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()
        os.close(each.master)
