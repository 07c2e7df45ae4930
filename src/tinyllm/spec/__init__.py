"""A graph as a value: read from a file, checked whole, rewritten, and told apart by its fingerprint."""

from tinyllm.spec.graph import GraphSpec
from tinyllm.spec.read import find, listed, read, read_file
from tinyllm.spec.schema import schema

__all__ = ["GraphSpec", "find", "listed", "read", "read_file", "schema"]
