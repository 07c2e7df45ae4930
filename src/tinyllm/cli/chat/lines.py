"""What is said next: typed, with a history, or through a pipe; several lines may be one message."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from tinyllm.cli import say, stdin
from tinyllm.errors import UsageError

FIRST, MORE = "> ", ". "
FENCE = "```"
KEPT = 1_000  # lines of history


class Lines:
    """Messages, one after the other."""

    def __init__(self, words: tuple[str, ...] = ()) -> None:
        self.typed = sys.stdin is not None and sys.stdin.isatty()
        self.edits = self.typed and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._history = History(words) if self.edits else None
        self.ahead = Ahead()

    def read(self) -> str | None:
        """One message, as it was written; None at the end. Ctrl-C drops it, and at an empty prompt is raised."""
        said = ""
        while True:
            try:
                line = self._line(MORE if said else FIRST)
            except KeyboardInterrupt:
                if not said and not (self._history and self._history.unfinished()):
                    raise
                sys.stderr.write("\n")
                said = ""
                continue
            if line is None:
                return whole(said) if said.strip() else None
            said += line
            if not goes_on(said):
                return whole(said)
            said = said[:-1] + "\n" if not _open(said) else said + "\n"

    def _line(self, prompt: str) -> str | None:
        if not self.typed:
            return _piped()
        try:
            if self._history is not None:
                line = input(prompt)
                self._history.keep()
                return line
            sys.stderr.write(prompt)
            sys.stderr.flush()
            line = sys.stdin.readline()
            return line.removesuffix("\n") if line else None
        except EOFError:
            return None
        except UnicodeDecodeError as failure:
            raise UsageError("what was typed is not UTF-8", hint="set the terminal to UTF-8") from failure


def _piped() -> str | None:
    body = sys.stdin.buffer.readline(stdin.LARGEST + 1)
    if not body:
        return None
    if len(body) > stdin.LARGEST:
        while body and not body.endswith(b"\n"):  # the rest of it is not a turn of its own
            body = sys.stdin.buffer.readline(stdin.LARGEST)
        raise UsageError(f"a line has more than {stdin.LARGEST // 1_000_000} MB", hint="attach it as a file")
    if b"\0" in body:
        raise UsageError("a line that came in is not text", hint="pipe in text, a turn on each line")
    try:
        return body.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as failure:
        raise UsageError(
            f"a line that came in is not UTF-8 (byte {failure.start})", hint="convert it: iconv -t utf-8"
        ) from None


def _open(said: str) -> bool:
    return said.count(FENCE) % 2 == 1


def goes_on(said: str) -> bool:
    """The message has an open fence, or its last line ends with a backslash."""
    return _open(said) or said.endswith("\\")


def whole(said: str) -> str:
    """The message without the bare fences around all of it."""
    first, *rest = said.split("\n")
    if len(rest) > 1 and first.strip() == rest[-1].strip() == FENCE:
        return "\n".join(rest[:-1])
    return said


class Ahead:
    """What is typed while a turn runs is for the next prompt, an end of input as well.

    The line editor takes a Ctrl-D for one whatever the terminal thinks of it; one that comes before the prompt would be
    lost on the way, had the terminal not been told that it is a letter like others.
    """

    def __init__(self) -> None:
        self._was: list[Any] | None = None

    @contextmanager
    def kept(self, *, on: bool) -> Iterator[None]:
        """For the time of a chat."""
        if not on:
            yield
            return
        self.keep()
        try:
            yield
        finally:
            self.let_go()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Within it, while a person is asked: here a Ctrl-D is an answer."""
        was, self._was = self._was, None
        self._set(was)
        try:
            yield
        finally:
            if was is not None:
                self.keep()

    def keep(self) -> None:
        import termios

        try:
            self._was = termios.tcgetattr(sys.stdin)
        except (termios.error, OSError, ValueError):
            return
        letters = list(self._was[6])
        letters[termios.VEOF] = os.fpathconf(sys.stdin.fileno(), "PC_VDISABLE").to_bytes(1, "little")
        self._set([*self._was[:6], letters])

    def let_go(self) -> None:
        was, self._was = self._was, None
        self._set(was)

    def _set(self, attributes: list[Any] | None) -> None:
        import termios

        if attributes is not None:
            with suppress(termios.error, OSError, ValueError):  # the terminal may be gone
                termios.tcsetattr(sys.stdin, termios.TCSANOW, attributes)


class History:
    """What was typed before, in a file that only its owner reads; and the names that a tab completes."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._readline = _readline()
        self._path = _history_file() if self._readline is not None else None
        if self._readline is None:
            return
        self._readline.set_auto_history(True)
        self._readline.set_history_length(KEPT)
        self._readline.set_completer_delims(" ")
        self._readline.set_completer(
            lambda text, n: ([w for w in words if text and w.startswith(text)] + [None])[n]
        )
        libedit = "libedit" in (self._readline.__doc__ or "")
        self._readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
        if self._path is not None:
            try:
                self._readline.read_history_file(str(self._path))
            except OSError:
                self._path = None

    def keep(self) -> None:
        if self._path is None or self._readline is None:
            return
        try:
            self._readline.write_history_file(str(self._path))
        except OSError as failure:
            say.note(f"the history is not kept: {failure.strerror}")
            self._path = None

    def unfinished(self) -> bool:
        """Something stands in the line already."""
        return self._readline is not None and bool(self._readline.get_line_buffer())


def _readline() -> ModuleType | None:
    try:
        import readline
    except ImportError:  # a Python without it reads lines all the same
        return None
    return readline


def _history_file() -> Path | None:
    import platformdirs

    path = Path(platformdirs.user_data_dir("tinyllm")) / "chat_history"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as failure:
        say.note(f"the history is not kept: {path} {failure.strerror}")
        return None
    return path
