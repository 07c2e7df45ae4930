"""Where the rows come from: a file or a pipe, read row by row, never as a whole."""

import csv
import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from tinyllm.errors import UsageError

LONGEST = 8_000_000  # bytes of one line
FORMS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".txt": "lines", ".csv": "csv"}
BREAKS = re.compile(r"\r\n|\r|\n")
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
        found = (record for _, record in self._numbered())
        return islice(found, limit) if limit else found

    def lines(self, rows: Iterable[int]) -> dict[int, int]:
        """The line in which each of these rows begins, counted from 1 as an editor does."""
        wanted = set(rows)
        found = ((index, line) for index, (line, _) in enumerate(self._numbered()) if index in wanted)
        return dict(islice(found, len(wanted)))

    def _numbered(self) -> Iterator[tuple[int, Record]]:
        self.file.seek(0)
        return self._table() if self.form == "csv" else self._lines()

    @cached_property
    def plain(self) -> bool:
        """Each line is a question: the name says so, or the first line is no JSON."""
        if self.form:
            return self.form == "lines"
        self.file.seek(0)
        _, first = next(self._lines(), (0, b""))
        return not first.startswith(JSON)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        while line := self.file.readline(LONGEST + 1):
            number += 1
            if len(line) > LONGEST:
                while line and not line.endswith(b"\n"):  # the rest of it is not held either
                    line = self.file.readline(LONGEST)
                yield number, b" " * (LONGEST + 1)
            elif text := line.removeprefix(b"\xef\xbb\xbf").strip():
                yield number, text

    def _table(self) -> Iterator[tuple[int, dict[str, Any] | UsageError]]:
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
                    fault = UsageError(
                        f"the row cannot be asked: it is no CSV: {failure}",
                        hint="write each row as UTF-8 CSV",
                        code="ROW_INVALID",
                    )
                    yield rows.line_num, fault
                else:
                    inside = sum(
                        len(BREAKS.findall(each)) for value in row.values() for each in _texts(value)
                    )
                    yield (
                        rows.line_num - inside,
                        {name: value for name, value in row.items() if name and value not in (None, "")},
                    )
        except (csv.Error, UnicodeDecodeError) as failure:
            raise UsageError(f"{self.name} is no CSV: {failure}", hint="write it as UTF-8 CSV") from failure
        finally:
            text.detach()


def _texts(value: Any) -> Sequence[str]:
    """What stands in a column; what stands behind the last one is a list, and what is missing nothing."""
    return [value] if isinstance(value, str) else value or ()


def _kept(pipe: BinaryIO) -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the batch
    shutil.copyfileobj(pipe, file)
    return file


def _origin(file: BinaryIO) -> os.stat_result | None:
    try:
        return os.fstat(file.fileno())
    except (OSError, ValueError):  # no file of the system
        return None
