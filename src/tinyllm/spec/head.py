"""What a graph file says before its nodes."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Head(BaseModel):
    """The fields of a graph file beside `nodes:` and `steps:`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", description="The graph's name; the file's name when left out.")
    description: str = Field(default="", description="One line for `graph list`.")
    version: str | int | float = Field(default=1, description="Yours to count.")
    inputs: dict[str, str] = Field(default_factory=dict, description="Input name → what it is.")
    models: dict[str, Any] = Field(
        default_factory=dict, description="A short name → a model, its tier, its limits."
    )
    allow: tuple[str, ...] = Field(default=(), description="Tools that may run in this graph without asking.")
    start: str = Field(default="", description="The first node; the first in the file when left out.")
    checkpoint_every: int = Field(default=1, ge=1, le=1000, description="Steps between two rollback targets.")
