"""A lock that stands for a path, whatever becomes of the file there; it dies with its process."""

import contextlib
import importlib
import os
from pathlib import Path
from typing import Any

# Windows has none: there two batches on one output are not told apart.
fcntl: Any = None
with contextlib.suppress(ImportError):
    fcntl = importlib.import_module("fcntl")


def taken(handle: int) -> bool:
    """True when nobody else has this file."""
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def there(path: Path, handle: int) -> bool:
    """The file of that name is the open one."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


class Held:
    """A hidden file beside that path, which is there as long as somebody has it."""

    def __init__(self, path: Path) -> None:
        whole = path.resolve()
        self.path = whole.with_name(f".{whole.name[:200]}.lock")
        self.handle = -1

    def take(self) -> bool:
        """False when another one has it; where no file can be made, nobody is kept out."""
        while fcntl is not None:
            try:
                self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            except OSError:
                return True
            if not taken(self.handle):
                self._close()
                return False
            if there(self.path, self.handle):
                return True
            self._close()  # whoever had it took the file away meanwhile
        return True

    def leave(self) -> None:
        if self.handle >= 0:
            if there(self.path, self.handle):
                with contextlib.suppress(OSError):
                    self.path.unlink()
            self._close()

    def _close(self) -> None:
        os.close(self.handle)
        self.handle = -1
