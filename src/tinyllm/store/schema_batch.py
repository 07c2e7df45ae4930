"""The table of batches: what each was asked to do, so that it goes on as what it was begun as."""

from sqlalchemy import Column, Double, Index, Table, Text

from tinyllm.store.columns import METADATA, needed

BATCHES = Table(
    "batches",
    METADATA,
    Column("id", Text, primary_key=True),  # what the ids of its runs begin with
    needed("output", Text, "''"),  # the file, by its whole path
    needed("input", Text, "''"),
    needed("body", Text, "'{}'"),  # the graph, the options and the input's digest
    needed("created", Double, "0"),
    Index("batches_by_output", "output", "created"),
)
