"""A YAML or JSON text as plain data, with the line of every value, read so that a hostile text can do no harm."""

from tinyllm.documents.document import Document, Path, Plain
from tinyllm.documents.reading import read

__all__ = ["Document", "Path", "Plain", "read"]
