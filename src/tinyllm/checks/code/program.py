"""The program in an answer, and what its function can come to."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tinyllm.checks.blocks import blocks
from tinyllm.checks.code.keeping import Function, functions, kept, names
from tinyllm.checks.code.task import Task

SECONDS = 5.0
MOST = 100_000  # characters of a program
ALIAS = "what_was_asked_for"

How = Literal["value", "raised", "hung", "unclear"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to."""

    how: How
    text: str = ""

    def same(self, other: "Outcome") -> bool:
        if self.how != other.how:
            return False
        return self.how != "value" or alike(self.text, other.text)


@dataclass(frozen=True, slots=True)
class Program:
    """Definitions only: what an answer prints to show itself off is not run."""

    code: str
    name: str
    header: str = ""
    wrong: str = ""  # why there is no program


def program_of(answer: str, task: Task) -> Program:
    """The program that an answer gives for this task, or what is wrong with it."""
    found = blocks(answer)
    python = [block.code for block in found if block.python]
    if sum(map(len, python)) > MOST:
        return Program("", "", wrong=f"the code has more than {MOST:,} characters")
    if not python:
        if not found:
            return Program(
                "", "", wrong="there is no code in it; give the whole function in one fenced block"
            )
        return Program("", "", wrong=_unreadable(found[0].code))
    statements = [each for code in python for each in ast.parse(code).body]
    parts = kept(statements, task.name)
    defined = functions(parts)
    if task.name and task.name not in names(parts):
        return Program("", task.name, wrong=f"it defines no function {task.name}")
    asked = next((each for each in defined if each.name == task.name), None) if task.name else _main(defined)
    lines = [task.around, *(ast.unparse(each) for each in parts)]
    if asked is None:
        return Program("\n".join(lines), task.name)
    if not task.name:  # whatever each calls it, it is the same function
        lines.append(f"{ALIAS} = {asked.name}")
    return Program("\n".join(lines), task.name or ALIAS, ast.unparse(asked))


def _main(defined: Sequence[Function]) -> Function | None:
    """The one that is not used by another; where there are several, nobody knows."""
    used = {
        each.id
        for function in defined
        for each in ast.walk(function)
        if isinstance(each, ast.Name) and each.id != function.name
    }
    free = [
        each
        for each in defined
        if each.name not in used and each.name != "main" and not each.name.startswith("test")
    ]
    return free[0] if len(free) == 1 else defined[0] if len(defined) == 1 else None


def _unreadable(code: str) -> str:
    try:
        ast.parse(code)
    except SyntaxError as failure:
        return f"the code is not Python: {failure.msg} (line {failure.lineno})"
    except (ValueError, RecursionError, MemoryError) as failure:
        return f"the code cannot be read: {failure}"
    return "there is no Python code in it"


def alike(one: str, other: str) -> bool:
    """The same value, however it is written; numbers up to the last digits."""
    if one == other:
        return True
    try:
        return _equal(ast.literal_eval(one), ast.literal_eval(other))
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return False


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
        return numbers and (one == other or abs(one - other) <= 1e-6 * max(1.0, abs(one), abs(other)))
    if isinstance(one, (list, tuple)) and type(one) is type(other):
        return len(one) == len(other) and all(_equal(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)
