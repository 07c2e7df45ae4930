"""What the tables are made of."""

from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData, Text, text

METADATA = MetaData()


def needed(name: str, type_: Any, default: str) -> Column[object]:
    return Column(name, type_, nullable=False, server_default=text(default))


def run_column(primary: bool) -> Column[object]:
    return Column("run", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=primary, nullable=False)
