"""What a run does to the world: once, recorded, and for files restorable."""

from tinyllm.effects.contents import LEFT, Contents, Undo, digest, remove_file, replace_file
from tinyllm.effects.keys import effect_key, keyed
from tinyllm.effects.ledger import (
    Diverged,
    InDoubt,
    Ledger,
    current_ledger,
    perform,
    recording,
    write_file,
)
from tinyllm.effects.lines import Class, Recorded, read_ledger

__all__ = [
    "LEFT",
    "Class",
    "Contents",
    "Diverged",
    "InDoubt",
    "Ledger",
    "Recorded",
    "Undo",
    "current_ledger",
    "digest",
    "effect_key",
    "keyed",
    "perform",
    "read_ledger",
    "recording",
    "remove_file",
    "replace_file",
    "write_file",
]
