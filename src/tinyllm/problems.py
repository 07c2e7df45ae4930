"""What is wrong with a file: every fault with its line and its fix, told at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from tinyllm.errors import GraphError

SHOWN = 50
CONSIDERED = 300


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
        first = self.problems[0]
        super().__init__(
            "\n".join(lines),
            hint=first.fix if len(self.problems) == 1 else "mend these places, then try again",
            code=first.code,
        )


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
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f'did you mean "{folded[near[0]]}"?' if near else ""
