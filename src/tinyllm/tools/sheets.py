"""Excel workbooks as the rows of a table: read within bounds, written without formulas."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO, Any, BinaryIO

from tinyllm.errors import BadReply
from tinyllm.toolkit import need

UNPACKED = 200_000_000  # bytes of all parts of a workbook
RATIO = 300  # times that a part may be larger than what is stored
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(book: BinaryIO, target: IO[bytes]) -> None:
    """The first sheet of a workbook, as CSV."""
    openpyxl = need("openpyxl", extra="data")
    _not_a_bomb(book)
    try:
        opened = openpyxl.load_workbook(book, read_only=True, data_only=True, keep_links=False)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as failure:
        raise BadReply(
            f"this is no workbook: {failure}", hint="save it as .xlsx", code="DATA_MALFORMED"
        ) from failure
    text = io.TextIOWrapper(target, "utf-8", newline="", write_through=True)
    try:
        csv.writer(text).writerows(
            opened.worksheets[0].iter_rows(values_only=True) if opened.worksheets else ()
        )
    finally:
        text.detach()
        opened.close()


def _not_a_bomb(book: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(book) as parts:
            sizes = [(part.file_size, part.compress_size) for part in parts.infolist()]
    except zipfile.BadZipFile as failure:
        raise BadReply("this is no workbook", hint="save it as .xlsx", code="DATA_MALFORMED") from failure
    if sum(size for size, _ in sizes) > UNPACKED or any(
        size > RATIO * max(packed, 1_000) for size, packed in sizes
    ):
        raise BadReply("the workbook unpacks to too much", hint="save it as CSV", code="FILE_TOO_LARGE")
    book.seek(0)


def as_book(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with one sheet."""
    book = need("openpyxl", extra="data").Workbook(write_only=True)
    sheet = book.create_sheet("data")
    sheet.append(list(columns))
    for row in rows:
        sheet.append([harmless(value) for value in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets a mark in front, so that it stays text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
