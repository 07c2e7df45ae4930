"""The output file: whole lines only, in order, written by one batch at a time."""

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyllm import failpoints
from tinyllm.batch.held import Held, taken, there
from tinyllm.clock import Clock
from tinyllm.errors import TinyError, UsageError, classify

SCHEMA = "tinyllm.batch/1"
BEGINS = b'{"schema": "tinyllm.batch/1", "index": '  # every line of ours
SYNC = 1.0  # seconds after which what was written is put on the disk; the database has it anyway


@dataclass
class Output:
    """A file that is ours for as long as it is open, whatever ends this process."""

    path: Path
    clock: Clock
    handle: int = -1
    held: Held = field(init=False)
    _synced: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.held = Held(self.path)

    def __enter__(self) -> "Output":
        try:
            self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as failure:
            raise UsageError(
                f"{self.path} cannot be written: {failure.strerror}", hint="choose another output with -o"
            ) from failure
        try:
            self._taken()
        except UsageError:
            self.held.leave()
            os.close(self.handle)
            raise
        return self

    def _taken(self) -> None:
        if not stat.S_ISREG(os.fstat(self.handle).st_mode):
            raise UsageError(
                f"{self.path} is no file",
                hint="a batch goes on from what is in its output: name a file with -o",
            )
        if not self.held.take() or not taken(self.handle):
            raise UsageError(
                f"another batch is writing to {self.path}",
                hint="let it end, or choose another output with -o",
                code="BATCH_BUSY",
            )
        self.require_there()

    def require_there(self) -> None:
        """What is written is found under the name that was given."""
        if not there(self.path, self.handle):
            raise UsageError(
                f"{self.path} was removed or replaced while the batch wrote to it",
                hint="the same command again goes on: what is committed is written from the database",
                code="BATCH_CHANGED",
            )

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.fsync(self.handle)
        self.held.leave()
        os.close(self.handle)

    @property
    def empty(self) -> bool:
        return os.fstat(self.handle).st_size == 0

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows that are there, each with where it begins; what no row of ours follows is cut off."""
        at = 0
        with self.path.open("rb") as file:
            for index, line in enumerate(file):
                row = _ours(line)
                if row is None or row["index"] != index:
                    break
                yield at, row
                at += len(line)
        if at < os.fstat(self.handle).st_size:
            self.cut(at)

    def require_ours(self) -> str:
        """It holds rows of a batch, and at the end the half of one that a kill left, or blank lines.

        What others wrote is never touched.

        The run of its first row, if there is one.
        """
        run = ""
        with self.path.open("rb") as file:
            first = file.read(len(BEGINS))
            if not BEGINS.startswith(first.rstrip(b"\0")):
                raise self._foreign("something else in it", "choose another output with -o")
            file.seek(0)
            blank = 0  # the first line of those that an editor may have added at the end
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    blank = blank or number
                    continue
                row = _ours(line)
                if blank or (row is None and not _torn(line)):
                    raise self._foreign(
                        f"something else in line {blank or number}",
                        "move that line elsewhere, and the same command goes on; or choose another output with -o",
                    )
                run = run or str((row or {}).get("run", ""))
        return run

    def _foreign(self, what: str, hint: str) -> UsageError:
        return UsageError(f"{self.path} has {what}", hint=hint, code="BATCH_FOREIGN")

    def cut(self, at: int) -> None:
        self._done(lambda: os.ftruncate(self.handle, at))

    def clear(self) -> None:
        """Not even a crash of the machine brings back what was there."""
        self.cut(0)
        self._done(lambda: os.fsync(self.handle))

    def add(self, row: dict[str, Any]) -> None:
        """One line, by one system call, at the end."""
        ours = {**row, "schema": SCHEMA}
        text = json.dumps({"schema": SCHEMA, **ours}, ensure_ascii=False, default=str)
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        failpoints.hit("file.before")
        self.require_there()
        self._done(lambda: _written(self.handle, line))
        failpoints.hit("file.after")
        now = self.clock.monotonic()
        if now - self._synced > SYNC:
            self._synced = now
            self._done(lambda: os.fsync(self.handle))

    def _done(self, work: Any) -> None:
        try:
            work()
        except OSError as failure:
            raise _named(failure, self.path) from failure


def _written(handle: int, line: bytes) -> None:
    while line:
        line = line[os.write(handle, line) :]


def _torn(line: bytes) -> bool:
    """The beginning of a line of ours, without its end: a kill left it, or the disk, which fills up with zeros."""
    begun = line.rstrip(b"\0")[: len(BEGINS)]
    return not line.endswith(b"\n") and BEGINS.startswith(begun)


def _ours(line: bytes) -> dict[str, Any] | None:
    """A whole line that a batch wrote."""
    if not line.endswith(b"\n"):
        return None
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    good = isinstance(row, dict) and row.get("schema") == SCHEMA and isinstance(row.get("index"), int)
    return row if good and isinstance(row.get("status"), str) else None


def _named(failure: OSError, path: Path) -> TinyError:
    named = classify(failure)
    named.message = f"{path} cannot be written: {failure.strerror}"
    named.hint = f"{named.hint}; then the same command again goes on"
    return named
