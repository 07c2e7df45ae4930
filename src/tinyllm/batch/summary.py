"""What a batch came to, as numbers and as an exit code."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyllm.batch.reasons import Reasons
from tinyllm.errors import TinyError

SCHEMA = "tinyllm.batch.summary/1"


@dataclass
class Summary:
    """All rows of the output, those of earlier times included; tokens, models and seconds are of this call."""

    batch: str
    output: str
    rows: int = 0
    known: int = 0  # of them, those that were in the output before
    restored: int = 0  # of them, those that were written to it from the database
    asked: int = 0  # of them, those that were asked now
    total: int = 0  # rows that there are to ask
    statuses: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)  # rows in which each was asked
    reasons: Reasons = field(default_factory=Reasons)
    seconds: float = 0.0
    stopped: TinyError | None = None  # nothing answered any more: the rows after it are open

    def add(self, came: Mapping[str, Any]) -> None:
        self.rows += 1
        self.statuses[str(came["status"])] += 1
        if came["status"] == "failed":
            self.reasons.add(came)

    def spend(self, came: Mapping[str, Any]) -> None:
        """What was asked in this call, and what it cost."""
        self.asked += 1
        self.tokens.update(came.get("tokens") or {})
        self.models.update(came.get("models") or ())

    @property
    def open(self) -> int:
        """Rows that are still to be asked."""
        return max(self.total - self.rows, 0)

    @property
    def exit_code(self) -> int:
        """The worst of the rows."""
        if self.stopped is not None:
            return self.stopped.exit_code
        found = (("failed", 1), ("refused", 5), ("waiting", 6))
        return next((code for status, code in found if self.statuses[status]), 0)

    def as_dict(self) -> dict[str, Any]:
        counted = {name: self.statuses[name] for name in ("committed", "refused", "failed", "waiting")}
        stopped = {"stopped": self.stopped.as_dict()} if self.stopped else {}
        return {
            "schema": SCHEMA,
            "batch": self.batch,
            "output": self.output,
            "rows": self.rows,
            "known": self.known,
            "restored": self.restored,
            "asked": self.asked,
            "open": self.open,
            **counted,
            **self.reasons.as_dict(),
            "tokens": {"in": self.tokens["in"], "out": self.tokens["out"]},
            "seconds": round(self.seconds, 3),
            "models": dict(self.models.most_common()),
            "exit_code": self.exit_code,
            **stopped,
        }
