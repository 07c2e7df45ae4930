"""Secrets never leave in a log, a trace, a message or a corpus."""

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

HIDDEN = "[redacted]"

QUOTE = r"""\\*["']"""


def _word(before: int) -> str:
    """So many characters ago a word began; in JSON the letter of an escaped line may stand before it."""
    return rf"(?:(?<=\b.{{{before}}})|(?<=\\[nrtbf].{{{before}}}))"


PATTERNS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(
        rf"(?=[sprghxn]){_word(0)}"
        r"(?:sk|pk|rk|ghp|gho|ghs|github_pat|glpat|xox[abprs]|hf|npm)[-_][A-Za-z0-9_-]{12,}"
    ),
    re.compile(rf"(?:AKIA|ASIA){_word(4)}[A-Z0-9]{{16}}\b"),
    re.compile(rf"eyJ{_word(3)}[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]*"),
    # "Bearer certificates" are two words; a token has more than small letters in it.
    re.compile(rf"(?<=[Bb]earer ){_word(7)}(?=\S*[A-Z0-9._~+/=-])[A-Za-z0-9._~+/=-]{{8,}}"),
    re.compile(rf"(?<=[Bb]asic ){_word(6)}(?=\S*[A-Z0-9+/=])[A-Za-z0-9+/=]{{8,}}"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
# A value in quotes goes up to the same quote, with as many backslashes; one without them up to where words end.
NAMED = re.compile(
    rf"""((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|signature|credential)s?"""
    rf"""(?:{QUOTE})?\s*[=:]\s*)"""
    rf"""(?:(?P<quote>{QUOTE})(?:(?!(?<!\\)(?P=quote)).){{4,1000}}(?=(?P=quote))"""
    rf"""|((?:{QUOTE})?)(?:[^\s"'&,;}}\\]|\\+(?![\\"'])){{4,}})""",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """The text with everything that looks like a secret taken out."""
    for pattern in PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return NAMED.sub(lambda found: "".join((found[1], found["quote"] or found[3] or "", HIDDEN)), text)


SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|api_?key|access_?key|private_?key|_key$|^key$|credential|_pat$",
    re.IGNORECASE,
)
SHORTEST = 8  # characters; a shorter value would be found everywhere


@cache
def _is_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


@lru_cache(maxsize=256)
def _forms(value: str) -> frozenset[str]:
    """A secret as it may stand in a text: as it is, in base64, as in a URL, in JSON, and in JSON inside JSON."""
    coded = base64.b64encode(value.encode("utf-8", "replace")).decode().rstrip("=")
    once = {json.dumps(value, ensure_ascii=plain)[1:-1] for plain in (False, True)}
    twice = {json.dumps(each, ensure_ascii=plain)[1:-1] for each in once for plain in (False, True)}
    return frozenset({value, coded, quote(value, "", errors="replace"), *once, *twice})


def known_secrets(environ: Mapping[str, str] = os.environ, more: Iterable[str] = ()) -> tuple[str, ...]:
    """The secrets in the environment, by the names of their variables, each in all its forms."""
    values = [*(environ[name] for name in environ if _is_secret(name)), *more]
    found = {form for value in values if len(value) >= SHORTEST for form in _forms(value)}
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
    return all_safe([text])[0]


def all_safe(texts: Iterable[str]) -> list[str]:
    secrets = known_secrets()
    return [redacted(without(text, secrets)) for text in texts]
