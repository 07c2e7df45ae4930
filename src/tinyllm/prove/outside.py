"""The world outside the database: a folder of files, and a log that only grows, in which every call leaves a mark."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyllm.effects import effect_key, write_file
from tinyllm.errors import Permanent
from tinyllm.toolkit import Tool


@dataclass(frozen=True)
class Outside:
    """Where the tools of a trial leave their marks."""

    folder: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def database(self) -> Path:
        return self.folder / "runs.db"

    def mark(self, kind: str, *words: str) -> None:
        """One line, by one system call: a kill leaves all of it or nothing."""
        handle = os.open(self.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, " ".join((kind, *words)).encode() + b"\n")
        finally:
            os.close(handle)

    def marks(self, kind: str = "") -> Iterator[tuple[str, ...]]:
        """The marks of a kind, oldest first, without their kind."""
        path = self.folder / "log"
        for line in path.read_text().splitlines() if path.exists() else ():
            first, *rest = line.split(" ")
            if kind in ("", first):
                yield tuple(rest if kind else (first, *rest))

    def calls(self) -> Counter[str]:
        """How often each effect was really called, by its key in the ledger."""
        return Counter(mark[1] for mark in self.marks("call"))

    def deliveries(self) -> Counter[str]:
        """How often each delivery left, by its key."""
        return Counter(mark[1] for mark in self.marks("deliver"))

    def happened(self, key: str) -> bool:
        """What a person finds out who looks."""
        return key in self.calls()

    def called(self, label: str) -> None:
        self.mark("call", label, effect_key())

    def files(self) -> dict[str, str]:
        """What the workspace holds."""
        return {path.name: path.read_text() for path in sorted(self.workspace.iterdir())}

    def tools(self) -> tuple[Tool, ...]:
        """One of each class of effect."""
        return (
            Tool("outside_look", self._look, effect="read", reach="workspace"),
            Tool("outside_put", self._put, effect="idempotent", reach="none"),
            Tool("outside_pay", self._pay, effect="keyed", reach="none"),
            Tool("outside_book", self._book, effect="checkable", reach="none", verify=self._booked),
            Tool("outside_send", self._send, effect="unsafe", reach="none"),
            Tool("outside_save", self._save, effect="idempotent", reach="workspace"),
            Tool("outside_notify", self._notify, effect="keyed", reach="none", delivers=True),
            Tool("outside_fail", self._fail, effect="pure", reach="none"),
        )

    async def _look(self, label: str) -> str:
        """Look at something."""
        self.called(label)
        return f"saw {label}"

    async def _put(self, label: str) -> str:
        """Put something where it may be put again."""
        self.called(label)
        return f"put {label}"

    async def _pay(self, label: str) -> str:
        """Pay, with a key: the other side knows a payment that comes again."""
        self.called(label)
        return f"paid {label}"

    async def _book(self, label: str) -> str:
        """Book, where one can look whether it is booked."""
        self.called(label)
        return f"booked {label}"

    async def _booked(self, key: str, label: str) -> str | None:
        return f"booked {label}" if self.happened(key) else None

    async def _send(self, label: str) -> str:
        """Send what cannot be taken back, to somebody who cannot be asked."""
        self.called(label)
        return f"sent {label}"

    async def _notify(self, label: str) -> str:
        """Tell somebody, when it is certain."""
        self.mark("deliver", label, effect_key())
        return f"told {label}"

    async def _save(self, name: str, text: str) -> str:
        """Write a file of the workspace; an empty text deletes it."""
        await write_file(self.workspace / name, text.encode() if text else None)
        return f"saved {name}"

    async def _fail(self, label: str) -> Any:
        """Fail."""
        raise Permanent(f"{label} was meant to fail", code="MEANT")
