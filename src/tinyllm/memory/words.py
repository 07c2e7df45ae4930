"""Finding by words: the database's own full-text index, and the same measure where there is none."""

import math
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence

from tinyllm.store import Database

WORDS = re.compile(r"\w+")
MOST = 48  # words of a question that are looked for
# They stand in every text and tell none from another.
COMMON = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "she",
        "should",
        "so",
        "some",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "they",
        "this",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)


def words(text: str) -> list[str]:
    """The words that tell a text from others; all of them when it has no such words."""
    every = list(dict.fromkeys(WORDS.findall(text.casefold())))
    return [word for word in every if word not in COMMON][:MOST] or every[:MOST]


def indexed(db: Database) -> bool:
    """SQLite can be built without full-text search; PostgreSQL always has it."""
    if not isinstance(db, sqlite3.Connection):
        return True
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'memory_words'").fetchone())


def put(db: Database, number: int, key: str, text: str) -> None:
    """Make a row findable; PostgreSQL does that by itself."""
    if isinstance(db, sqlite3.Connection) and indexed(db):
        db.execute("DELETE FROM memory_words WHERE rowid = :number", {"number": number})
        db.execute(
            "INSERT INTO memory_words (rowid, key, text) VALUES (:number, :key, :text)",
            {"number": number, "key": key, "text": text},
        )


def drop(db: Database, number: int) -> None:
    if isinstance(db, sqlite3.Connection) and indexed(db):
        db.execute("DELETE FROM memory_words WHERE rowid = :number", {"number": number})


def ranking(db: Database) -> tuple[str, str]:
    """What to join and how to order, for a statement over `memories m` with `:words`; the best comes first."""
    if isinstance(db, sqlite3.Connection):
        return (
            "JOIN memory_words ON memory_words.rowid = m.number AND memory_words MATCH :words",
            "bm25(memory_words, 2.0, 1.0)",
        )
    text = "to_tsvector('english', m.key || ' ' || m.text)"
    return (
        f"JOIN to_tsquery('english', :words) AS asked ON {text} @@ asked",
        f"-ts_rank_cd({text}, asked, 1)",
    )


def asked(db: Database, query: str) -> str:
    """A question in the language of the index: any of its words."""
    found = words(query)
    if isinstance(db, sqlite3.Connection):
        return " OR ".join(f'"{word}"' for word in found)
    return " | ".join(f"'{word}'" for word in found)


def best(query: str, texts: Sequence[str], limit: int) -> list[int]:
    """The places of the texts that fit best, by BM25: for what has no index, such as one conversation."""
    wanted = [_stem(word) for word in words(query)]
    counted = [Counter(map(_stem, WORDS.findall(text.casefold()))) for text in texts]
    sizes = [sum(each.values()) for each in counted]
    mean = sum(sizes) / len(sizes) if sizes else 1.0
    score = [0.0] * len(texts)
    for word in wanted:
        holding = [place for place, each in enumerate(counted) if word in each]
        rarity = math.log(1 + (len(texts) - len(holding) + 0.5) / (len(holding) + 0.5))
        for place in holding:
            times = counted[place][word]
            score[place] += rarity * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * sizes[place] / mean))
    order = sorted(range(len(texts)), key=lambda place: -score[place])
    return [place for place in order if score[place] > 0][:limit]


def _stem(word: str) -> str:
    """A word without the ending that English gives it; crude, and the same on both sides."""
    for ending in ("ings", "ing", "ies", "ied", "edly", "ed", "es", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
