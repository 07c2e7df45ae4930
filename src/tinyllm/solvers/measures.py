"""What can be worked out from a column of a table, of all rows or of groups of them."""

from collections.abc import Sequence
from fractions import Fraction

from tinyllm.solvers import sheet
from tinyllm.solvers.phrases import Unsure
from tinyllm.solvers.sheet import Row

MEASURES = {
    "sum": "sum|total|combined|overall",
    "mean": "mean|average|avg",
    "median": "median",
    "maximum": "max|maximum|highest|largest|greatest|biggest|most",
    "minimum": "min|minimum|lowest|smallest|least|fewest",
    "range": "range",
}


def measure(word: str) -> str:
    return next(name for name, words in MEASURES.items() if word.lower() in words.split("|"))


def numbers(rows: Sequence[Row], column: str) -> tuple[list[Fraction], str]:
    """The numbers of a column, and what was left out."""
    cells = [sheet.number(row[column]) for row in rows]
    values = [cell for cell in cells if cell is not None]
    if not values:
        raise Unsure(f"no numbers in {column!r}")
    empty = len(cells) - len(values)
    return values, f"{empty} empty cell{'' if empty == 1 else 's'} left out" if empty else ""


def worked_out(name: str, values: list[Fraction]) -> Fraction:
    ordered, half = sorted(values), len(values) // 2
    total = sum(values, Fraction(0))
    return {
        "sum": total,
        "mean": total / len(values),
        "median": ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2,
        "maximum": ordered[-1],
        "minimum": ordered[0],
        "range": ordered[-1] - ordered[0],
    }[name]


def grouped(rows: Sequence[Row], column: str, group: str, name: str) -> tuple[dict[str, Fraction], str]:
    """A measure of a column for every value of another, in the order of the file, and which had no numbers."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(row[group], []).append(row)
    if len(parts) > 1000 or column == group:
        raise Unsure("not groups")
    known = {label: part for label, part in parts.items() if any(row[column].strip() for row in part)}
    without = ", ".join(parts.keys() - known.keys())
    results = {label: worked_out(name, numbers(part, column)[0]) for label, part in known.items()}
    return results, f"no values: {without}" if without else ""
