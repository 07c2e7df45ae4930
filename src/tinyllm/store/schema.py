"""The tables that are ours, declared once, and the way from each version of them to the next."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.schema import CreateIndex, CreateTable

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

METADATA = MetaData()


def _needed(name: str, type_: Any, default: str) -> Column[object]:
    return Column(name, type_, nullable=False, server_default=text(default))


def _run(primary: bool) -> Column[object]:
    return Column("run", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=primary, nullable=False)


THREADS = Table(
    "threads",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("head", Text),  # the last committed run: what the thread is
    Column("holder", Text),  # the run that may write; empty when none does
    _needed("fence", BigInteger, "0"),
    _needed("seq", BigInteger, "0"),  # commits so far
    Column("forked_from", Text),
    _needed("created", Double, "0"),
    _needed("updated", Double, "0"),
)
RUNS = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("thread", Text, ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    Column("parent", Text),  # the head of the thread when it began
    _needed("seq", BigInteger, "0"),
    _needed("status", Text, "'created'"),
    _needed("fingerprint", Text, "''"),
    _needed("graph", Text, "''"),
    _needed("durability", Text, "'sync'"),
    _needed("every", BigInteger, "1"),
    _needed("attempt", BigInteger, "0"),
    _needed("question", Text, "''"),
    _needed("inputs", Text, "'{}'"),
    Column("answer", Text),
    Column("waits", Text),  # what a person is asked
    Column("error", Text),
    _needed("crc", BigInteger, "0"),  # over inputs and answer
    _needed("fence", BigInteger, "0"),
    _needed("host", Text, "''"),
    _needed("pid", BigInteger, "0"),
    _needed("started", Text, "''"),  # when that process started: a pid alone is used again
    _needed("lease", Double, "0"),
    _needed("created", Double, "0"),
    _needed("updated", Double, "0"),
    Index("runs_of_thread", "thread", "seq"),
    Index("runs_by_status", "status"),
)
MESSAGES = Table(
    "messages",
    METADATA,
    _run(primary=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    _needed("crc", BigInteger, "0"),
)
EFFECTS = Table(
    "effects",
    METADATA,
    _run(primary=True),
    Column("key", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),  # 0 until a rollback sets it aside
    _needed("number", BigInteger, "0"),  # the order of the run's effects
    _needed("savepoint", BigInteger, "0"),  # savepoints taken before it
    _needed("effect", Text, "'unsafe'"),
    _needed("name", Text, "''"),
    _needed("request", Text, "''"),  # a hash
    _needed("state", Text, "'intent'"),  # intent, done, failed, unknown, undone, compensated
    Column("result", Text),
    Column("undo", Text),  # what it takes to restore what was there
    _needed("crc", BigInteger, "0"),
    _needed("began", Double, "0"),
    _needed("ended", Double, "0"),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("key", Text, primary_key=True),  # of the effect: what the receiver knows a repetition by
    _run(primary=False),
    _needed("number", BigInteger, "0"),  # the order of the run's effects
    _needed("tool", Text, "''"),
    _needed("arguments", Text, "'{}'"),
    _needed("crc", BigInteger, "0"),
    _needed("state", Text, "'waits'"),  # waits, sending, sent, failed, dropped
    _needed("tries", BigInteger, "0"),
    *(_needed(name, Text, "''") for name in ("error", "claim", "host", "started")),
    _needed("pid", BigInteger, "0"),
    *(_needed(name, Double, "0") for name in ("due", "lease", "created", "sent")),
    Index("outbox_by_run", "run"),
    Index("outbox_by_state", "state"),
)
GRAPHS = Table(
    "graphs",
    METADATA,
    Column("fingerprint", Text, primary_key=True),
    _needed("name", Text, "''"),
    _needed("body", Text, "''"),
    _needed("crc", BigInteger, "0"),
    _needed("created", Double, "0"),
)
EVENTS = Table(
    "events",
    METADATA,
    _run(primary=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _needed("at", Double, "0"),
    _needed("kind", Text, "''"),
    _needed("node", Text, "''"),
    _needed("data", Text, "'{}'"),
    sqlite_with_rowid=False,  # small rows, written all the time: one page instead of two
)
BREAKERS = Table(
    "breakers",
    METADATA,
    Column("target", Text, primary_key=True),
    _needed("state", Text, "'closed'"),
    _needed("failures", BigInteger, "0"),
    _needed("successes", BigInteger, "0"),
    _needed("failed_at", Double, "0"),
    _needed("opened_at", Double, "0"),
    _needed("opened_for", Double, "60"),
    _needed("probe", Text, "''"),
    _needed("probe_until", Double, "0"),
    _needed("because", Text, "''"),
)
UNCLASSIFIED = Table(
    "unclassified",
    METADATA,
    Column("signature", Text, primary_key=True),  # type and redacted message
    _needed("type", Text, "''"),
    _needed("message", Text, "''"),
    _needed("op", Text, "''"),
    _needed("times", BigInteger, "0"),
    _needed("first", Double, "0"),
    _needed("last", Double, "0"),
)
GRADES = Table(
    "grades",  # what gates, judges, tools and people said of a node's work; counts when its run is committed
    METADATA,
    _run(primary=True),
    Column("key", Text, primary_key=True),  # who said it, at which visit: said again, it is the same row
    _needed("savepoint", BigInteger, "0"),
    _needed("at", Double, "0"),
    _needed("kind", Text, "''"),  # gate, judge, tool, complaint, person
    _needed("node", Text, "''"),
    _needed("fingerprint", Text, "''"),  # of the node, as it was
    _needed("model", Text, "''"),
    _needed("question", Text, "''"),
    _needed("answer", Text, "''"),
    _needed("passed", Integer, "0"),
    _needed("because", Text, "''"),
    _needed("evidence", Text, "''"),
    _needed("consent", Integer, "0"),
    Index("grades_by_node", "node", "at"),
)
GROWTH = Table(
    "growth",  # what became of each patch, one row per decision; the newest that counts is its state
    METADATA,
    Column("patch", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _needed("run", Text, "''"),  # who decided; a run that is not committed decided nothing
    _needed("key", Text, "''"),
    _needed("savepoint", BigInteger, "0"),
    _needed("at", Double, "0"),
    _needed("graph", Text, "''"),
    _needed("state", Text, "''"),  # proposed, probation, accepted, reverted, rejected
    _needed("why", Text, "''"),
    _needed("body", Text, "'{}'"),  # the patch and its evidence
    _needed("crc", BigInteger, "0"),
    Index("growth_by_graph", "graph", "patch"),
)
HEADS = Table(
    "heads",  # which checkpoint is the newest, told by us and not by the wall clock
    METADATA,
    Column("thread_id", Text, primary_key=True),
    Column("checkpoint_ns", Text, primary_key=True),
    Column("checkpoint_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

MEMORIES = Table(
    "memories",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    _needed("run", Text, "''"),  # who wrote it, for as long as that decides whether it counts
    _needed("seq", BigInteger, "0"),  # the order of the commits; 0 while it is staged
    _needed("savepoint", BigInteger, "0"),  # of the run, taken before it
    _needed("base", Text, "''"),  # what stood under this key when it was written
    _needed("scope", Text, "'project'"),  # user, project, thread
    _needed("place", Text, "''"),  # which user, project or thread
    _needed("key", Text, "''"),
    _needed("text", Text, "''"),
    _needed("gone", BigInteger, "0"),  # it says that the key is forgotten
    _needed("source", Text, "'{}'"),  # run, node, why, and which strangers had a word in it
    _needed("crc", BigInteger, "0"),
    _needed("created", Double, "0"),
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
    _needed("ratio", Double, "0"),
    _needed("updated", Double, "0"),
)

Execute = Callable[[str], object]
Migration = Callable[[Execute, "Dialect"], None]

MEMORY_TEXT = "to_tsvector('english', key || ' ' || text)"


def creates(*names: str) -> Migration:
    """A step forward that adds these tables, as they are declared today."""

    def step(execute: Execute, dialect: "Dialect") -> None:
        for table in METADATA.sorted_tables:
            if table.name in names:
                execute(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
                for index in sorted(table.indexes, key=lambda each: str(each.name)):
                    execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))

    return step


def memory_words(execute: Execute, dialect: "Dialect") -> None:
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


def renews(name: str) -> Migration:
    """A step forward that makes a table anew which nobody has written to yet."""

    def step(execute: Execute, dialect: "Dialect") -> None:
        execute(f"DROP TABLE IF EXISTS {name}")
        creates(name)(execute, dialect)

    return step


# One step per version, never changed once released: a new table is a new `creates`, a new column an ALTER.
MIGRATIONS: tuple[Migration, ...] = (
    creates("threads", "runs", "messages", "effects", "outbox", "graphs", "events", "heads"),
    creates("breakers", "unclassified"),
    creates("grades", "growth"),
    creates("memories", "memory_vectors", "ratios"),
    memory_words,
    renews("outbox"),
)


def migrate(execute: Execute, dialect: "Dialect", since: int) -> None:
    for step in MIGRATIONS[since:]:
        step(execute, dialect)
