"""What happened, as lines of JSON with the run's id, on stderr or in a file; off unless it is asked for."""

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tinyllm.plain import plain
from tinyllm.redaction import hidden, known_secrets
from tinyllm.running import Event, current

QUIET = ("token",)  # too many, and the answer says it all
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Log:
    """Where the lines go: `stderr`, or the path of a file that only its owner can read."""

    place: str

    def write(self, run: str, event: Event, place: Mapping[str, str] = MappingProxyType({})) -> None:
        if event.kind in QUIET:
            return
        secrets = known_secrets()
        # The fields have names that we gave: `key` is one of a row. What is within them, others named.
        told = {name: hidden(plain(value), secrets) for name, value in event.as_dict().items()}
        self._put(json.dumps({"run": run, **place, **_short(told)}, ensure_ascii=False) + "\n")

    def _put(self, line: str) -> None:
        if self.place == "stderr":
            sys.stderr.write(line)
            return
        path = Path(self.place).expanduser()
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as file:
            file.write(line)


class InRun(logging.Filter):
    """Puts the run that is worked for on the records of Python's own logging, and its trace where there is one."""

    def filter(self, record: logging.LogRecord) -> bool:
        running = current()
        trace = running.extra.get("trace")
        place = trace.place(running.node) if trace is not None else {}
        record.run, record.node = running.id, running.node
        record.trace, record.span = place.get("trace", ""), place.get("span", "")
        return True


def _short(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value[:LONGEST] + "…" if isinstance(value, str) and len(value) > LONGEST else value
        for key, value in values.items()
    }
