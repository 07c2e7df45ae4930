"""The tables of what is remembered, and what finds it by its words."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, Table, Text

from tinyllm.store.columns import METADATA, needed

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

MEMORIES = Table(
    "memories",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    needed("run", Text, "''"),  # who wrote it, for as long as that decides whether it counts
    needed("seq", BigInteger, "0"),  # the order of the commits; 0 while it is staged
    needed("savepoint", BigInteger, "0"),  # of the run, taken before it
    needed("base", Text, "''"),  # what stood under this key when it was written
    needed("scope", Text, "'project'"),  # user, project, thread
    needed("place", Text, "''"),  # which user, project or thread
    needed("key", Text, "''"),
    needed("text", Text, "''"),
    needed("gone", BigInteger, "0"),  # it says that the key is forgotten
    needed("source", Text, "'{}'"),  # run, node, why, and which strangers had a word in it
    needed("crc", BigInteger, "0"),
    needed("created", Double, "0"),
    Index("memories_by_key", "scope", "place", "key"),
    Index("memories_of_run", "run"),
)
MEMORY_VECTORS = Table(
    "memory_vectors",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("model", Text, nullable=False),
    # PostgreSQL keeps it as text, for that is what pgvector reads where it is installed.
    Column("body", LargeBinary().with_variant(Text, "postgresql"), nullable=False),
)
RATIOS = Table(
    "ratios",  # letters to a token, as the server counted them
    METADATA,
    Column("model", Text, primary_key=True),
    needed("ratio", Double, "0"),
    needed("updated", Double, "0"),
)

MEMORY_TEXT = "to_tsvector('english', key || ' ' || text)"


def memory_words(execute: Callable[[str], object], dialect: "Dialect") -> None:
    """What finds a memory by its words: an index of PostgreSQL's, or a table of SQLite's where it has that."""
    if dialect.name == "postgresql":
        execute(f"CREATE INDEX IF NOT EXISTS memory_words ON memories USING gin ({MEMORY_TEXT})")
        return
    found: Any = execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')")
    if found.fetchone()[0]:
        execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS memory_words"
            " USING fts5(key, text, tokenize='porter unicode61 remove_diacritics 2')"
        )
