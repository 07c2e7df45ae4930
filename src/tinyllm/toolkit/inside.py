"""A path inside the workspace: checked when it is read, and walked link by link when it is opened."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from tinyllm.errors import Invalid
from tinyllm.settings import MCP_FILE, PROJECT_FILE
from tinyllm.toolkit.bounds import bounds
from tinyllm.toolkit.walking import (
    folder_of,
    opened_folder,
    outside,
    put,
    refused,
    regular,
    removed,
)

LARGEST = 16_000_000  # bytes that are read at once unless a tool asks for fewer
LONGEST = 1_024  # characters of a path
MOST = 20_000  # entries of a walk
SYSTEM = ("/proc", "/sys", "/dev", "/run")
HISTORY = (".git", ".hg", ".svn")  # what is written there runs later
DECIDES = (PROJECT_FILE, MCP_FILE, "pyproject.toml")  # wherever it stands: a project may begin there
GROWTH = (".growth.yaml", ".growth.yml")
SAYS = "A path inside the workspace, such as data/sales.csv."


@dataclass(frozen=True, slots=True)
class Inside:
    """A path inside the workspace. Where it leads was checked; its methods make sure that it still does.

    `str(path)` is relative to the workspace, for people and models. Links inside the workspace are followed once,
    when the path is read; a link that appears later is refused.
    """

    root: Path
    relative: str

    @classmethod
    def of(cls, given: "str | Inside", root: Path | None = None) -> "Inside":
        """Resolve it, and refuse what leads out."""
        root = root or bounds().root
        text = given.relative if isinstance(given, Inside) else _checked(given)
        try:
            found = os.path.realpath(f"{root}/{text}" if text[0] != "/" else text)
        except (OSError, ValueError) as failure:
            raise Invalid(
                f"{text!r} is not a path", hint="write it like data/sales.csv", code="PATH_INVALID"
            ) from failure
        if not _under(found, str(root)):
            raise outside(text)
        if any(_under(found, folder) for folder in SYSTEM):
            raise refused(text, "belongs to the system")
        return cls(root, found[len(str(root)) :].strip("/") or ".")

    # What it is.

    def __str__(self) -> str:
        return self.relative

    @property
    def path(self) -> Path:
        """Where it lies. To open it, use the methods: between a check and a use, a path can be swapped."""
        return self.root / self.relative

    @property
    def parts(self) -> tuple[str, ...]:
        return PurePosixPath(self.relative).parts

    @property
    def name(self) -> str:
        return PurePosixPath(self.relative).name

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.relative).suffix.lower()

    def __truediv__(self, name: str) -> "Inside":
        return Inside.of(f"{self.relative}/{name}", self.root)

    def status(self) -> os.stat_result | None:
        """What stands there, links not followed; None when nothing does."""
        if self.relative == ".":
            return self.root.stat()
        try:
            with folder_of(self.root, self.parts) as folder:
                return os.stat(self.name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except Invalid as failure:
            if failure.code in ("FILE_NOT_FOUND", "NOT_A_DIRECTORY"):
                return None
            raise

    @property
    def is_file(self) -> bool:
        found = self.status()
        return found is not None and stat.S_ISREG(found.st_mode)

    @property
    def is_folder(self) -> bool:
        found = self.status()
        return found is not None and stat.S_ISDIR(found.st_mode)

    # Reading.

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The file, for reading: a regular file and nothing else."""
        with folder_of(self.root, self.parts) as folder:
            handle = regular(self.name, folder, self.relative)
        with os.fdopen(handle, "rb") as file:
            yield file

    @contextmanager
    def held(self) -> Iterator[str]:
        """A name for libraries that open files themselves: it means this very file, whatever is swapped."""
        with self.open() as file:
            number = file.fileno()
            links = Path(f"/proc/self/fd/{number}")
            yield str(links) if links.exists() else f"/dev/fd/{number}"

    def read_bytes(self, most: int = LARGEST) -> bytes:
        with self.open() as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read(min(size, most) + 1)
            if size < len(content) <= most:  # it grows under our hands
                content += file.read(most + 1 - len(content))
        if len(content) > most:
            raise Invalid(
                f"{self} is too large: {max(size, len(content)):,} bytes, and {most:,} may be read",
                hint="read a part of it, or use a tool that summarises it",
                code="FILE_TOO_LARGE",
            )
        return content

    def read_text(self, most: int = LARGEST) -> str:
        try:
            return self.read_bytes(most).decode("utf-8-sig")
        except UnicodeDecodeError as failure:
            raise Invalid(
                f"{self} is not UTF-8 text (byte {failure.start})",
                hint="use a tool that reads this kind of file",
                code="FILE_ENCODING",
            ) from failure

    def children(self) -> "list[Inside]":
        """What a folder holds, by name; links are left out."""
        with opened_folder(self.root, self.parts) as folder, os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.is_symlink())
        start = "" if self.relative == "." else f"{self.relative}/"
        return [Inside(self.root, f"{start}{name}") for name in names]

    def walk(self, most: int = MOST) -> "Iterator[Inside]":
        """Every file and folder below, in order, links not followed."""
        waiting = list(reversed(self.children()))
        while waiting and most > 0:
            found = waiting.pop()
            most -= 1
            yield found
            if found.is_folder:
                waiting.extend(reversed(found.children()))

    # Writing. In a run, `effects.write_file` does it, so that a rollback brings back what was there.

    def check_writable(self) -> None:
        """Refuse what says what may run, and what runs later by itself."""
        kept = any(self.path.is_relative_to(place) for place in bounds().kept)
        name = self.name.casefold()
        kept = kept or name in DECIDES or name.endswith(GROWTH)
        if kept or any(part.casefold() in HISTORY for part in self.parts):
            raise refused(self.relative, "is not for tools to write: it decides what may run")
        if self.relative == ".":
            raise refused(self.relative, "is the workspace itself")

    def replace(self, content: bytes | None) -> None:
        """Put this content there, all or nothing, with the folders that lead to it; without content, delete."""
        self.check_writable()
        if content is None:
            with folder_of(self.root, self.parts) as folder:
                removed(self.name, folder, self.relative)
            return
        with folder_of(self.root, self.parts, make=True) as folder:
            put(content, self.name, folder, self.relative)

    # As an argument of a tool.

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _argument, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "description": SAYS}


WORKSPACE = Inside(Path(), ".")  # a default for arguments: the folder itself


def _under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _argument(given: Any) -> Inside:
    if not isinstance(given, (str, Inside)):
        raise ValueError("a path is text, such as data/sales.csv")
    try:
        return Inside.of(given)
    except Invalid as failure:
        raise ValueError(f"{failure.message}; {failure.hint}") from failure


def _checked(text: str) -> str:
    """Refuse what is no path at all, and what a shell would have to expand."""
    fault = (
        "is empty" if not text.strip()
        else "is too long" if len(text) > LONGEST
        else "has characters that no path has" if not text.isprintable()
        else "begins with ~" if text.startswith("~")
        else ""
    )  # fmt: skip
    if fault:
        raise Invalid(
            f"the path {text[:80]!r} {fault}",
            hint="write it relative to the workspace, like data/sales.csv",
            code="PATH_INVALID",
        )
    return text
