"""What the tools of the current call are kept in: a folder, the hosts that may be called, and the named services."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Bounds:
    """The workspace, what in it says what may run and is never written, the private hosts and the named services."""

    workspace: Path = field(default_factory=Path.cwd)
    kept: tuple[Path, ...] = ()
    hosts: tuple[str, ...] = ()
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # In place of this machine's resolver.
    resolve: Callable[[str, int], Awaitable[Sequence[str]]] | None = None

    @cached_property
    def root(self) -> Path:
        """The workspace without a link in its own path."""
        return self.workspace.resolve()


_bounds: ContextVar[Bounds | None] = ContextVar("tinyllm_bounds", default=None)


def bounds() -> Bounds:
    """The bounds of the current call; outside of a call, the working directory."""
    return _bounds.get() or Bounds()


@contextmanager
def within(these: Bounds) -> Iterator[Bounds]:
    token = _bounds.set(these)
    try:
        yield these
    finally:
        _bounds.reset(token)
