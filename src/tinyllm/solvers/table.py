"""Simple questions over one attached table: count, sum, average, extremes, lists, of all rows or of some.

Every name must be a column of the table and every condition one that `conditions` reads. Empty cells are left out,
and said so. A question that can be read in two ways with different answers is declined.
"""

import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from operator import itemgetter

from tinyllm.solvers import sheet
from tinyllm.solvers.conditions import kept
from tinyllm.solvers.measures import MEASURES, grouped, measure, numbers, worked_out
from tinyllm.solvers.numbers import exact, integer, shown
from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.sheet import Sheet
from tinyllm.solvers.solution import Question, Solution

Query = Callable[[Sheet], Solution]

_ROWS = "rows?|records?|entries|entry|lines?|items?|observations|data points"
_CALL = re.compile(r"(?<=[a-z])\(([^()]*)\)")
_PEOPLE = ("name", "person", "employee", "student", "customer", "player", "full name")
BOOK: Phrasebook[Query] = Phrasebook(
    {
        "rows": _ROWS,
        "measure": "|".join(MEASURES.values()),
        "extreme": f"{MEASURES['maximum']}|{MEASURES['minimum']}",
        "end": "top|bottom",
        "column": r"[^?]+?",
        "group": r"[^?]+?",
        "cell": r"[^?]+?",
        "rest": r"(?:where|with|whose|for which|when|if|that have|which have|having|have|has|for|in|of) [^?]+?",
        "names": "columns|column names|headers|header|fields|field names",
    },
    {
        "file": "[(in|of|does|from)] [this|the|my] [attached] "
        "(file|csv|csv file|tsv|json|json file|jsonl|table|data|dataset|data set|spreadsheet|sheet|tsv file|jsonl file)",
        "in": "[[are] there] [<file>] [have|has|contain]",
        "by": "(by|per|for each|for every|grouped by|in each|of each)",
        "distinct": "(distinct|unique|different)",
    },
)


def _asks(*texts: str) -> Callable[[Callable[[Found, Sheet], Solution]], Callable[[Found, Sheet], Solution]]:
    """Register the ways of asking for what the function works out of a sheet."""

    def register(answer: Callable[[Found, Sheet], Solution]) -> Callable[[Found, Sheet], Solution]:
        BOOK.says(*texts)(lambda found: lambda table: answer(found, table))
        return answer

    return register


def _solution(answer: str, value: object, *steps: str) -> Solution:
    return Solution(answer, value, tuple(step for step in steps if step), "table")


def _count(amount: int, *steps: str) -> Solution:
    return _solution(str(amount), str(amount), *steps)


@_asks(
    "how many {rows} (are|does|do) <in> [in total|in all|altogether] [{rest}]",
    "how many {rows} [are there] [<file>] {rest}",
    "[(count|number of|total number of)] [the] {rows} [<file>] [{rest}]",
    "count [the] [number of] {rows} [<file>] [{rest}]",
)
def _rows(found: Found, table: Sheet) -> Solution:
    return _count(len(kept(table, found.get("rest", ""))), f"of {len(table.rows)} rows")


@_asks("how many (columns|fields) (are|does|do) <in>", "number of columns [<file>]")
def _columns(_: Found, table: Sheet) -> Solution:
    return _count(len(table.columns), ", ".join(table.columns))


@_asks("[(what are|list|which are|which)] [all] [the] {names} [are] <in>", "what {names} (are|does) <in>")
def _names(_: Found, table: Sheet) -> Solution:
    return _solution(", ".join(table.columns), list(table.columns))


@_asks(
    "{measure} [value|number|amount] [of] [the] {column} [<file>] [{rest}]",
    "how much is [the] {measure} {column} [<file>] [{rest}]",
)
def _aggregate(found: Found, table: Sheet) -> Solution:
    column, name = table.column(found["column"]), measure(found["measure"])
    values, left_out = numbers(kept(table, found.get("rest", "")), column)
    result = worked_out(name, values)
    return _solution(shown(result), exact(result), f"{name} of {len(values)} values of {column}", left_out)


@_asks("{measure} [of] [the] {column} <by> {group} [{rest}]")
def _grouped(found: Found, table: Sheet) -> Solution:
    results, without = _groups(found, table)
    lines = [f"{name}: {shown(result)}" for name, result in results.items()]
    return _solution(
        "\n".join(lines),
        {name: exact(result) for name, result in results.items()},
        f"{len(lines)} groups",
        without,
    )


def _groups(found: Found, table: Sheet) -> tuple[dict[str, Fraction], str]:
    column, group = table.column(found["column"]), table.column(found["group"])
    return grouped(kept(table, found.get("rest", "")), column, group, measure(found["measure"]))


@_asks("(how many|number of|count of) [the] {rows} [are there] [<file>] <by> {group} [{rest}]")
def _counted(found: Found, table: Sheet) -> Solution:
    counts = Counter(row[table.column(found["group"])] for row in kept(table, found.get("rest", "")))
    lines = [f"{name}: {count}" for name, count in counts.items()]
    return _solution("\n".join(lines), {name: str(count) for name, count in counts.items()})


@_asks(
    "how many <distinct> [values of|values in|values for] [the] {column} [values] [(are|does) <in>] [{rest}]",
    "(number|count) of <distinct> [values of|values in|values for] [the] {column} [values] [<file>] [{rest}]",
    "how many <distinct> values (are in|are there in|does) [the] {column} [have|column have]",
)
def _distinct(found: Found, table: Sheet) -> Solution:
    column = table.column(found["column"])
    values = {row[column].strip() for row in kept(table, found.get("rest", ""))} - {""}
    return _count(len(values), ", ".join(sorted(values)) if len(values) <= 20 else "")


@_asks(
    "[(what are|list|show)] [all] [the] <distinct> [values of|values in|values for] [the] {column} [values] [<file>]"
)
def _listed(found: Found, table: Sheet) -> Solution:
    column = table.column(found["column"])
    values = list(dict.fromkeys(row[column].strip() for row in table.rows if row[column].strip()))
    if len(values) > 200:
        raise Unsure("too many to list")
    return _solution(", ".join(values), values)


@_asks(
    "(which|what|whose) {group} (has|had|have|is|got|with) [the] {extreme} {column} [<file>] [{rest}]",
    "[name of] [the] {group} (with|having|that has|which has|that had) [the] {extreme} {column} [<file>] [{rest}]",
)
def _at_the_end(found: Found, table: Sheet) -> Solution:
    column, group = table.column(found["column"]), table.column(found["group"])
    rows = [row for row in kept(table, found.get("rest", "")) if row[column].strip()]
    if len({row[group] for row in rows}) < len(rows) or column == group:
        raise Unsure(f"{group!r} does not tell the rows apart")
    values, _ = numbers(rows, column)
    return _winners(
        {row[group]: value for row, value in zip(rows, values, strict=True)}, found["extreme"], column
    )


@_asks("who (has|had|got|with) [the] {extreme} {column} [<file>] [{rest}]")
def _who(found: Found, table: Sheet) -> Solution:
    people = [name for name in table.columns if sheet.plain(name) in _PEOPLE]
    if len(people) != 1:
        raise Unsure("who?")
    return _at_the_end({**found, "group": people[0]}, table)


@_asks(
    "(which|what) {group} (has|had|have|with) [the] {extreme} {measure} {column} [<file>] [{rest}]",
    "[name of] [the] {group} (with|having|that has) [the] {extreme} {measure} {column} [<file>] [{rest}]",
)
def _group_at_the_end(found: Found, table: Sheet) -> Solution:
    return _winners(_groups(found, table)[0], found["extreme"], f"{found['measure']} {found['column']}")


@_asks(
    "(which|what) {group} (has|had|have|with) [the] {extreme} {rows} [<file>] [{rest}]",
    "(which|what) {group} (appears|occurs) [the] {extreme} [often] [<file>]",
    "most (common|frequent) {group} [<file>]",
)
def _most_frequent(found: Found, table: Sheet) -> Solution:
    counts = Counter(row[table.column(found["group"])] for row in kept(table, found.get("rest", "")))
    return _winners(
        {name: Fraction(count) for name, count in counts.items()}, found.get("extreme", "most"), "rows"
    )


def _winners(values: dict[str, Fraction], extreme: str, what: str) -> Solution:
    if not values:
        raise Unsure("nothing to compare")
    best = (max if measure(extreme) == "maximum" else min)(values.values())
    names = [name for name, value in values.items() if value == best]
    return _solution(", ".join(names), names[0] if len(names) == 1 else names, f"{what}: {shown(best)}")


@_asks(
    "[(what are|which are|list|show)] [the] {end} {n} {group} by {column} [<file>] [{rest}]",
    "{end} {n} {group} by {column} [{rest}]",
)
def _ranked(found: Found, table: Sheet) -> Solution:
    column, group = table.column(found["column"]), table.column(found["group"])
    rows = [row for row in kept(table, found.get("rest", "")) if row[column].strip()]
    values, _ = numbers(rows, column)
    count = integer(found["n"], least=1, most=100)
    ranked = sorted(
        zip(values, (row[group] for row in rows), strict=True),
        key=itemgetter(0),
        reverse=found["end"].lower() == "top",
    )
    if count > len(ranked) or (count < len(ranked) and ranked[count - 1][0] == ranked[count][0]):
        raise Unsure("too few rows, or a tie at the end")
    names = [name for _, name in ranked[:count]]
    return _solution(", ".join(names), names, *(f"{name}: {shown(value)}" for value, name in ranked[:count]))


@_asks("how many {column} (are|does|do) <in>", "how many {column} [are there] {rest}")
def _each(found: Found, table: Sheet) -> Solution:
    """Where every row names another one, rows and names are the same number."""
    column = table.column(found["column"])
    if not table.tells_apart(column):
        raise Unsure("rows, or different names?")
    return _count(len(kept(table, found.get("rest", ""))), f"every row has another {column}")


@_asks(
    "how many (missing|empty|blank|null) (values|cells) [are there|are] (in|for) [the] {column} [column]",
    "how many {column} values are (missing|empty|blank)",
    "how many {rows} (have|has) (no|a missing|an empty|no value for) {column}",
)
def _missing(found: Found, table: Sheet) -> Solution:
    column = table.column(found["column"])
    return _count(sum(not row[column].strip() for row in table.rows), f"empty cells of {column}")


@_asks(
    "(percentage|percent|proportion|share) of [the] {rows} [<file>] [that are|are] {rest}",
    "what (percent|percentage) of [the] {rows} [are] {rest}",
)
def _share(found: Found, table: Sheet) -> Solution:
    if not table.rows:
        raise Unsure("no rows")
    part = len(kept(table, found["rest"]))
    share = Fraction(100 * part, len(table.rows))
    return _solution(f"{shown(share)}%", exact(share), f"{part} of {len(table.rows)} rows")


@_asks("{column} (of|for) [the] {cell}", "what {column} (does|did) {cell} have")
def _looked_up(found: Found, table: Sheet) -> Solution:
    column = table.column(found["column"])
    wanted = found["cell"].strip("'\"").casefold()
    rows = [row for row in table.rows if any(cell.strip().casefold() == wanted for cell in row.values())]
    if len(rows) != 1 or not rows[0][column].strip():
        raise Unsure("no single row")
    return _solution(
        rows[0][column], rows[0][column], ", ".join(f"{name}: {cell}" for name, cell in rows[0].items())
    )


def solve(question: Question) -> Solution | None:
    if len(question.files) != 1:
        return None
    readings = list(BOOK.readings(_CALL.sub(r" \1", question.text)))
    if not readings:
        return None
    answers: dict[str, Solution] = {}
    try:
        table = sheet.read(question.files[0])
    except Unsure:
        return None
    for reading in readings:
        try:
            found = reading(table)
            answers[found.answer] = found
        except Unsure:
            continue
    return next(iter(answers.values())) if len(answers) == 1 else None
