"""Which rows of a table are meant: `where region is north and price > 10`, `for the north region`, `in 2024`."""

import operator
import re
from collections.abc import Callable
from fractions import Fraction

from tinyllm.solvers import sheet
from tinyllm.solvers.phrases import Unsure
from tinyllm.solvers.sheet import Row, Sheet

Test = Callable[[Row], bool]

_INTRODUCTION = re.compile(
    r"^(?:where|with|whose|for which|when|if|that have|which have|having|have|has|for|in|of) (?:the |an? )?",
    re.IGNORECASE,
)
_ORDERS = {
    r"(?:>=|at least|greater than or equal to|no less than|not less than)": operator.ge,
    r"(?:<=|at most|less than or equal to|no more than|not more than)": operator.le,
    r"(?:>|greater than|more than|above|over|larger than|higher than|bigger than|exceeds|exceeding)": operator.gt,
    r"(?:<|less than|fewer than|below|under|smaller than|lower than)": operator.lt,
}
_BETWEEN = re.compile(r"(.+?) (?:is )?between ([^ ]+) and ([^ ]+)", re.IGNORECASE)
_NOT = re.compile(
    r"(.+?) ?(?:is not|isn't|!=|<>|is different from|not equal to|does not equal) ?(.+)", re.IGNORECASE
)
_IS = re.compile(r"(.+?) ?(?:is equal to|equal to|equals|==|=|is|was|of) ?(.+)", re.IGNORECASE)
_COMPARED = [
    (re.compile(rf"(.+?) ?(?:is |are |was )?{words} ?([^ ]+)", re.IGNORECASE), order)
    for words, order in _ORDERS.items()
]


def kept(table: Sheet, text: str) -> list[Row]:
    """The rows that meet every condition."""
    text = text.strip()
    if not text:
        return list(table.rows)
    tests = [_test(table, part) for part in _parts(_without_entity(table, _INTRODUCTION.sub("", text)))]
    return [row for row in table.rows if all(test(row) for test in tests)]


def _without_entity(table: Sheet, text: str) -> str:
    """`products in the south`: where every row is another product, that is `in the south`."""
    entity, _, rest = text.partition(" ")
    try:
        if _INTRODUCTION.match(rest) and table.tells_apart(table.column(entity)):
            return _INTRODUCTION.sub("", rest)
    except Unsure:
        pass
    return text


def _parts(text: str) -> list[str]:
    """Between `and`s, but for the one that belongs to `between`."""
    parts: list[str] = []
    for part in re.split(r",? and (?:where |with )?", text):
        if parts and re.search(r"between [^ ]+$", parts[-1]):
            parts[-1] += f" and {part}"
        else:
            parts.append(part.strip())
    return parts


def _test(table: Sheet, text: str) -> Test:
    if match := _BETWEEN.fullmatch(text):
        column, low, high = table.column(match[1]), _wanted(match[2]), _wanted(match[3])
        return lambda row: (value := sheet.number(row[column])) is not None and low <= value <= high
    for pattern, order in _COMPARED:
        if match := pattern.fullmatch(text):
            return _ordered(table.column(match[1]), order, _wanted(match[2]))
    if match := _NOT.fullmatch(text):
        column, cell = table.column(match[1]), match[2]
        return lambda row: not _same(row[column], cell)
    if match := _IS.fullmatch(text):
        column, cell = table.column(match[1]), match[2]
        return lambda row: _same(row[column], cell)
    return _named(table, text)


def _ordered(column: str, order: Callable[[Fraction, Fraction], bool], wanted: Fraction) -> Test:
    return lambda row: (value := sheet.number(row[column])) is not None and order(value, wanted)


def _wanted(text: str) -> Fraction:
    value = sheet.number(text)
    if value is None:
        raise Unsure("compared with nothing")
    return value


def _same(cell: str, wanted: str) -> bool:
    wanted = wanted.strip().strip("'\"")
    if cell.strip().casefold() == wanted.casefold():
        return True
    try:
        return sheet.number(cell) == sheet.number(wanted) is not None
    except Unsure:
        return False


def _named(table: Sheet, text: str) -> Test:
    """`region north`, `north region`, or `north` alone: a value that stands in one column only."""
    words = text.split()
    found: set[tuple[str, str]] = set()
    for column in table.columns:
        size = len(sheet.plain(column).split())
        options = {text}
        if sheet.plain(" ".join(words[:size])) == sheet.plain(column):
            options.add(" ".join(words[size:]))
        if sheet.plain(" ".join(words[-size:])) == sheet.plain(column):
            options.add(" ".join(words[:-size]))
        found |= {
            (column, cell) for cell in options if cell and any(_same(row[column], cell) for row in table.rows)
        }
    if len(found) != 1:
        raise Unsure(f"no single meaning of {text!r}")
    column, cell = found.pop()
    return lambda row: _same(row[column], cell)
