"""Work on text: search, replace, extract, compare, count, fill in."""

import asyncio
import difflib
import re
from collections import Counter
from typing import Any

from tinyllm.errors import BadReply, TinyError
from tinyllm.toolkit import tool
from tinyllm.tools.patterns import bounded, compiled, found

MATCHES = 200
COMPARED = 2_000  # lines of each side of a comparison
ROUND = 120  # characters of a line that is shown
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@tool(effect="pure", extra="text")
async def search(text: str, pattern: str, ignore_case: bool = False, limit: int = 20) -> list[dict[str, Any]]:
    """Find the lines of a text that match a regular expression, with their numbers."""
    return await asyncio.to_thread(_searched, text, compiled(pattern, ignore_case=ignore_case), limit)


def _searched(text: str, pattern: Any, limit: int) -> list[dict[str, Any]]:
    matching = (
        {"line": number, "text": line[: 4 * ROUND]}
        for number, line in enumerate(bounded(text).splitlines(), 1)
        if pattern.search(line)
    )
    return [hit for hit, _ in zip(matching, range(_within(limit)), strict=False)]


@tool(effect="pure", extra="text")
async def extract(text: str, pattern: str, limit: int = 100) -> list[str] | list[list[str]]:
    """Take every match of a regular expression out of a text; with several (groups), a list for each match."""
    matches = await asyncio.to_thread(
        lambda: [
            match for match, _ in zip(found(compiled(pattern), text), range(_within(limit)), strict=False)
        ]
    )
    if matches and len(matches[0].groups()) > 1:
        return [[group or "" for group in match.groups()] for match in matches]
    return [(match.group(1) or "") if match.groups() else match.group(0) for match in matches]


@tool(effect="pure", extra="text")
async def replace(text: str, pattern: str, replacement: str, regex: bool = False) -> dict[str, Any]:
    """Replace every occurrence of a word or, with regex, of a pattern (\\1 is its first group)."""
    if not pattern:
        raise BadReply(
            "there is nothing to replace", hint="give the words to replace as pattern", code="TOOL_INPUT"
        )
    if not regex:
        times = bounded(text).count(pattern)
        _not_too_long(len(text) + times * len(replacement))
        return {"text": text.replace(pattern, replacement), "replaced": times}
    changed, times = await asyncio.to_thread(_replaced, text, compiled(pattern), replacement)
    return {"text": changed, "replaced": times}


def _replaced(text: str, pattern: Any, replacement: str) -> tuple[str, int]:
    times = sum(1 for _ in found(pattern, text))
    # A group can be as long as the text.
    _not_too_long(len(text) * (1 + replacement.count("\\")) + times * len(replacement))
    try:
        changed, times = pattern.subn(replacement, text)
    except (IndexError, ValueError, pattern_error()) as failure:
        raise BadReply(
            f"the replacement {replacement[:80]!r} cannot be used: {failure}",
            hint=r"\1 to \9 stand for the groups of the pattern; write \\ for a backslash",
            code="TOOL_INPUT",
        ) from failure
    return str(changed), int(times)


def pattern_error() -> type[Exception]:
    from tinyllm.toolkit import need

    error: type[Exception] = need("re2", extra="text").error
    return error


def _not_too_long(length: int) -> None:
    if length > 16_000_000:
        raise BadReply("the result would be too long", hint="work on a part of the text", code="TOOL_INPUT")


@tool(effect="pure")
async def diff(before: str, after: str) -> str:
    """Show which lines differ between two texts, as a unified diff; empty when they are the same."""
    old, new = bounded(before).splitlines(), bounded(after).splitlines()
    if max(len(old), len(new)) > COMPARED:
        raise BadReply(
            f"a text has more than {COMPARED:,} lines", hint="compare parts of the texts", code="TOOL_INPUT"
        )
    lines = await asyncio.to_thread(
        lambda: list(difflib.unified_diff(old, new, "before", "after", lineterm=""))
    )
    return "\n".join(lines)


@tool(effect="pure")
async def count(text: str, word: str = "") -> dict[str, int]:
    """Count the characters, words and lines of a text and, when one is given, how often a word stands in it."""
    counted = {
        "characters": len(bounded(text)),
        "words": sum(1 for _ in _WORD.finditer(text)),
        "lines": len(text.splitlines()),
    }
    if word:
        folded = word.casefold()
        counted["times"] = sum(1 for match in _WORD.finditer(text) if match.group().casefold() == folded)
        if not _WORD.fullmatch(word):
            counted["times"] = text.casefold().count(folded)
    return counted


@tool(effect="pure")
async def statistics(text: str, top: int = 10) -> dict[str, Any]:
    """Measure a text: words, different words, sentences, their length, and the most frequent words."""
    words = [match.group().casefold() for match in _WORD.finditer(bounded(text))]
    ends = [part for part in re.split(r"(?<![.!?])[.!?]++(?:\s|$)", text) if part.strip()]
    return {
        "words": len(words),
        "different_words": len(set(words)),
        "sentences": len(ends),
        "words_per_sentence": round(len(words) / len(ends), 1) if ends else 0.0,
        "characters_per_word": round(sum(map(len, words)) / len(words), 1) if words else 0.0,
        "frequent": dict(Counter(words).most_common(max(0, min(top, MATCHES)))),
    }


@tool(effect="pure")
async def template(text: str, values: dict[str, Any]) -> str:
    """Fill the holes of a text such as Dear {{ name }} with values."""
    from tinyllm.templates import Template

    try:
        return await asyncio.to_thread(lambda: Template.parse(text, "text").render(values))
    except TinyError as failure:
        raise BadReply(
            failure.message, hint=failure.hint or "write holes like {{ name }}", code="TOOL_INPUT"
        ) from failure


def _within(limit: int) -> int:
    return max(1, min(limit, MATCHES))
