"""Questions that want one thing and nothing else: a number, a letter, a date, JSON with these keys."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tinyllm.checks.blocks import fenced
from tinyllm.checks.documents import document, within
from tinyllm.checks.rule import Rule, bare, must

NOTHING_ELSE = re.compile(
    r"(?i)\b(?:only|just|nothing else|nothing but|no other|add nothing|no explanation|without (?:any )?explanation)\b"
)
NAMED = re.compile(r"(?i)\bkeys?\s+(?=[\"“`])|\bas json:\s*(?=[\"“`])")
ONLY_JSON = re.compile(
    r"(?i)\b(?:only|just|nothing but)\b(?: (?:with|in|as|the|a|an|valid|raw|plain))* json\b"
    r"|\bjson(?: (?:object|list|array|document|value|code))?,? (?:only|alone)\b(?=\W*(?:$|[.,;:!)\n]))"
    r"|\bjson\b[^.!?\n]{0,120}[^\w.!?\n](?:nothing else|no other text|no prose|no explanation|without (?:any )?(?:explanation|prose))\b"
)
KEY = re.compile(
    r"[\"“`](?P<key>[\w -]{1,40})[\"”`]"
    r"(?P<said>\s*\([^)\n]{0,60}\)|\s+set to (?:null|[\"“`][^\"”`\n]{0,60}[\"”`]|[\w.-]+)|,? (?:which )?is [^\"“`.;\n]{0,60}?(?=,|\.|;| with |$))?"
    r"(?P<more>\s*,?\s*(?:and |with )?(?=[\"“`]))?",
    re.MULTILINE,
)
KIND = re.compile(
    r"\b(text|string|whole number|integer|number|list|array|object|boolean|true or false|null)\b"
)
KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "string": (str,),
    "whole number": (int,),
    "integer": (int,),
    "number": (int, float),
    "list": (list,),
    "array": (list,),
    "object": (dict,),
    "boolean": (bool,),
    "true or false": (bool,),
    "null": (type(None),),
}
SEPARATORS = {"comma": ",", "semicolon": ";", "space": " ", "tab": "\t", "pipe": "|", "slash": "/"}
DATE = {"YYYY": r"\d{4}", "MM": r"\d{2}", "DD": r"\d{2}"}


def alone(question: str) -> Iterator[Rule]:
    """What stands alone when nothing else is wanted."""
    if not NOTHING_ELSE.search(question):
        return
    for pattern, form, because in (
        (r"(?i)\byes or no\b", r"(?i)\W*(?:yes|no)\W*", "it must be yes or no, and nothing else"),
        (r"(?i)\bwith (?:the |a |one )?number\b|\bnumber only\b", r"[-−+]?[\d,.]*\d%?", "it must be the number in digits, and nothing else"),
        (r"(?i)\bwith (?:the |a |one )?letter\b|\bletter only\b", r"\W*[A-Za-z]\W*", "it must be the letter, and nothing else"),
        (r"(?i)\bonly the e-?mail address\b", r"[^\s@<>()]+@[^\s@<>()]+\.\w+", "it must be the address, and nothing else"),
    ):  # fmt: skip
        if re.search(pattern, question):
            wanted = re.compile(form)
            yield must(lambda answer, wanted=wanted: wanted.fullmatch(answer.strip().strip("*`.")), because)  # type: ignore[misc]
    if repeated := re.search(r"(?is)\brepeat\b[^:]{0,60}\bexactly\b[^:]{0,40}:\s*(.+)", question):
        words = repeated[1].strip()
        yield must(lambda answer: bare(answer) == bare(words), f"it must be exactly: {words[:80]}")
    if separated := re.search(
        r"(?i)\bseparated by (?:a )?(comma|semicolon|tab|pipe|slash)s?\b(?P<tight>[^.]*\bwithout spaces)?",
        question,
    ):
        sign = SEPARATORS[separated[1].lower()]
        yield must(lambda answer: sign in answer, f"it must be separated by {separated[1]}s")
        if separated["tight"]:
            yield must(lambda answer: " " not in answer.strip(), "there must be no spaces in it")


def dates(question: str) -> Iterator[Rule]:
    """A date in the form that is written out."""
    for form in re.findall(r"\b(?:YYYY|MM|DD)(?:[-/.](?:YYYY|MM|DD)){2}\b", question):
        pattern = re.compile(
            re.sub("YYYY|MM|DD", lambda part: DATE[part[0]], re.escape(form).replace("\\-", "-"))
        )
        yield must(pattern.search, f"the date must be written as {form}")


def fences(question: str) -> Iterator[Rule]:
    """A block of code that is marked as such."""
    if asked := re.search(r"(?i)\bin a fenced (?:code )?block\b(?:[^.]*?\bmarked as (\w+))?", question):
        name = (asked[1] or "").lower()
        said = f" marked as {name}" if name else ""
        yield must(
            lambda answer: any(not name or block.language.lower() == name for block in fenced(answer)[0]),
            f"it must be in a fenced block{said}",
        )


def keys(question: str) -> Iterator[Rule]:
    """JSON and nothing around it; the keys that it must have, and what stands behind them where that is said."""
    if not re.search(r"(?i)\bjson\b", question):
        return
    if ONLY_JSON.search(question):
        yield Rule(_not_alone)
    if re.search(r"(?i)\b(?:as|a|in) (?:a )?json (?:list|array)\b", question):
        yield _json(lambda value: "" if isinstance(value, list) else "it must be a JSON list")
    for start in NAMED.finditer(question):
        place: int | None = start.end()
        while place is not None and (item := KEY.match(question, place)):
            kind = KIND.search(item["said"] or "")
            yield _json(_has(item["key"], KINDS[kind[1]] if kind else ()))
            place = item.end() if item["more"] is not None else None


def _not_alone(answer: str) -> str:
    """A fence is no prose; what stands around it is."""
    found, around = fenced(answer)
    return "it must be JSON, and nothing else" if found and (around.strip() or len(found) > 1) else ""


def _has(key: str, kinds: tuple[type, ...]) -> Callable[[Any], str]:
    def wrong(value: Any) -> str:
        found = list(_under(key, value))
        if not found:
            return f"the key {key!r} is missing"
        fits = not kinds or any(
            isinstance(each, kinds) and (not isinstance(each, bool) or bool in kinds) for each in found
        )
        return "" if fits else f"what stands under {key!r} is of the wrong kind"

    return wrong


def _under(key: str, value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        for each in value.values():
            yield from _under(key, each)
    elif isinstance(value, list):
        for each in value:
            yield from _under(key, each)


def _json(wrong: Callable[[Any], str]) -> Rule:
    def said(answer: str) -> str:
        try:
            return wrong(document(within(answer)))
        except (ValueError, RecursionError):
            return ""  # that it is no JSON is said elsewhere

    return Rule(said)


WHOLE: tuple[Callable[[str], Iterator[Rule]], ...] = (alone, dates, fences, keys)
