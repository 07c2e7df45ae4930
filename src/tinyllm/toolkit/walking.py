"""Open files link by link from the workspace down: a name that became a link since it was checked is refused.

Every step opens one name relative to the folder that is already open, and follows no link. Whoever swaps a folder for
a link between the check and the use gets an error, never a file outside.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tinyllm import failpoints
from tinyllm.errors import Invalid, Permanent, TinyError

NEVER_FOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | NEVER_FOLLOWED
# Without waiting: a pipe that took the file's place must not hold us.
FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | NEVER_FOLLOWED


def outside(text: str) -> TinyError:
    return Permanent(
        f"{text!r} is outside of the workspace",
        hint="use a path inside it, like data/sales.csv",
        code="PATH_OUTSIDE",
    )


def refused(text: str, why: str) -> TinyError:
    return Permanent(f"{text!r} {why}", hint="use another path", code="PATH_OUTSIDE")


@contextmanager
def folder_of(root: Path, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
    """The open folder that holds the last of these names."""
    if not parts:
        raise Invalid(
            "this is the workspace itself, not a file", hint="name a file in it", code="IS_A_DIRECTORY"
        )
    with opened_folder(root, parts[:-1], make=make) as folder:
        yield folder


@contextmanager
def opened_folder(root: Path, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
    """The open folder at the end of these names."""
    if os.open not in os.supports_dir_fd:
        raise Permanent("files cannot be kept inside a folder on this system", code="NOT_SUPPORTED_HERE")
    handle = os.open(root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        for number, name in enumerate(parts):
            if make:
                _made(name, handle)
            inner = _stepped(name, handle, "/".join(parts[: number + 1]))
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def _made(name: str, folder: int) -> None:
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        return


def _stepped(name: str, folder: int, shown: str) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=folder)
    except OSError as failure:
        if failure.errno in (errno.ELOOP, errno.ENOTDIR) and _is_link(name, folder):
            raise outside(shown) from failure
        if failure.errno == errno.ENOENT:
            raise Invalid(
                f"there is no folder {shown!r}", hint="list the files first", code="FILE_NOT_FOUND"
            ) from failure
        if failure.errno == errno.ENOTDIR:
            raise Invalid(
                f"{shown!r} is not a folder", hint="list the files first", code="NOT_A_DIRECTORY"
            ) from failure
        raise


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return True  # it changes under our hands


def regular(name: str, folder: int, shown: str) -> int:
    """Open a file for reading. Looked at before, since opening a device can do something; and after, since it is sure."""
    try:
        _only_files(os.stat(name, dir_fd=folder, follow_symlinks=False), shown)
        handle = os.open(name, FILE, dir_fd=folder)
    except FileNotFoundError as failure:
        raise Invalid(
            f"there is no file {shown!r}", hint="list the files first", code="FILE_NOT_FOUND"
        ) from failure
    except OSError as failure:
        if failure.errno == errno.ELOOP:
            raise outside(shown) from failure
        raise
    try:
        _only_files(os.fstat(handle), shown)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _only_files(found: os.stat_result, shown: str) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    if stat.S_ISDIR(found.st_mode):
        raise Invalid(f"{shown!r} is a folder", hint="list it, or name a file in it", code="IS_A_DIRECTORY")
    if stat.S_ISLNK(found.st_mode):
        raise outside(shown)
    raise refused(shown, "is a device, a pipe or a socket, not a file")


def put(content: bytes, name: str, folder: int, shown: str) -> None:
    """All of the new content or all of the old, also after a power cut. What another name links to is not touched."""
    mode = _mode(name, folder, shown)
    draft = f".{name[:100]}.{os.getpid()}.{os.urandom(4).hex()}"
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | NEVER_FOLLOWED, 0o666, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        failpoints.hit("file.before")
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
        failpoints.hit("file.after")
    except BaseException:
        _gone(draft, folder)
        raise
    os.fsync(folder)


def removed(name: str, folder: int, shown: str) -> None:
    """Delete a file; that it is gone already is as good."""
    _mode(name, folder, shown)
    _gone(name, folder)
    os.fsync(folder)


def _gone(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return


def _mode(name: str, folder: int, shown: str) -> int | None:
    """The rights of the file that stands there; None when none does."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    _only_files(found, shown)
    return stat.S_IMODE(found.st_mode)
