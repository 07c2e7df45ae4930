"""Why rows failed: those that failed alike together, the most frequent first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST = 5  # kinds that are told
LONGEST = 160  # characters of what one row failed of
INVALID = "ROW_INVALID"  # the row itself is wrong: asking it again changes nothing


@dataclass
class Reason:
    """One kind of failure, with the first row that it befell."""

    code: str
    first: int
    error: str
    hint: str
    rows: int = 0

    def __str__(self) -> str:
        which = f"row {self.first}" if self.rows == 1 else f"first row {self.first}"
        return f"{self.rows:,} x {self.code}: {which}: {'; '.join(filter(None, (self.error, self.hint)))}"

    def as_dict(self) -> dict[str, Any]:
        names = ("code", "rows", "first", "error", "hint")
        return {name: getattr(self, name) for name in names}


@dataclass
class Reasons:
    """As many as there are codes."""

    of: dict[str, Reason] = field(default_factory=dict)

    def add(self, came: Mapping[str, Any]) -> None:
        """A row that failed, as its line in the output has it."""
        code = str(came.get("code") or "FAILED")
        if code not in self.of:
            error = " ".join(str(came.get("error") or "").split())
            cut = error if len(error) <= LONGEST else f"{error[: LONGEST - 1]}…"
            self.of[code] = Reason(code, int(came.get("index", 0)), cut, str(came.get("hint") or ""))
        self.of[code].rows += 1

    @property
    def passing(self) -> bool:
        """Some of the rows may be answered when they are asked again."""
        return any(code != INVALID for code in self.of)

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
