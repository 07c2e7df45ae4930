"""What a run does to the world: once, recorded, and for files restorable."""

from tinyllm.effects.contents import Contents, Undo, digest, remove_file, replace_file
from tinyllm.effects.ledger import (
    Class,
    InDoubt,
    Ledger,
    Recorded,
    current_ledger,
    effect_key,
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
    "current_ledger",
    "digest",
    "effect_key",
    "perform",
    "read_ledger",
    "recording",
    "remove_file",
    "replace_file",
    "write_file",
]
