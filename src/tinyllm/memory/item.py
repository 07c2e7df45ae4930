"""One thing that is remembered: where it holds, what it says, and where it came from."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from tinyllm.errors import BadReply
from tinyllm.plain import plain_text
from tinyllm.problems import did_you_mean
from tinyllm.redaction import safe
from tinyllm.store import checksum, damaged, packed

Scope = Literal["user", "project", "thread"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

LONGEST, LONGEST_KEY = 4_000, 200
SENTENCE = 4  # words
COLUMNS = "number, id, run, seq, base, scope, place, key, text, gone, source, crc, created"


@dataclass(frozen=True, slots=True)
class Item:
    """A row of what is remembered."""

    number: int
    id: str
    run: str
    seq: int
    base: str
    scope: Scope
    place: str
    key: str
    text: str
    gone: bool
    source: dict[str, Any]
    created: float

    @property
    def strangers(self) -> tuple[str, ...]:
        """Who outside had a word in the run that wrote it."""
        return tuple(self.source.get("strangers", ()))

    @property
    def committed(self) -> bool:
        return self.seq > 0

    def as_dict(self) -> dict[str, Any]:
        """For people and files."""
        thread = {"thread": self.place} if self.scope == "thread" else {}
        return {
            "key": self.key,
            "scope": self.scope,
            **thread,
            "text": self.text,
            **self.source,
            "created": self.created,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to, and by what: its words, its meaning, or both."""

    item: Item
    score: float
    by: tuple[str, ...] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, Any]:
        return {**self.item.as_dict(), "score": round(self.score, 5), "by": list(self.by)}


def item_from(row: Sequence[Any]) -> Item:
    number, id, run, seq, base, scope, place, key, text, gone, source, crc, created = row
    if scope not in SCOPES or checksum(scope, place, key, text, source) != crc:
        raise damaged(f"the memory {key!r}", "memories")
    return Item(number, id, run, seq, base, scope, place, key, text, bool(gone), json.loads(source), created)


def values(item: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that say what it is, with the sum that shows a flipped bit."""
    kept = packed(dict(source))
    crc = checksum(item["scope"], item["place"], item["key"], item["text"], kept)
    return {**item, "source": kept, "crc": crc}


def scope_of(text: str) -> Scope:
    for scope in SCOPES:
        if text == scope:
            return scope
    raise BadReply(
        f"there is no scope {text!r}",
        hint=did_you_mean(text, SCOPES) or f"the scopes are: {', '.join(SCOPES)}",
        code="MEMORY_SCOPE",
    )


def text_of(given: str) -> str:
    """What is to be remembered, without secrets and of a bearable size."""
    text = safe(plain_text(given)).strip()
    if not text:
        raise BadReply("there is nothing to remember", hint="give a text", code="MEMORY_EMPTY")
    if len(text) > LONGEST:
        raise BadReply(
            f"{len(text):,} characters are too much for one memory",
            hint=f"remember at most {LONGEST:,}: what it comes to, not all of it",
            code="MEMORY_TOO_LONG",
        )
    return text


def key_of(given: str, text: str) -> str:
    """The name of a memory; without one, its first words and a mark of the rest."""
    key = " ".join(safe(plain_text(given)).split())
    if not key:
        words = "-".join(re.findall(r"\w+", text.casefold())[:6])[:60]
        key = f"{words}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
    if len(key) > LONGEST_KEY:
        raise BadReply(
            f"a key of {len(key)} characters is too long",
            hint=f"take at most {LONGEST_KEY}",
            code="MEMORY_KEY",
        )
    return key


def document(key: str, text: str) -> str:
    """What is embedded: a sentence speaks for itself, a bare value needs its name."""
    return text if len(text.split()) >= SENTENCE else f"{key}: {text}"
