"""Read, write, list, find and change files of the workspace."""

import asyncio
import builtins
import fnmatch
import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from tinyllm.errors import BadReply, TinyError
from tinyllm.toolkit import WORKSPACE, Inside, tool
from tinyllm.tools.writing import put

Told = dict[str, Any]
Table = builtins.list[Told]  # a tool of this file is called list
Names = builtins.list[str]

LINES = 400
FOUND = 500
SEARCHED = 2_000_000  # bytes of a file that is searched
BUDGET = 100_000_000  # characters of a whole search
WIDE = 400  # characters of a line that is shown


@tool(effect="read", reach="workspace")
async def read(path: Inside, start: int = 1, lines: int = LINES) -> str:
    """Read a text file, or some lines of it from line number start."""
    content = await asyncio.to_thread(path.read_text)
    every = content.splitlines(keepends=True)
    first = max(1, start) - 1
    part = every[first : first + max(1, lines)]
    left = len(every) - first - len(part)
    return "".join(part) + (
        f"\n[{left} more lines: read them with start={first + len(part) + 1}]" if left > 0 else ""
    )


@tool(
    effect="idempotent",
    reach="workspace",
    shows=lambda path, content: f"write {len(content):,} characters to {path}",
)
async def write(path: Inside, content: str) -> str:
    """Write a text file; what it held before is replaced."""
    await put(path, content.encode("utf-8", "replace"))
    return f"wrote {len(content.splitlines())} lines to {path}"


@tool(effect="read", reach="workspace")
async def list(path: Inside = WORKSPACE, limit: int = 200) -> Table:  # noqa: A001 - the word for it
    """List what a folder holds: names, kinds, sizes."""
    return await asyncio.to_thread(lambda: [_told(each) for each in islice(path.children(), _within(limit))])


def _told(path: Inside) -> Told:
    if path.is_folder:
        return {"path": f"{path}/", "kind": "folder"}
    status = path.status()
    return {"path": str(path), "kind": "file", "bytes": status.st_size if status else 0}


@tool(effect="read", reach="workspace")
async def find(pattern: str, path: Inside = WORKSPACE, limit: int = 100) -> Names:
    """Find files by name, such as *.csv or report*, in a folder and all folders below it."""
    return await asyncio.to_thread(
        lambda: [str(each) for each in islice(_named(path, pattern), _within(limit))]
    )


def _named(path: Inside, pattern: str) -> Iterator[Inside]:
    folded = pattern.casefold()
    return (
        each
        for each in path.walk()
        if (
            fnmatch.fnmatchcase(each.name.casefold(), folded)
            or fnmatch.fnmatchcase(str(each).casefold(), folded)
        )
        and ".git" not in each.parts
    )


@tool(effect="read", reach="workspace")
async def search(words: str, pattern: str = "*", path: Inside = WORKSPACE, limit: int = 50) -> Table:
    """Find lines that contain some words, in the files whose name matches a pattern such as *.md."""
    if not words:
        raise BadReply(
            "there are no words to look for", hint="give the words that a line contains", code="TOOL_INPUT"
        )
    return await asyncio.to_thread(
        lambda: [
            hit
            for hit, _ in zip(_lines(words.casefold(), pattern, path), range(_within(limit)), strict=False)
        ]
    )


def _lines(words: str, pattern: str, path: Inside) -> Iterator[Told]:
    left = BUDGET
    for each in [path] if path.is_file else _named(path, pattern):
        if left <= 0:
            return
        try:
            text = each.read_text(SEARCHED) if each.is_file else ""
        except TinyError:
            continue  # too large, or no text
        left -= len(text)
        for number, line in enumerate(text.splitlines(), 1):
            if words in line.casefold():
                yield {"path": str(each), "line": number, "text": line[:WIDE]}


def _shown_patch(path: Inside, old: str, new: str) -> str:
    return f"in {path} replace\n{old}\nwith\n{new}"


@tool(effect="idempotent", reach="workspace", shows=_shown_patch)
async def patch(path: Inside, old: str, new: str) -> str:
    """Replace one piece of a text file by another; the old piece must stand there exactly once."""
    text = await asyncio.to_thread(path.read_text)
    times = text.count(old) if old else 0
    if times != 1:
        if not times and new and new in text:
            return f"{path} reads like this already"
        raise BadReply(
            f"the old piece stands {times} times in {path}",
            hint="read the file, and copy the piece with enough around it to stand there once",
            code="TOOL_INPUT",
        )
    await put(path, text.replace(old, new).encode())
    return f"changed line {text[: text.index(old)].count(chr(10)) + 1} of {path}"


@tool(effect="read", reach="workspace")
async def hash(path: Inside) -> Told:  # noqa: A001 - the word for it
    """The SHA-256 of a file, and its size."""
    return await asyncio.to_thread(_hashed, path)


def _hashed(path: Inside) -> Told:
    size, made = 0, hashlib.sha256()
    with path.open() as file:
        while piece := file.read(1 << 20):
            size += len(piece)
            made.update(piece)
    return {"path": str(path), "sha256": made.hexdigest(), "bytes": size}


def _within(limit: int) -> int:
    return max(1, min(limit, FOUND))
