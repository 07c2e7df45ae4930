"""What a file says, and where."""

from dataclasses import dataclass, field
from typing import TypeAlias

from tinyllm.problems import Problem

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | None"
Path: TypeAlias = tuple[str | int, ...]
Lines: TypeAlias = "dict[str, int] | list[int]"


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data, and the line that each key and list item of it stands in."""

    value: Plain
    where: str
    first: int = 1
    # By identity of the container; the value above keeps the containers alive.
    lines: dict[int, Lines] = field(default_factory=dict, repr=False)

    def line(self, path: Path = ()) -> int:
        """The line of a key or list item; for what is missing, of the place where it is missed."""
        value, line = self.value, self.first
        for part in path:
            lines = self.lines.get(id(value))
            if isinstance(value, dict) and isinstance(lines, dict) and isinstance(part, str):
                if part not in lines:
                    break
                value, line = value[part], lines[part]
            elif isinstance(value, list) and isinstance(lines, list) and isinstance(part, int):
                if not 0 <= part < len(lines):
                    break
                value, line = value[part], lines[part]
        return line

    def problem(self, path: Path, message: str, fix: str = "") -> Problem:
        return Problem(self.where, self.line(path), message, fix)
