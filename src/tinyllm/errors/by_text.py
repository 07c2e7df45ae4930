"""The vocabulary of failures: sentences per part, then words that mean the same everywhere."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from tinyllm.errors import by_text_models, by_text_tools
from tinyllm.errors.case import Case

VERSION: Final = 1
"""Raised whenever a rule changes, so that a score can name what it scored."""

_LONGEST: Final = 4000
_ALIASES: Final = {
    "langchain": "ollama",
    "llm.api": "ollama",
    "ollama.pull": "ollama",
    "llm": "ollama",
    "core.memory": "core",
}

# fmt: off
_ANYWHERE: Final = (
    ("DISK_FULL", r"no space left on device|disk (?:is )?full|disk quota exceeded|not enough space"),
    ("PROCESS_OOM", r"\bout of memory\b|cannot allocate memory|unable to allocate \S+ \w?i?b"),
    ("CANCELLED", r"\b(?:request|operation|task|context|run) (?:was |has been )?cancell?ed\b|\baborted by (?:the )?user\b"),
    ("CIRCUIT_OPEN", r"\bcircuit (?:breaker )?(?:is )?(?:still )?open\b"),
    ("TLS_CERT", r"certificate (?:verify failed|has expired|is not trusted|signed by unknown)|\bx509: |self[- ]signed certificate|hostname mismatch"),
    ("TLS_ERROR", r"\bwrong version number\b|\bssl handshake failed\b|\btls alert\b"),
    ("DNS_TEMPORARY", r"temporary failure in name resolution"),
    ("DNS_FAILURE", r"name or service not known|nodename nor servname|\bno such host\b|could not resolve host|getaddrinfo (?:failed|ENOTFOUND)|name resolution"),
    ("CONNECTION_REFUSED", r"connection (?:was )?refused|actively refused|\bECONNREFUSED\b|connection attempts failed"),
    ("OUR_NETWORK_DOWN", r"network is unreachable"),
    ("CONNECTION_FAILED", r"no route to host|host is unreachable|failed to establish a new connection|(?:cannot|can't|could not|failed to|unable to) connect"),
    ("READ_TIMEOUT", r"\btimed?[ -]?out\b|\bdeadline (?:has )?exceeded\b|\bETIMEDOUT\b|\btimeout (?:of|after|exceeded|expired|awaiting|waiting)\b|\b(?:took|taking) too long\b"),
    ("CONNECTION_RESET", r"connection (?:was |has been )?(?:reset|aborted|closed|lost|dropped)|server disconnected|\bbroken pipe\b|\bECONNRESET\b|socket hang up|unexpected EOF|closed (?:the )?connection"),
    ("BODY_UNREADABLE", r"incomplete (?:chunked )?read|more expected|while decompressing"),
    ("RATE_LIMITED", r"\brate[- ]?limit|\btoo many requests\b|\bthrottl(?:ed|ing)\b"),
    ("QUOTA_EXCEEDED", r"\bquota (?:has been )?exceeded\b|exceeded your .{0,30}quota|\binsufficient (?:funds|credits|quota)\b"),
    ("HTTP_UNAVAILABLE", r"\b(?:temporarily|service) unavailable\b|\boverloaded\b|\btry again later\b|\bunder maintenance\b"),
    ("HTTP_BAD_GATEWAY", r"\bbad gateway\b|\binternal server error\b"),
    ("HTTP_UNAUTHORIZED", r"\bunauthori[sz]ed\b|\bauthentication (?:failed|required)\b|\b(?:invalid|missing|incorrect) (?:api[ -]?key|credentials|password|token)\b|\blogin failed\b"),
    ("PERMISSION_DENIED", r"\b(?:permission|access) denied\b|\bforbidden\b|\bnot (?:permitted|authori[sz]ed|allowed)\b"),
    ("READ_ONLY_FILESYSTEM", r"\bread-only file ?system\b"),
    ("TOO_MANY_FILES", r"\btoo many open files\b"),
    ("FILE_LOCKED", r"\bresource temporarily unavailable\b|\bis locked\b|\bin use by another process\b"),
    ("NAME_CONFLICT", r"\balready (?:exists|in use|taken|registered)\b"),
    ("MODULE_MISSING", r"\bno module named\b|\bis not installed\b|\bpip install\b"),
    ("NOT_SERIALISABLE", r"\bnot (?:json |msgpack )?seriali[sz]able\b|cannot pickle"),
    ("EMBEDDING_DIMENSIONS", r"\bdimension(?:s|ality)?\b.{0,60}(?:mismatch|expected|does not match|do not match|differ)|(?:mismatch|inconsistent).{0,60}\bdimension"),
    ("NOT_SUPPORTED_HERE", r"\bnot (?:supported|implemented)\b|\bunsupported\b|\bdoes(?: not|n't) support\b"),
    ("DATA_MALFORMED", r"\b(?:invalid|malformed|unexpected|unterminated|unparsable|ill-formed|truncated|missing|unknown|unrecogni[sz]ed|illegal|bad)\b|\bexpect(?:ed|ing)\b|\bcould not parse\b|\bfailed to parse\b|\bmust be\b|\bis required\b|\bout of range\b|\btoo (?:long|large|big|short|deep)\b|\bnot found\b|\bdoes not exist\b|\bno such\b"),
)
# fmt: on


def by_sentence(case: Case) -> str | None:
    """A sentence of the part where it happened."""
    text = case.message[:_LONGEST]
    if not text.strip():
        return None
    return next((code for code, pattern in _of(case.component) if pattern.search(text)), None)


def by_word(case: Case) -> str | None:
    """A word that means the same everywhere."""
    text = case.message[:_LONGEST]
    return next((code for code, pattern in _compiled() if pattern.search(text)), None)


@cache
def _of(component: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The rules of a part and of the parts it is in, in their order."""
    parts = {component, component.rpartition(".")[0], _ALIASES.get(component, component)} - {""}
    rules = (*by_text_models.RULES, *by_text_tools.RULES)
    return _patterns((code, pattern) for part, code, pattern in rules if part in parts)


@cache
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return _patterns(_ANYWHERE)


def _patterns(rules: Iterable[tuple[str, str]]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((code, re.compile(pattern, re.IGNORECASE | re.MULTILINE)) for code, pattern in rules)
