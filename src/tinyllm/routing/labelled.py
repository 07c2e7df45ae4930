"""Labelled questions: one JSON object a line, with a question, its labels and, if known, where it is from."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyllm.errors import UsageError

EXAMPLE = '{"query": "What is 2 + 2?", "labels": ["math"], "source": "mine"}'
NAMES = ("query", "question", "text")


@dataclass(frozen=True, slots=True)
class Row:
    question: str
    labels: tuple[str, ...]
    source: str
    licence: str


def read(path: str | Path) -> list[Row]:
    """Every row of a file, or the first line that is wrong and how to mend it."""
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="name a JSONL file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    return [row(line, f"{path}:{n}") for n, line in enumerate(lines, 1) if line.strip()]


def row(line: str, where: str) -> Row:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise wrong(f"not JSON ({error})", where) from error
    if not isinstance(item, dict):
        raise wrong("not an object", where)
    question = next((item[name] for name in NAMES if name in item), None)
    if not isinstance(question, str) or not question.strip():
        raise wrong("no question: `query` must be a text that is not empty", where)
    return Row(question, labels(item, where), str(item.get("source", "")), str(item.get("license", "")))


def labels(item: dict[str, Any], where: str) -> tuple[str, ...]:
    given = item.get("labels", item.get("label"))
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list) or not given:
        raise wrong("no labels: `labels` must be a list with at least one name", where)
    if not all(isinstance(label, str) and label.strip() for label in given):
        raise wrong("a label must be a name", where)
    return tuple(sorted({label.strip() for label in given}))


def wrong(problem: str, where: str) -> UsageError:
    return UsageError(problem, where=where, hint=f"write the line like {EXAMPLE}")


def teachable(rows: list[Row]) -> list[Row]:
    """The rows, if there is something to tell apart."""
    counts = Counter(row.labels for row in rows)
    if len(counts) < 2:
        raise UsageError(
            f"{len(rows)} rows with {len(counts)} different labels: nothing to tell apart",
            hint="give rows of at least two labels",
        )
    return rows
