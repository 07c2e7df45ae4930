"""Secrets never leave in a log, a trace, a message or a corpus."""

import base64
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

HIDDEN = "[redacted]"

PATTERNS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\b(?:sk|pk|rk|ghp|gho|ghs|github_pat|glpat|xox[abprs]|hf|npm)[-_][A-Za-z0-9_-]{12,}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    # "Bearer certificates" are two words; a token has more than small letters in it.
    re.compile(r"(?<=\b[Bb]earer )(?=\S*[A-Z0-9._~+/=-])[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?<=\b[Bb]asic )(?=\S*[A-Z0-9+/=])[A-Za-z0-9+/=]{8,}"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
NAMED = re.compile(
    r"""((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|signature|credential)s?["']?\s*[=:]\s*["']?)"""
    r"""([^\s"'&,;}]{4,})""",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """The text with everything that looks like a secret taken out."""
    for pattern in PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return NAMED.sub(lambda found: found.group(1) + HIDDEN, text)


SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|api_?key|access_?key|private_?key|_key$|^key$|credential|_pat$",
    re.IGNORECASE,
)
SHORTEST = 8  # characters; a shorter value would be found everywhere


@cache
def _is_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def known_secrets(environ: Mapping[str, str] = os.environ, more: Iterable[str] = ()) -> tuple[str, ...]:
    """The secrets in the environment, by the names of their variables: as they are, in base64 and as in a URL."""
    values = [*(environ[name] for name in environ if _is_secret(name)), *more]
    found = {
        form
        for value in values
        if len(value) >= SHORTEST
        for form in (
            value,
            base64.b64encode(value.encode("utf-8", "replace")).decode().rstrip("="),
            quote(value, ""),
        )
    }
    return tuple(sorted(found, key=len, reverse=True))


def without(value: Any, secrets: tuple[str, ...]) -> Any:
    """The same JSON value with these texts taken out, wherever they stand."""
    if not secrets:
        return value
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
        return value
    if isinstance(value, Mapping):
        return {without(key, secrets): without(each, secrets) for key, each in value.items()}
    if isinstance(value, list):
        return [without(each, secrets) for each in value]
    return value


def hidden(value: Any, secrets: tuple[str, ...] = ()) -> Any:
    """The same JSON value fit for an event: without these, and without what looks like a secret or is called one."""
    if isinstance(value, str):
        return redacted(without(value, secrets))
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if SECRET_NAME.search(str(key)) and isinstance(each, str) else hidden(each, secrets)
            for key, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [hidden(each, secrets) for each in value]
    return value


def safe(text: str) -> str:
    """The text fit to be shown and kept: without what looks like a secret, and without those of the environment."""
    return redacted(without(text, known_secrets()))
