"""JSON in an answer, read to the letter: a key that stands twice, or a NaN, is no JSON."""

import json
from collections import Counter
from typing import Any, NoReturn

from tinyllm.checks.blocks import fenced


def document(text: str) -> Any:
    """The value that a text is; a ValueError says why it is none."""
    try:
        return json.loads(text.strip().lstrip("\ufeff"), object_pairs_hook=_once, parse_constant=_unknown)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def within(answer: str) -> str:
    """The text that should be JSON: what is fenced as such, or else the first fenced piece, or all of it."""
    found = fenced(answer)[0]
    marked = [each for each in found if each.language.lower().startswith("json")] or found
    return marked[0].code if marked else answer


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {twice[:40]!r} stands twice in one object")
    return value


def _unknown(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
