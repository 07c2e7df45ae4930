"""Where the rows come from: a file or a pipe, read row by row, never as a whole."""

import csv
import hashlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from tinyllm.errors import UsageError

LONGEST = 8_000_000  # bytes of one line
FORMS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".txt": "lines", ".csv": "csv"}
JSON = (b"{", b'"', b"[")

Record = bytes | dict[str, Any] | UsageError  # a line, the columns of a table, or what is wrong with them


@dataclass(frozen=True)
class Source:
    """An open file that can be read more than once."""

    name: str
    file: BinaryIO
    form: str = ""
    origin: os.stat_result | None = None  # what the rows were read from

    @classmethod
    def open(cls, name: str) -> "Source":
        """A file, or stdin for `-`; a pipe is kept on the disk meanwhile, because a batch looks at its input twice."""
        try:
            if name == "-":
                return cls("-", _kept(sys.stdin.buffer), origin=_origin(sys.stdin.buffer))
            file: BinaryIO = Path(name).open("rb")  # noqa: SIM115 - open for as long as the batch
            if not file.seekable():
                with file as pipe:
                    file = _kept(pipe)
            return cls(name, file, FORMS.get(Path(name).suffix.lower(), ""), _origin(file))
        except OSError as failure:
            raise UsageError(
                f"{name} cannot be read: {failure.strerror}", hint="name a file with one row a line, or -"
            ) from failure

    def close(self) -> None:
        self.file.close()

    @cached_property
    def digest(self) -> str:
        """Of every byte: what shows that it is the same input."""
        self.file.seek(0)
        found = hashlib.sha256()
        while piece := self.file.read(1 << 20):
            found.update(piece)
        return found.hexdigest()

    def count(self, limit: int = 0) -> int:
        return sum(1 for _ in self.records(limit))

    def records(self, limit: int = 0) -> Iterator[Record]:
        """One after the other, from the first; blank lines are none."""
        self.file.seek(0)
        found: Iterator[Record] = self._table() if self.form == "csv" else self._lines()
        return islice(found, limit) if limit else found

    @cached_property
    def plain(self) -> bool:
        """Each line is a question: the name says so, or the first line is no JSON."""
        if self.form:
            return self.form == "lines"
        self.file.seek(0)
        first = next(self._lines(), b"")
        return not first.startswith(JSON)

    def _lines(self) -> Iterator[bytes]:
        while line := self.file.readline(LONGEST + 1):
            if len(line) > LONGEST:
                while line and not line.endswith(b"\n"):  # the rest of it is not held either
                    line = self.file.readline(LONGEST)
                yield b" " * (LONGEST + 1)
            elif text := line.removeprefix(b"\xef\xbb\xbf").strip():
                yield text

    def _table(self) -> Iterator[dict[str, Any] | UsageError]:
        """A row that is none fails by itself; a file that is none, or ends within a quotation, is refused."""
        text = io.TextIOWrapper(self.file, "utf-8-sig", newline="")
        csv.field_size_limit(LONGEST)
        try:
            rows = csv.DictReader(text, strict=True)
            _ = rows.fieldnames
            while True:
                try:
                    row = next(rows)
                except StopIteration:
                    return
                except csv.Error as failure:
                    if "end of data" in str(failure):
                        raise
                    yield UsageError(
                        f"the row cannot be asked: it is no CSV: {failure}",
                        hint="write each row as UTF-8 CSV",
                        code="ROW_INVALID",
                    )
                else:
                    yield {name: value for name, value in row.items() if name and value not in (None, "")}
        except (csv.Error, UnicodeDecodeError) as failure:
            raise UsageError(f"{self.name} is no CSV: {failure}", hint="write it as UTF-8 CSV") from failure
        finally:
            text.detach()


def _kept(pipe: BinaryIO) -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the batch
    shutil.copyfileobj(pipe, file)
    return file


def _origin(file: BinaryIO) -> os.stat_result | None:
    try:
        return os.fstat(file.fileno())
    except (OSError, ValueError):  # no file of the system
        return None
