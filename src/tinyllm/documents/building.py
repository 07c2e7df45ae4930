"""Plain data built from what a parser reports, bounded in depth and size, with its faults collected."""

import json
import math
import re
from dataclasses import dataclass
from typing import NoReturn

from tinyllm.documents.document import Lines, Plain
from tinyllm.problems import Problem, raise_all

DEPTH = 50
ALIASES = 50
VALUES = 100_000

# YAML 1.2, so that `no`, `012`, `12:30:45` and `2026-11-21` are the texts they look like.
_WORDS: dict[str, Plain] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_REAL = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = frozenset({".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"})


def refuse(where: str, line: int, message: str, fix: str, code: str) -> NoReturn:
    """Give up on the file at once."""
    raise_all([Problem(where, line, message, fix, code)])
    raise AssertionError


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    container: "dict[str, Plain] | list[Plain]"
    lines: Lines
    anchor: str | None
    before: int
    key: str | None = None
    keyed: bool = False


class Building:
    """Takes values in the order of the text; `top` holds the finished one."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []
        self.lines: dict[int, Lines] = {}
        self.top: list[Plain] = []
        self.top_lines: list[int] = []
        self._stack = [_Open(self.top, self.top_lines, None, 0)]
        self._anchors: dict[str, tuple[Plain, int]] = {}
        self._aliases = self._count = 0

    def fault(self, line: int, message: str, fix: str, code: str = "YAML_SYNTAX") -> None:
        self.problems.append(Problem(self.where, line, message, fix, code))

    def opened(
        self, container: "dict[str, Plain] | list[Plain]", line: int, anchor: str | None = None
    ) -> None:
        if len(self._stack) > DEPTH:
            refuse(self.where, line, f"nested deeper than {DEPTH}", "flatten it", "INPUT_TOO_DEEP")
        before = self._count
        self._put(container, line)
        lines: Lines = {} if isinstance(container, dict) else []
        self.lines[id(container)] = lines
        self._stack.append(_Open(container, lines, anchor, before))

    def closed(self) -> None:
        done = self._stack.pop()
        if done.anchor:
            self._anchors[done.anchor] = (done.container, self._count - done.before)

    def word(self, text: str, line: int, anchor: str | None = None) -> None:
        """A value without quotes."""
        self.text(_WORDS[text] if text in _WORDS else self._number(text, line), line, anchor)

    def text(self, value: Plain, line: int, anchor: str | None = None) -> None:
        """A value that means what it says."""
        if isinstance(value, str) and not value.isascii() and _halved(value):
            self.fault(line, "half a character (a lone surrogate)", "write the character itself", "NOT_TEXT")
        self._put(value, line)
        if anchor:
            self._anchors[anchor] = (value, 1)

    def alias(self, name: str, line: int) -> None:
        self._aliases += 1
        if self._aliases > ALIASES:
            refuse(self.where, line, f"more than {ALIASES} aliases", "write the values out", "TOO_LARGE")
        if name not in self._anchors:
            self.fault(line, f"no anchor &{name} above this alias", "quote text that begins with *")
        value, weight = self._anchors.get(name, (name, 1))
        self._put(value, line, weight)

    def _put(self, value: Plain, line: int, weight: int = 1) -> None:
        self._count += weight
        if self._count > VALUES:
            refuse(
                self.where, line, f"more than {VALUES:,} values", "split it into several files", "TOO_LARGE"
            )
        here = self._stack[-1]
        if isinstance(here.container, list):
            here.container.append(value)
            assert isinstance(here.lines, list)
            here.lines.append(line)
        elif here.keyed:
            here.keyed = False
            if here.key is not None:
                here.container[here.key] = value
        else:
            assert isinstance(here.lines, dict)
            here.key, here.keyed = self._key(value, line, here.lines), True

    def _key(self, value: Plain, line: int, lines: dict[str, int]) -> str | None:
        """The key, noted with its line, or None for one that cannot be."""
        if not isinstance(value, str):
            shown = "a list or a mapping" if isinstance(value, dict | list) else json.dumps(value)
            self.fault(line, f"a key must be text, not {shown}", "put the key in quotes")
        elif value in lines:
            first = f"{value[:60]!r} is already in line {lines[value]}"
            self.fault(line, first, "keep one of them", "YAML_DUPLICATE_KEY")
        elif value == "<<":
            self.fault(line, "merge keys (<<) are not read", "write the entries out")
        else:
            lines[value] = line
            return value
        return None

    def _number(self, text: str, line: int) -> Plain:
        """The number, or the text when it does not look like one."""
        if _WHOLE.fullmatch(text):
            if len(text) <= 20 and -(2**63) <= int(text) < 2**63:
                return int(text)
            self.fault(line, "a whole number of more than 64 bits", "put it in quotes")
        elif _REAL.fullmatch(text):
            if math.isfinite(value := float(text)):
                return value
            self.fault(line, "a number too large to hold", "put it in quotes")
        elif text.lstrip("+-") in _NO_NUMBER:
            self.fault(line, f"{text} is not a number that JSON knows", "put it in quotes")
        return text


def _halved(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)
