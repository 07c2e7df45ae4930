"""From a record to a verdict: layers of rules, the most structured first, words last."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tinyllm.errors.by_number import by_errno, by_exit, by_sqlstate, by_status
from tinyllm.errors.by_symbol import by_symbol
from tinyllm.errors.by_text import by_sentence, by_word
from tinyllm.errors.by_type import bug, caused, ending, named, stop_of
from tinyllm.errors.case import Case
from tinyllm.errors.codes import CODES, UNCLASSIFIED, Code
from tinyllm.errors.local import localised, usual
from tinyllm.errors.replies import by_reply
from tinyllm.errors.tree import Kind, Retry

Rule = Callable[[Case], str | None]

_VAGUE_STATES: Final = frozenset({"57014", "28000", "08006", "08001"})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a failure is, what it deserves, and which layer of rules said so."""

    code: str
    layer: str

    @property
    def row(self) -> Code:
        return CODES[self.code]

    @property
    def kind(self) -> Kind:
        return self.row.kind

    @property
    def retry(self) -> Retry:
        return self.row.retry

    @property
    def breaker(self) -> bool:
        return self.row.breaker

    @property
    def hint(self) -> str:
        return self.row.hint


def diagnose(case: Case, *, texts: bool = True) -> Diagnosis:
    """The first layer that knows the failure names it. Without `texts` no sentence is read."""
    for layer, rule in _LAYERS:
        if (texts or layer not in TEXTS) and (code := rule(case)):
            return Diagnosis(localised(code, case), layer)
    return Diagnosis(UNCLASSIFIED, "none")


def _firm_state(case: Case) -> str | None:
    return None if case.sqlstate in _VAGUE_STATES else by_sqlstate(case)


def _deep(case: Case) -> str | None:
    """Python's recursion limit while it reads data is the data's fault."""
    reading = case.leaf == "RecursionError" and (
        case.inside("core.input", "llm", "tool.args") or "decoding" in case.message
    )
    return "INPUT_TOO_DEEP" if reading else None


def _banner(case: Case) -> str | None:
    """One text, three failures: only the cause tells an SSH greeting that is late from one that never comes."""
    if case.leaf != "SSHException" or not case.cause:
        return None
    cause = case.cause.rpartition(".")[2]
    return {
        "EOFError": "SSH_NOT_SSH",
        "timeout": "SSH_BANNER_TIMEOUT",
        "TimeoutError": "SSH_BANNER_TIMEOUT",
    }.get(cause)


_WRAPPED_DRIVER = re.compile(r"^\((\w+)(?:\.\w+)*\.(\w+)\)")
_DATABASE: Final[dict[str, str]] = {
    "IntegrityError": "CONSTRAINT", "DataError": "BAD_LITERAL", "NotSupportedError": "SQL_INVALID",
    "ProgrammingError": "SQL_INVALID", "OperationalError": "DB_DOWN", "InterfaceError": "CONN_KILLED",
    "InternalError": "DB_SERVER_BROKEN", "DatabaseError": "DB_SERVER_BROKEN",
}  # fmt: skip
_OWN_DATABASE: Final[dict[str, str]] = {
    "IntegrityError": "PROGRAMMING_BUG", "DataError": "PROGRAMMING_BUG",
    "ProgrammingError": "PROGRAMMING_BUG", "InterfaceError": "PROGRAMMING_BUG",
    "OperationalError": "DB_IO_ERROR", "DatabaseError": "DB_CORRUPT", "InternalError": "DB_CORRUPT",
    "NotSupportedError": "PROGRAMMING_BUG",
}  # fmt: skip


def _database(case: Case) -> str | None:
    """The eight classes every Python database driver has."""
    wrapped = _WRAPPED_DRIVER.match(case.message)
    package, leaf = (wrapped[1], wrapped[2]) if wrapped else (case.package, case.leaf)
    if leaf not in _DATABASE:
        leaf = next(
            (name.rpartition(".")[2] for name in case.lineage if name.rpartition(".")[2] in _DATABASE), ""
        )
    if case.inside("core"):
        return _OWN_DATABASE.get(leaf)
    if "sqlite" in package:
        return {
            "OperationalError": "SQL_INVALID",
            "InterfaceError": "BAD_LITERAL",
            "DatabaseError": "DB_CORRUPT",
        }.get(leaf, _DATABASE.get(leaf))
    return _DATABASE.get(leaf)


def _failed_process(case: Case) -> str | None:
    """A program that ended badly and said nothing we know."""
    return "EXIT_NONZERO" if case.exit_code and case.inside("tool.shell") else None


TEXTS: Final = frozenset({"sentence", "word"})
_LAYERS: Final[tuple[tuple[str, Rule], ...]] = (
    ("stop", stop_of),
    ("reply", by_reply),
    ("depth", _deep),
    ("symbol", by_symbol),
    ("sqlstate", _firm_state),
    ("errno", by_errno),
    ("sentence", by_sentence),
    ("cause", _banner),
    ("sqlstate", by_sqlstate),
    ("exit", by_exit),
    ("status", by_status),
    ("type", named),
    ("type", _database),
    ("cause", caused),
    ("word", by_word),
    ("type", ending),
    ("exit", _failed_process),
    ("part", usual),
    ("type", bug),
)
