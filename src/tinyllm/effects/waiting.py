"""Deliveries that a run asked for: rows of the outbox, written with the ledger, sent by whoever finds them committed."""

from collections.abc import Mapping
from typing import Any

from tinyllm.store import Database, checksum, packed

SAYS = "it will be sent when the run commits; a run that is rolled back sends nothing"
STAGE = (
    "INSERT INTO outbox (key, run, number, tool, arguments, crc, created)"
    " VALUES (:key, :run, :number, :tool, :arguments, :crc, :created) ON CONFLICT (key) DO UPDATE SET"
    " arguments = excluded.arguments, crc = excluded.crc WHERE outbox.state = 'waits'"
)


def staged(
    key: str, run: str, number: int, tool: str, arguments: Mapping[str, Any], now: float
) -> dict[str, Any]:
    """One row, as it will be written."""
    text = packed(arguments)
    return {
        "key": key, "run": run, "number": number, "tool": tool, "arguments": text, "crc": checksum(tool, text),
        "created": now,
    }  # fmt: skip


def stage(db: Database, row: Mapping[str, Any]) -> None:
    db.execute(STAGE, row)
