"""Why rows failed: those that failed alike together, the most frequent first."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST = 5  # kinds that are told
KEPT = 100  # kinds that are told apart; beyond them, by their codes alone
LONGEST = 160  # characters of what one row failed of
OWN = re.compile(r"""'[^']*'|"[^"]*"|\d+""")  # what such a failure says of the row that it befell
INVALID = "ROW_INVALID"  # the row itself is wrong: asking it again changes nothing


@dataclass
class Reason:
    """One kind of failure, with the first row that it befell."""

    code: str
    first: int  # counted from 0
    error: str
    hint: str
    rows: int = 0
    line: int = 0  # where that row stands in the input, counted from 1

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else f"row {self.first + 1}"
        which = place if self.rows == 1 else f"first {place}"
        return f"{self.rows:,} x {self.code}: {which}: {'; '.join(filter(None, (self.error, self.hint)))}"

    def as_dict(self) -> dict[str, Any]:
        names = ("code", "rows", "first", "line", "error", "hint")
        return {name: getattr(self, name) for name in names}


@dataclass
class Reasons:
    """As many as there are kinds: what has one code and says the same, but for names and numbers."""

    of: dict[tuple[str, str], Reason] = field(default_factory=dict)

    def add(self, came: Mapping[str, Any]) -> None:
        """A row that failed, as its line in the output has it."""
        code, hint = str(came.get("code") or "FAILED"), str(came.get("hint") or "")
        error = " ".join(str(came.get("error") or "").split())
        cut = error if len(error) <= LONGEST else f"{error[: LONGEST - 1]}…"
        kind = (code, OWN.sub("", f"{cut}; {hint}"))
        if kind not in self.of and len(self.of) >= KEPT:
            kind = (code, "")
        if kind not in self.of:
            self.of[kind] = Reason(code, int(came.get("index", 0)), cut, hint)
        self.of[kind].rows += 1

    def placed(self, lines: Callable[[Iterable[int]], Mapping[int, int]]) -> None:
        """Say of the rows that are told in which line of the input they stand."""
        found = lines([reason.first for reason in self._first]) if self.of else {}
        for reason in self._first:
            reason.line = found.get(reason.first, 0)

    @property
    def passing(self) -> bool:
        """Some of the rows may be answered when they are asked again."""
        return any(code != INVALID for code, _ in self.of)

    def lines(self) -> Iterator[str]:
        for reason in self._first:
            yield str(reason)
        if len(self.of) > MOST:
            yield f"and {len(self.of) - MOST} more kinds of failures"

    def as_dict(self) -> dict[str, Any]:
        return {
            "reasons": [reason.as_dict() for reason in self._first],
            "more_reasons": max(len(self.of) - MOST, 0),
        }

    @property
    def _first(self) -> list[Reason]:
        return sorted(self.of.values(), key=lambda reason: (-reason.rows, reason.first))[:MOST]
