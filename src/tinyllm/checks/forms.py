"""Checks of an answer's form that a graph asks for: its length, its language, its shape."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from tinyllm.checks.counting import UNITS, counted
from tinyllm.checks.documents import document, within
from tinyllm.checks.languages import language_of, wanted_language
from tinyllm.checks.registry import check
from tinyllm.checks.verdict import NOTHING, Judged, Verdict
from tinyllm.services import Services


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as failure:
        raise ValueError(f"is no regular expression: {failure}") from None
    return text


def _schema(schema: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(dict(schema or {}))
    except SchemaError as failure:
        place = "/".join(map(str, failure.absolute_path)) or "the whole"
        raise ValueError(f"is no JSON schema at {place}: {failure.message[:200]}") from None
    return schema


Count = Annotated[int, Field(ge=0)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Schema = Annotated[Mapping[str, Any] | None, AfterValidator(_schema)]
Unit = Literal["words", "characters", "sentences", "lines", "paragraphs", "bullets"]


@check()
async def length(
    judged: Judged, services: Services, *, least: Count = 0, most: Count = 0, unit: Unit = "words"
) -> Verdict:
    """The answer has at least, and at most, so many words (characters, sentences, lines, paragraphs, bullets)."""
    count = counted(judged.answer, unit)
    if count < least:
        return Verdict.bad(f"it has {count} {UNITS[unit]}; at least {least} are wanted")
    if most and count > most:
        return Verdict.bad(f"it has {count} {UNITS[unit]}; at most {most} are wanted")
    return NOTHING


@check()
async def language(judged: Judged, services: Services, *, code: str = "") -> Verdict:
    """The answer is in the language of the question, in the one it asks for, or in the one named here."""
    wanted = code or wanted_language(judged.question)
    found = language_of(judged.answer)
    if judged.structured or not wanted or not found or found == wanted:
        return NOTHING
    return Verdict.bad(f"it is written in {found!r}, the language {wanted!r} is wanted")


@check()
async def json_schema(
    judged: Judged, services: Services, *, schema: Schema = None, bare: bool = False
) -> Verdict:
    """The answer is JSON that follows the schema; in a fence as well, unless it must be bare."""
    if judged.structured:
        return _follows(judged.value, schema or {})
    try:
        value = document(judged.answer if bare else within(judged.answer))
    except ValueError as failure:
        return Verdict.bad(f"it is not JSON: {failure}; give JSON and nothing else")
    return _follows(value, schema or {})


def _follows(value: Any, schema: Mapping[str, Any]) -> Verdict:
    from jsonschema import Draft202012Validator

    try:
        error = next(Draft202012Validator(dict(schema)).iter_errors(value), None)
    except RecursionError:
        return Verdict.bad("it does not follow the schema: it is nested too deeply")
    if error is None:
        return NOTHING
    place = "/".join(map(str, error.absolute_path)) or "the whole"
    return Verdict.bad(f"it does not follow the schema at {place}: {error.message[:200]}")


@check()
async def matches(
    judged: Judged, services: Services, *, pattern: Pattern = "", whole: bool = False
) -> Verdict:
    """The answer holds, or as a whole is, what a regular expression describes."""
    text = judged.answer.strip()
    found = re.fullmatch(pattern, text, re.DOTALL) if whole else re.search(pattern, text)
    return NOTHING if found else Verdict.bad(f"it does not have the form {pattern}")
