"""A small table from a file: CSV, TSV, JSON or JSON Lines, read whole or not at all."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tinyllm.errors import UsageError
from tinyllm.solvers.phrases import Unsure

BIGGEST = 20_000_000
"""Bytes."""

_NUMBER = re.compile(r"[-+]?[$€£]?(\d{1,3}(?:,\d{3})+|\d{1,40})(\.\d{1,40})?")
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns in order, and rows of text as it stands in the file."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, text: str) -> str:
        """The one column that is meant: its name, whatever the case, underscores or plural."""
        wanted = plain(
            re.sub(r"^(?:the|each|every) | (?:column|field|values?)$", "", text.strip().strip("'\"`"))
        )
        found = [name for name in self.columns if plain(name) == wanted]
        if not found:
            found = [name for name in self.columns if plain(name) in singular(wanted)]
        if len(found) != 1:
            raise Unsure(f"no single column {text!r}")
        return found[0]

    def tells_apart(self, column: str) -> bool:
        """Every row has another value there."""
        values = [row[column].strip().casefold() for row in self.rows]
        return all(values) and len(set(values)) == len(values)


def plain(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold()))


def singular(name: str) -> set[str]:
    forms = {name[:-1]} if name.endswith("s") else set()
    forms |= {name[:-2]} if name.endswith("es") else set()
    return forms | ({f"{name[:-3]}y"} if name.endswith("ies") else set())


def number(cell: str) -> Fraction | None:
    """The number in a cell, None for an empty one; anything else is not a column of numbers."""
    text = cell.strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise Unsure(f"{text!r} is not a number")
    return Fraction(re.sub(r"[$€£,]", "", text))


def read(path: Path) -> Sheet:
    """The table in a file. A missing file is the user's mistake, a malformed one is declined."""
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}", hint="check the path after `--attach`")
    if path.stat().st_size > BIGGEST:
        raise Unsure("too big")
    try:
        text = path.read_text("utf-8-sig")
        columns, rows = _parsed(text, path.suffix.lower())
    except (UnicodeDecodeError, ValueError, csv.Error, RecursionError) as error:
        raise Unsure(f"malformed: {error}") from error
    if len(set(columns)) < len(columns) or not all(column.strip() for column in columns):
        raise Unsure("columns without a name of their own")
    return Sheet(path.stem, tuple(columns), tuple(rows))


def _parsed(text: str, suffix: str) -> tuple[list[str], list[Row]]:
    if suffix == ".csv":
        return _separated(text, _delimiter(text))
    if suffix in (".tsv", ".tab"):
        return _separated(text, "\t")
    if suffix == ".json":
        return _objects(_json(text))
    if suffix in (".jsonl", ".ndjson"):
        return _objects([_json(line) for line in text.splitlines() if line.strip()])
    raise Unsure(f"{suffix} is no table")


def _delimiter(text: str) -> str:
    header = text.split("\n", 1)[0]
    return ";" if ";" in header and "," not in header else ","


def _separated(text: str, delimiter: str) -> tuple[list[str], list[Row]]:
    lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True) if line]
    if not lines:
        raise Unsure("empty")
    columns = [name.strip() for name in lines[0]]
    if any(len(line) != len(columns) for line in lines):
        raise Unsure("rows of different length")
    return columns, [dict(zip(columns, line, strict=True)) for line in lines[1:]]


def _json(text: str) -> object:
    """With decimals as they are written: 0.1 stays 0.1."""
    return json.loads(text, parse_float=str)


def _objects(data: object) -> tuple[list[str], list[Row]]:
    if not isinstance(data, list) or not data or not all(isinstance(item, dict) for item in data):
        raise Unsure("not a list of objects")
    columns = list(data[0])
    if any(list(item) != columns and set(item) != set(columns) for item in data):
        raise Unsure("objects with different keys")
    return columns, [{name: _cell(item[name]) for name in columns} for item in data]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    raise Unsure("a value that is no cell")
