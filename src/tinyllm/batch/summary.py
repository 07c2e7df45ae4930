"""What a batch came to, as numbers and as an exit code."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyllm.errors import TinyError

SCHEMA = "tinyllm.batch.summary/1"


@dataclass
class Summary:
    """All rows of the output, those of earlier times included."""

    batch: str
    output: str
    rows: int = 0
    known: int = 0  # of them, those that were there before
    statuses: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    stopped: TinyError | None = None  # nothing answered any more: the rows after it are open

    def add(self, came: Mapping[str, Any]) -> None:
        self.rows += 1
        self.statuses[str(came["status"])] += 1
        self.tokens.update(came.get("tokens") or {})
        self.models.update(came.get("models") or ())

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
            **counted,
            "tokens": {"in": self.tokens["in"], "out": self.tokens["out"]},
            "seconds": round(self.seconds, 3),
            "models": dict(self.models.most_common()),
            "exit_code": self.exit_code,
            **stopped,
        }
