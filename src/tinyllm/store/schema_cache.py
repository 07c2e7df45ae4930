"""The table of replies that are kept."""

from sqlalchemy import BigInteger, Column, Double, Index, Table, Text

from tinyllm.store.columns import METADATA, needed

CACHE = Table(
    "cache",
    METADATA,
    Column("key", Text, primary_key=True),  # a hash of the model and all that it was asked
    Column("run", Text, primary_key=True),  # who asked; it counts when that run is committed
    needed("savepoint", BigInteger, "0"),
    needed("model", Text, "''"),
    needed("digest", Text, "''"),
    needed("body", Text, "'{}'"),  # the reply
    needed("crc", BigInteger, "0"),
    *(needed(name, BigInteger, "0") for name in ("size", "hits")),
    *(needed(name, Double, "0") for name in ("created", "used")),
    Index("cache_by_use", "used", "size"),
    Index("cache_of_run", "run"),
)
