"""What a batch is told to do, and how far it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PARALLEL = 4  # rows at the same time
AHEAD = 16  # finished rows that wait for an earlier one, for each row at work: what a batch holds in memory


@dataclass(frozen=True)
class Order:
    """How the rows are asked."""

    inputs: Mapping[str, Any] = field(default_factory=dict)  # what all rows have in common
    model: str = ""
    approve: Sequence[str] = ()
    timeout: float | None = None
    parallel: int = PARALLEL
    limit: int = 0  # only so many rows, from the first
    retry: bool = False  # rows that failed are asked again
    restart: bool = False  # what was there before is forgotten


@dataclass
class Progress:
    """How far it is."""

    rows: int  # that there are to ask, in all
    known: int = 0  # that were there before
    done: int = 0
    failed: int = 0
    waits: dict[str, float] = field(default_factory=dict)  # for which models, and until when


Tell = Callable[[Progress], None]
