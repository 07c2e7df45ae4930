"""What a prompt asks about a question: an answer, a program, tests, or something that a cue tells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinyllm.testing.simulator.population import Aside, Gold

# However it is worded: what is to be written follows the verb closely, and passing tests is not writing them.
_VERB = r"\b(?:write|give|list|make|create|propose|suggest|produce|generate|invent|compose)\b"
_TASKS = {
    "tests": re.compile(
        rf"{_VERB}(?:(?!\b(?:pass|passes|for|that|which|program|code|function)\b)[^.:?!\n]){{0,50}}"
        r"\b(?:tests?|test cases?|asserts?|assertions?)\b",
        re.IGNORECASE,
    ),
    "program": re.compile(
        rf"{_VERB}(?:(?!\btests?\b)[^.:?!\n]){{0,50}}\b(?:programs?|python|scripts?|code)\b", re.IGNORECASE
    ),
}


def flat(text: str) -> str:
    return " ".join(text.split())


def aside(gold: Gold, messages: Sequence[dict[str, Any]]) -> Aside | None:
    """What is asked besides the question itself; nothing when it is simply to be answered."""
    around = _around(gold, messages)
    return next((each for each in gold.asides if _meant(each.cue, around)), None)


def _meant(cue: str, around: str) -> bool:
    task = _TASKS.get(cue)
    return bool(task.search(around)) if task else flat(cue).lower() in around.lower()


def _around(gold: Gold, messages: Sequence[dict[str, Any]]) -> str:
    """The prompt without the question, up to the first reply: what comes later is about that reply."""
    question = flat(gold.question)
    said: list[str] = []
    for message in messages:
        if message["role"] == "assistant" and any(question in each for each in said):
            break
        said.append(flat(str(message.get("content") or "")))
    return " . ".join(each.replace(question, " . ") for each in said)


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer of ours that stands in a prompt: as it is quoted, and whether it is right."""

    form: str
    right: bool


def shown(gold: Gold, text: str) -> Shown | None:
    """The answer that stands in a text beside the question, the longest of several; nothing when none of ours does."""
    rest = flat(text).replace(flat(gold.question), " ")
    answers = [(each, True) for each in (gold.answer, *gold.others)] + [(each, False) for each in gold.wrong]
    for form_of in (forms, _core):
        found = [
            (len(form), form, right)
            for each, right in answers
            for form in form_of(each)
            if place(form, rest) >= 0
        ]
        if found:
            _, form, right = max(found)
            return Shown(form, right)
    return None


_FENCED = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
_LAST_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?=\D*\Z)")


def forms(answer: str) -> list[str]:
    """How an answer may be quoted: whole, or only the code in it."""
    return [flat(answer), *(flat(code) for code in _FENCED.findall(answer))]


def _core(answer: str) -> list[str]:
    """The number that it comes to, when the words around it are gone."""
    found = [] if "```" in answer else _LAST_NUMBER.findall(answer)
    return [form for number in found for form in (number, number.replace(",", ""))]


def place(form: str, text: str) -> int:
    """Where a text stands in another as whole words; -1 when it does not."""
    found = re.search(rf"(?<![\w.]){re.escape(form)}(?!\w|\.\d)", text)
    return found.start() if found else -1
