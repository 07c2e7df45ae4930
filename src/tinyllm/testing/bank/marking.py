"""Marks of answers, by what is known of the question and never by who answered."""

import re

from tinyllm.testing.bank.item import Item

_FENCED = re.compile(r"```[\w+-]*[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
_NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
_MARKED = (
    re.compile(rf"answer\s*(?:is)?\s*[:=]?\s*\**\s*[$€]?\s*({_NUMBER})", re.IGNORECASE),
    re.compile(rf"\\boxed\{{\s*({_NUMBER})\s*\}}"),
    re.compile(rf"\*\*\s*({_NUMBER})\s*\**"),
    re.compile(rf"(?<![\w.])({_NUMBER})"),
)
_SECONDS = 10.0


def marked(item: Item, answer: str) -> bool:
    """Whether an answer is right."""
    if item.label == "code":
        return runs_hidden(item, code_of(answer, _name(item)))
    if item.label == "general":
        said = [name for name in (item.gold, *item.decoys) if _says(name, answer)]
        return said == [item.gold]
    number = final_number(answer)
    return number is not None and abs(number - float(item.gold)) < 1e-6


def final_number(answer: str) -> float | None:
    """The number that an answer ends on: a marked one before any other."""
    for pattern in _MARKED:
        found = pattern.findall(answer)
        if found:
            return float(found[-1].rstrip(",").replace(",", ""))
    return None


def code_of(answer: str, name: str) -> str:
    """The block that defines a function; without fences the whole answer."""
    blocks: list[str] = _FENCED.findall(answer) or [answer]
    return next((block for block in blocks if f"def {name}" in block), blocks[0])


def runs_hidden(item: Item, code: str) -> bool:
    """Whether a program passes all hidden tests of its question, in the sandbox."""
    from tinyllm.sandbox import run

    ran = run(f"{code}\n\n{item.gold}\n'passed'", timeout=_SECONDS)
    return ran.ok and ran.value == "passed"


def _name(item: Item) -> str:
    return item.gold.removeprefix("assert ").split("(", 1)[0]


def _says(name: str, text: str) -> bool:
    """Case counts for short names: `As` and `as` are two things."""
    flags = re.IGNORECASE if len(name) > 2 else re.NOFLAG
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, flags))
