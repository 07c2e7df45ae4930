"""The tables that are ours, declared once, and the way from each version of them to the next."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from tinyllm.store.columns import METADATA, needed, run_column
from tinyllm.store.schema_batch import BATCHES
from tinyllm.store.schema_cache import CACHE
from tinyllm.store.schema_memory import memory_words

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

UNTALLIED = "tallied < 0"

THREADS = Table(
    "threads",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("head", Text),  # the last committed run: what the thread is
    Column("holder", Text),  # the run that may write; empty when none does
    needed("fence", BigInteger, "0"),
    needed("seq", BigInteger, "0"),  # commits so far
    Column("forked_from", Text),
    needed("created", Double, "0"),
    needed("updated", Double, "0"),
)
RUNS = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("thread", Text, ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    Column("parent", Text),  # the head of the thread when it began
    needed("seq", BigInteger, "0"),
    needed("status", Text, "'created'"),
    needed("fingerprint", Text, "''"),
    needed("graph", Text, "''"),
    needed("durability", Text, "'sync'"),
    needed("every", BigInteger, "1"),
    needed("attempt", BigInteger, "0"),
    needed("question", Text, "''"),
    needed("inputs", Text, "'{}'"),
    Column("answer", Text),
    Column("waits", Text),  # what a person is asked
    Column("error", Text),
    needed("crc", BigInteger, "0"),  # over inputs and answer
    needed("fence", BigInteger, "0"),
    needed("host", Text, "''"),
    needed("pid", BigInteger, "0"),
    needed("started", Text, "''"),  # when that process started: a pid alone is used again
    needed("lease", Double, "0"),
    needed("created", Double, "0"),
    needed("updated", Double, "0"),
    needed("tallied", BigInteger, "-1"),  # how many of its events are in the sums
    Index("runs_of_thread", "thread", "seq"),
    Index("runs_by_status", "status"),
    Index("runs_untallied", "status", sqlite_where=text(UNTALLIED), postgresql_where=text(UNTALLIED)),
)
MESSAGES = Table(
    "messages",
    METADATA,
    run_column(primary=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    needed("crc", BigInteger, "0"),
)
EFFECTS = Table(
    "effects",
    METADATA,
    run_column(primary=True),
    Column("key", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),  # 0 until a rollback sets it aside
    needed("number", BigInteger, "0"),  # the order of the run's effects
    needed("savepoint", BigInteger, "0"),  # savepoints taken before it
    needed("effect", Text, "'unsafe'"),
    needed("name", Text, "''"),
    needed("request", Text, "''"),  # a hash
    needed("state", Text, "'intent'"),  # intent, done, failed, unknown, undone, compensated
    Column("result", Text),
    Column("undo", Text),  # what it takes to restore what was there
    needed("crc", BigInteger, "0"),
    needed("began", Double, "0"),
    needed("ended", Double, "0"),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("key", Text, primary_key=True),  # of the effect: what the receiver knows a repetition by
    run_column(primary=False),
    needed("number", BigInteger, "0"),  # the order of the run's effects
    needed("tool", Text, "''"),
    needed("arguments", Text, "'{}'"),
    needed("crc", BigInteger, "0"),
    needed("state", Text, "'waits'"),  # waits, sending, sent, failed, dropped
    needed("tries", BigInteger, "0"),
    *(needed(name, Text, "''") for name in ("error", "claim", "host", "started")),
    needed("pid", BigInteger, "0"),
    *(needed(name, Double, "0") for name in ("due", "lease", "created", "sent")),
    Index("outbox_by_run", "run"),
    Index("outbox_by_state", "state"),
)
GRAPHS = Table(
    "graphs",
    METADATA,
    Column("fingerprint", Text, primary_key=True),
    needed("name", Text, "''"),
    needed("body", Text, "''"),
    needed("crc", BigInteger, "0"),
    needed("created", Double, "0"),
)
EVENTS = Table(
    "events",
    METADATA,
    run_column(primary=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    needed("at", Double, "0"),
    needed("kind", Text, "''"),
    needed("node", Text, "''"),
    needed("data", Text, "'{}'"),
    sqlite_with_rowid=False,  # small rows, written all the time: one page instead of two
)
BREAKERS = Table(
    "breakers",
    METADATA,
    Column("target", Text, primary_key=True),
    needed("state", Text, "'closed'"),
    needed("failures", BigInteger, "0"),
    needed("successes", BigInteger, "0"),
    needed("failed_at", Double, "0"),
    needed("opened_at", Double, "0"),
    needed("opened_for", Double, "60"),
    needed("probe", Text, "''"),
    needed("probe_until", Double, "0"),
    needed("because", Text, "''"),
)
UNCLASSIFIED = Table(
    "unclassified",
    METADATA,
    Column("signature", Text, primary_key=True),  # type and redacted message
    needed("type", Text, "''"),
    needed("message", Text, "''"),
    needed("op", Text, "''"),
    needed("times", BigInteger, "0"),
    needed("first", Double, "0"),
    needed("last", Double, "0"),
)
GRADES = Table(
    "grades",  # what gates, judges, tools and people said of a node's work; counts when its run is committed
    METADATA,
    run_column(primary=True),
    Column("key", Text, primary_key=True),  # who said it, at which visit: said again, it is the same row
    needed("savepoint", BigInteger, "0"),
    needed("at", Double, "0"),
    needed("kind", Text, "''"),  # gate, judge, tool, complaint, person
    needed("node", Text, "''"),
    needed("fingerprint", Text, "''"),  # of the node, as it was
    needed("model", Text, "''"),
    needed("question", Text, "''"),
    needed("answer", Text, "''"),
    needed("passed", Integer, "0"),
    needed("because", Text, "''"),
    needed("evidence", Text, "''"),
    needed("consent", Integer, "0"),
    Index("grades_by_node", "node", "at"),
)
GROWTH = Table(
    "growth",  # what became of each patch, one row per decision; the newest that counts is its state
    METADATA,
    Column("patch", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    needed("run", Text, "''"),  # who decided; a run that is not committed decided nothing
    needed("key", Text, "''"),
    needed("savepoint", BigInteger, "0"),
    needed("at", Double, "0"),
    needed("graph", Text, "''"),
    needed("state", Text, "''"),  # proposed, probation, accepted, reverted, rejected
    needed("why", Text, "''"),
    needed("body", Text, "'{}'"),  # the patch and its evidence
    needed("crc", BigInteger, "0"),
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

SUMS = Table(
    "sums",  # what runs came to that ended, kept when they are pruned: only ever added to
    METADATA,
    Column("name", Text, primary_key=True),
    Column("labels", Text, primary_key=True),
    needed("value", Double, "0"),
)

Execute = Callable[[str], object]
Migration = Callable[[Execute, "Dialect"], None]


def creates(*names: str) -> Migration:
    """A step forward that adds these tables, as they are declared today."""

    def step(execute: Execute, dialect: "Dialect") -> None:
        for table in METADATA.sorted_tables:
            if table.name in names:
                execute(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
                _indexed(table, execute, dialect)

    return step


def _indexed(table: Table, execute: Execute, dialect: "Dialect") -> None:
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))


def adds(table: Table, column: str) -> Migration:
    """A step forward that adds a column to a table which was made before the column was declared."""

    def step(execute: Execute, dialect: "Dialect") -> None:
        known = {
            "sqlite": f"SELECT name FROM pragma_table_info('{table.name}')",
            "postgresql": "SELECT column_name FROM information_schema.columns"
            f" WHERE table_schema = current_schema() AND table_name = '{table.name}'",
        }
        rows: Any = execute(known[dialect.name])
        if column not in {row[0] for row in rows.fetchall()}:
            declared = CreateColumn(table.columns[column]).compile(dialect=dialect)
            execute(f"ALTER TABLE {table.name} ADD COLUMN {declared}")
        _indexed(table, execute, dialect)

    return step


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
    creates("sums"),
    adds(RUNS, "tallied"),
    creates(CACHE.name),
    creates(BATCHES.name),
)


def migrate(execute: Execute, dialect: "Dialect", since: int) -> None:
    for step in MIGRATIONS[since:]:
        step(execute, dialect)
