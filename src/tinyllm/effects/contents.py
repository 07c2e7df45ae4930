"""Files changed in one step, and what they held before, kept by its hash beside the database."""

import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyllm import failpoints
from tinyllm.toolkit import Inside

LEFT = "{path} was changed by somebody else since, and is left as it is"
DRAFT = re.compile(r"\.(.+)\.(\d+)\.[0-9a-f]{8}")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def replace_file(path: Path, content: bytes, mode: int | None = None) -> None:
    """All of the new content or all of the old, also after a power cut."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666 if mode is None else mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            draft.chmod(mode)
        failpoints.hit("file.before")
        draft.replace(path)
        failpoints.hit("file.after")
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def sweep_drafts(path: Path) -> None:
    """Delete what a process that was killed left of this file beside it: `.NAME.PID.HEX`."""
    for beside in path.parent.iterdir() if path.parent.is_dir() else ():
        left = DRAFT.fullmatch(beside.name)
        if left and left[1] == path.name[:100] and not _runs(int(left[2])):
            beside.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def remove_file(path: Path) -> None:
    path.unlink(missing_ok=True)
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """A rename is only kept once its folder is."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Contents:
    """Pieces of content by their hash. The same content is kept once."""

    folder: Path

    def keep(self, content: bytes) -> str:
        name = digest(content)
        path = self._path(name)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, content, 0o600)
        return name

    def read(self, name: str) -> bytes | None:
        """What was kept, when it is still whole."""
        try:
            content = self._path(name).read_bytes()
        except OSError:
            return None
        return content if digest(content) == name else None

    def sweep(self, wanted: set[str], before: float) -> int:
        """Delete what nobody can ask for any more and was kept before that moment; how many that were."""
        gone = 0
        for path in self.folder.glob("??/*"):
            if path.name not in wanted and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name


def _held(path: Path | Inside) -> tuple[bytes | None, int | None]:
    """What a file holds, and its rights."""
    found = path.status() if isinstance(path, Inside) else path.stat() if path.is_file() else None
    if found is None or not stat.S_ISREG(found.st_mode):
        return None, None
    held = path.read_bytes(found.st_size) if isinstance(path, Inside) else path.read_bytes()
    return held, stat.S_IMODE(found.st_mode)


@dataclass(frozen=True, slots=True)
class Undo:
    """What it takes to bring a file back: what it held, and what the run put there."""

    path: str
    before: str | None  # the hash of what was there; None when nothing was
    after: str | None
    mode: int | None = None
    made: list[str] = field(default_factory=list)  # folders that were not there

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, given: Path | Inside, content: bytes | None, contents: Contents) -> "Undo":
        """Look at the file, and keep what it holds, before it is changed."""
        if isinstance(given, Inside):
            given.check_writable()
        path = given.path if isinstance(given, Inside) else given.absolute()
        sweep_drafts(path)
        held, mode = _held(given)
        return cls(
            path=str(path),
            before=None if held is None else contents.keep(held),
            after=None if content is None else digest(content),
            mode=mode,
            made=[str(folder) for folder in (path.parent, *path.parent.parents) if not folder.exists()],
        )

    def restore(self, contents: Contents) -> str:
        """Put back what was there; what somebody else changed since is left alone, and said."""
        path = Path(self.path)
        sweep_drafts(path)
        now = digest(path.read_bytes()) if path.is_file() else None
        if now != self.before:
            if now != self.after:
                return LEFT.format(path=path)
            held = contents.read(self.before) if self.before else None
            if self.before and held is None:
                return f"{path} cannot be restored: what it held is gone from {contents.folder}"
            if held is None:
                remove_file(path)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, held, self.mode)
        for folder in map(Path, self.made):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        return ""
