"""What is wrong with a file: every fault with its line and its fix, told at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tinyllm.errors import GraphError

SHOWN = 50
CONSIDERED = 300
NEAR = 0.65  # `run` for `rnu`, but not `checks` for `matches`

# What pydantic calls a thing → what a person who writes YAML calls it.
WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a map",
    "model_type": "a map",
    "mapping_type": "a map",
    "sequence_str": "a list",
    "tuple_type": "a list",
    "list_type": "a list",
    "finite_number": "a finite number",
}
LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. `line` counts from 1; 0 means that the fault is not on a line."""

    where: str
    line: int
    message: str
    fix: str = ""
    code: str = GraphError.default_code

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}" if self.line else self.where
        return f"{place}: {self.message}" + (f" ({self.fix})" if self.fix else "")


class Faulty(GraphError):
    """A file with problems, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda each: (each.where, each.line, each.message)))
        more = len(self.problems) - SHOWN
        lines = [str(each) for each in self.problems[:SHOWN]] + ([f"… and {more} more"] if more > 0 else [])
        places = "this place" if len(self.problems) == 1 else "these places"  # the fix of each is in its line
        super().__init__("\n".join(lines), hint=f"mend {places}, then try again", code=self.problems[0].code)


def raise_all(problems: Iterable[Problem]) -> None:
    """Raise them as one error; no problems, no error."""
    if found := list(problems):
        raise Faulty(found)


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """`did you mean "x"?`, or nothing when no option is near."""
    import difflib

    # A file may be wrong in thousands of places: only options of a similar length are compared, and not all of them.
    alike = (option for option in options if abs(len(option) - len(word)) <= 2 + len(word) // 4 < SHOWN)
    folded = {option.casefold(): option for option in islice(alike, CONSIDERED)}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=NEAR)
    return f'did you mean "{folded[near[0]]}"?' if near else ""


def said(error: Mapping[str, Any]) -> str:
    """What pydantic says of a value, as a person who writes YAML says it."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in WANTED:
        return f"should be {WANTED[kind]}"
    if kind in LIMITS:
        limit, key = LIMITS[kind]
        return f"should be {limit} {context[key]}"
    words: str = "is empty" if kind == "too_short" else error["msg"]
    words = words.removeprefix("Value error, ").removeprefix("Input ")
    return words[:1].lower() + words[1:]
