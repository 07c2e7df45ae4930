"""What a run does to the world: once, recorded, and for files restorable."""

from tinyllm.effects.contents import Contents, Undo, digest, remove_file, replace_file
from tinyllm.effects.ledger import (
    Class,
    InDoubt,
    Ledger,
    Recorded,
    perform,
    read_ledger,
    recording,
    write_file,
)

__all__ = [
    "Class",
    "Contents",
    "InDoubt",
    "Ledger",
    "Recorded",
    "Undo",
    "digest",
    "perform",
    "read_ledger",
    "recording",
    "remove_file",
    "replace_file",
    "write_file",
]
