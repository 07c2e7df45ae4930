"""What the shape of a reply says: empty, cut, looping, not the JSON that was asked for."""

import json
import re
from collections.abc import Callable

from tinyllm.errors.case import Case
from tinyllm.errors.loops import looping
from tinyllm.errors.refusals import refused

_PLACEHOLDER = re.compile(r"\s*(?:\$\{?[A-Z_]+\}?|<[A-Za-z_ ]+>|\{\{\s*\w+\s*\}\}|\[[A-Z_ ]{4,}\]|\.\.\.)\s*")
_WRAPPED = re.compile(
    r"^(?:Invalid json output|Could not parse LLM output|Failed to parse \w+ from completion):? ?",
    re.IGNORECASE,
)
_TRAILER = re.compile(r"\nFor troubleshooting, visit: \S+\s*$")
_LEAST = 100  # that the text is wrong is known here: less of a loop is enough to name it


def by_reply(case: Case) -> str | None:
    """For text that a model wrote, or that a parser of such text complained about."""
    if case.leaf == "OutputParserException":
        return None if (text := _quoted(case)) is None else shape(text)
    if case.kind != "text" or not case.message.strip():
        return _empty(case)
    if case.status == 200:
        return _said(case.message) or "INCOMPLETE_STREAM"
    return shape(case.message) if case.inside("llm.output") and not _speaks_of(case.message) else None


def shape(text: str) -> str:
    """What is wrong with a text from which JSON was expected."""
    looks: tuple[Callable[[str], str | None], ...] = (_nothing, _placeholder, _said, _json)
    return next((found for look in looks if (found := look(text))), "OUTPUT_UNUSABLE")


def _empty(case: Case) -> str | None:
    wrote_nothing = (
        case.kind == "text" and not case.message.strip() and case.inside("llm", "ollama", "langchain")
    )
    return "OUTPUT_EMPTY" if wrote_nothing else None


def _quoted(case: Case) -> str | None:
    """The reply inside the complaint of a parser."""
    found = _WRAPPED.match(case.message)
    return _TRAILER.sub("", case.message[found.end() :]) if found else None


def _speaks_of(text: str) -> bool:
    """A sentence about a reply, not the reply."""
    return bool(
        re.match(
            r"(?:the )?(?:model|llm|response|output|completion)\b.{0,40}\b(?:returned|was|did|is|has)\b",
            text,
            re.IGNORECASE,
        )
    )


def _nothing(text: str) -> str | None:
    return None if text.strip() else "OUTPUT_EMPTY"


def _placeholder(text: str) -> str | None:
    return "OUTPUT_PLACEHOLDER" if _PLACEHOLDER.fullmatch(text) else None


def _said(text: str) -> str | None:
    if looping(text, _LEAST):
        return "OUTPUT_REPETITION"
    if re.search(r"</?think(?:ing)?>|<\|channel\|>", text):
        return "OUTPUT_THINKING"
    return "OUTPUT_REFUSED" if refused(text) or re.search(r"\bcontent_filter\b", text) else None


def _json(text: str) -> str | None:
    body = text.strip()
    if body.startswith("```"):
        return "OUTPUT_FENCED"
    if not body.startswith(("{", "[")):
        inside = any(-1 < body.find(opening) < body.rfind(closing) for opening, closing in ("{}", "[]"))
        return "OUTPUT_PROSE_AROUND_JSON" if inside else "OUTPUT_NOT_JSON"
    try:
        json.loads(body)
    except (ValueError, RecursionError) as fault:
        return _broken(body, str(fault))
    return "OUTPUT_SCHEMA"


def _broken(body: str, fault: str) -> str:
    if fault.startswith("Invalid control character"):
        return "OUTPUT_CONTROL_CHAR"
    if re.match(r"[{\[]\s*'", body):
        return "OUTPUT_SINGLE_QUOTES"
    if fault.startswith("Extra data"):
        return "OUTPUT_PROSE_AROUND_JSON"
    opened = body.count("{") + body.count("[")
    return "OUTPUT_TRUNCATED" if opened > body.count("}") + body.count("]") else "OUTPUT_NOT_JSON"
