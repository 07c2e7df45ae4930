"""Signs, letters, words and parts that must, or must not, stand in an answer: sections, a postscript, no letter z."""

import re
from collections.abc import Iterator
from functools import partial

from tinyllm.checks.rule import Rule, must
from tinyllm.solvers.mathematics.numerals import SMALL

COUNT = rf"(\d{{1,6}}|{'|'.join(SMALL)})"
FORBIDS = (
    r"(?i)\b(?:no|not use|don't use|never use|without(?: using)?|avoid(?: using)?|refrain from(?: the)?(?: use of| using)?)"
    r"\s+(?:any\s+|the\s+)?"
)
SIGNS = {
    "comma": ",",
    "exclamation mark": "!",
    "exclamation point": "!",
    "question mark": "?",
    "semicolon": ";",
}
OCCURS = re.compile(
    r"(?i)\bword\s+[\"“'‘`]?(?P<word>[\w-]{1,40})[\"”'’`]?\s[^.\n]{0,40}?"
    rf"(?P<how>at least|at most|exactly|less than|fewer than|more than|no more than)\s+(?P<count>{COUNT})\s+times"
)


# What is to be explained is no order: `Explain why a lipogram has no letter e.`
SPOKEN_OF = re.compile(
    r"(?i)^\W*(?:explain|describe|discuss|tell)\b[^.,;]{0,40}\b(?:why|what|when|how|whether)\b"
)


def forbidden(sentence: str) -> Iterator[Rule]:
    if SPOKEN_OF.search(sentence):
        return
    for name, sign in SIGNS.items():
        if name != "comma" and re.search(rf"{FORBIDS}{name}s?\b", sentence):
            yield must(partial(_free_of, sign), f"there must be no {name} in it")
    if re.search(r"(?i)\brefrain from\b[^.]{0,30}\bcommas?\b", sentence):
        yield must(partial(_free_of, ","), "there must be no comma in it")
    if letter := re.search(rf"{FORBIDS}letter\s+[\"“'‘`]?([a-z])\b", sentence):
        sign = letter[1].lower()
        yield must(lambda answer: sign not in answer.lower(), f"the letter {sign!r} must not occur")


def _free_of(sign: str, answer: str) -> bool:
    return sign not in answer


def marks(sentence: str) -> Iterator[Rule]:
    if SPOKEN_OF.search(sentence):
        return
    if re.search(r"(?i)\bpostscript\b[^\n]{0,60}\bp\.\s?(?:p\.\s?)?s\b", sentence):
        yield must(
            re.compile(r"(?im)^\W*p\.\s?(?:p\.\s?)?s\b").search, "it needs a postscript that begins with P.S."
        )
    if re.search(r"(?i)^\W*(?:end|finish)\b[^.]{0,30}\bwith a question\b", sentence):
        yield must(lambda answer: answer.rstrip("\"'”’)*_ \n").endswith("?"), "it must end with a question")
    if found := OCCURS.search(sentence):
        yield _occurs(found["word"], found["how"].lower(), _number(found["count"]))
    highlights = re.search(r"(?i)\bhighlight", sentence)
    if not highlights and (
        found := re.search(
            rf"(?i)(?<!\bthe )\b(?:at least\s+|exactly\s+)?{COUNT}\s+sections\b(?! of\b)", sentence
        )
    ):
        yield _sections(_number(found[1]))
    if re.search(r"(?i)\bseparate\w*\b[^.\n]{0,60}\*{3,6}", sentence):
        yield must(re.compile(r"\*{3,6}").search, "its parts must be separated by asterisks")
    if found := re.search(
        rf"(?i)\bwords (?:with|in) all cap\w*[^.]{{0,40}}\bat least {COUNT} times", sentence
    ):
        least = _number(found[1])
        yield must(
            lambda answer: len(re.findall(r"\b[A-Z]{2,}\b|\b[AI]\b", answer)) >= least,
            f"it needs {least} words in capital letters",
        )


def _number(text: str) -> int:
    return int(text) if text.isdigit() else SMALL[text.lower()]


def _occurs(word: str, how: str, number: int) -> Rule:
    times = re.compile(rf"(?i)(?<!\w){re.escape(word)}(?!\w)")
    least = number + (how == "more than") if how in ("at least", "exactly", "more than") else 0
    most = number - (how in ("less than", "fewer than")) if least == 0 or how == "exactly" else None

    def holds(answer: str) -> bool:
        count = len(times.findall(answer))
        return count >= least and (most is None or count <= most)

    return must(holds, f"the word {word!r} must occur {how} {number} times")


def _sections(least: int) -> Rule:
    heads = re.compile(
        r"(?im)^\W*(?:section|part|chapter|day|paragraph)\s+\w+|^#{1,6} \S|^\*\*[^*\n]+\*\*:?\s*$"
    )
    return must(
        lambda answer: len(heads.findall(answer)) >= least, f"it needs {least} sections, each with its mark"
    )
