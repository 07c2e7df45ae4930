"""What a question says about the form of its answer, read from its words, and whether the answer keeps to it."""

import re
from collections.abc import Callable, Iterator

from tinyllm.checks.blocks import asks_for_code, ends_of
from tinyllm.checks.counting import UNITS, counted
from tinyllm.checks.documents import document, within
from tinyllm.checks.exactly import WHOLE
from tinyllm.checks.marks import forbidden, marks
from tinyllm.checks.quoting import unquoted
from tinyllm.checks.registry import check
from tinyllm.checks.rule import Rule, bare, must, often
from tinyllm.checks.verdict import NOTHING, Judged, Verdict
from tinyllm.services import Services
from tinyllm.solvers.mathematics.numerals import SMALL

LONGEST = 400  # characters of a sentence that gives an instruction
COUNT = rf"(\d+|{'|'.join(SMALL)})"
UNIT = r"(words?|sentences?|paragraphs?|bullet points?|bullets|lines)"
WORDED = {
    "word": "words",
    "sentence": "sentences",
    "paragraph": "paragraphs",
    "bullet": "bullets",
    "line": "lines",
}
QUOTED = r"[\"“'‘«`]([^\"”'’»`\n]{1,80})[\"”'’»`]"
ORDERED = re.compile(
    r"(?i)^\W*(?:please\s+)?(?:write|answer|respond|reply|give|use|make|keep|explain|describe|summari[sz]e|list|name|tell|say|"
    r"limit|include|mention|do not|don't|avoid|never|end|finish|start|begin|wrap|output|return|provide|create|compose|"
    r"state|define|translate|your|the (?:answer|response|reply|text|output)|in |at the |there should |(?:the )?words? |separate|refrain|explain|entire |with |without|ensure|it (?:must|should)|only|no )"
    r"|\byour (?:entire |whole )?(?:answer|response|reply|text|output|summary|essay|story|poem|explanation)\b"
    r"|,\s*(?:in|with|using) (?:exactly|at (?:most|least)|no more|fewer|less|under|one|two|three|\d)"
)


@check()
async def instructions(judged: Judged, services: Services) -> Verdict:
    """The answer has the form that the question asks for: lengths, words, case, beginnings, ends, JSON."""
    for rule in () if judged.structured else rules(judged.question):
        if because := rule.wrong(judged.answer):
            return Verdict.bad(because)
    return NOTHING


def rules(question: str) -> list[Rule]:
    """The rules in a question; what is about a program's output is not about the answer."""
    if asks_for_code(question):
        return []
    question = unquoted(question)
    sentences = re.split(r"(?<=[.!?:;])\s+|\n+", ends_of(question))
    ordered = [each[:LONGEST] for each in sentences if ORDERED.search(each[:LONGEST])]
    found = [rule for sentence in ordered for find in FINDERS for rule in find(sentence)]
    return [*found, *(rule for find in WHOLE for rule in find(ends_of(question, 2 * LONGEST)))]


def _number(text: str) -> int:
    return int(text) if text.isdigit() else SMALL[text.lower()]


def _bounds(sentence: str) -> Iterator[Rule]:
    between = re.search(
        rf"(?i)\b(?:between\s+{COUNT}\s+and|{COUNT}\s*(?:to|-|–))\s*{COUNT}\s+{UNIT}", sentence
    )
    if between:
        yield _counts(_number(between[1] or between[2]), _number(between[3]), between[4])
        return
    if single := re.search(
        rf"(?i)\b(?:in|with|write|give|use|only)\s+(?:just |only )?(?:a|one) single {UNIT}\b", sentence
    ):
        yield _counts(1, 1, single[1])
    for found in re.finditer(
        rf"(?i)(?P<how>[\w' ]{{0,24}}?)\b{COUNT}\s*(?P<more>or (?:more|fewer|less)\s+)?{UNIT}\b(?P<end>(?: or (?:more|fewer|less))?)",
        sentence,
    ):
        number, how = _number(found[2]), found["how"].lower()
        more = f"{found['more'] or ''}{found['end']}".lower()
        yield from _bounded(number, how, more, found[4])


def _bounded(number: int, how: str, more: str, unit: str) -> Iterator[Rule]:
    """`at least 5`, `fewer than 5`, `5 or more`, `exactly 5`; a bare `in 5` means 5 of what can be counted at a glance."""
    if (
        re.search(r"at least|no (?:less|fewer) than|not less than|minimum of|a minimum", how)
        or "more" in more
    ):
        yield _counts(number, 0, unit)
    elif re.search(r"more than|over|exceed", how) and not re.search(r"(?:no|not) (?:more than|exceed)", how):
        yield _counts(number + 1, 0, unit)
    elif (
        re.search(
            r"at most|no more than|not more than|not exceed|up to|maximum of|a maximum|within|limit", how
        )
        or "fewer" in more
        or "less" in more
    ):
        yield _counts(0, number, unit)
    elif re.search(r"fewer than|less than|under|below", how):
        yield _counts(0, number - 1, unit)
    elif re.search(r"about|around|approximately|roughly|some", how):
        yield _counts(int(number * 0.7), int(number * 1.3) + 1, unit)
    elif "exactly" in how or (
        number <= 10 and re.search(r"\b(?:in|with|using|of|only|just|write|give|use)\s*(?:a |the )?$", how)
    ):
        yield _counts(number, number, unit)
    elif re.search(r"\bin\s*$", how):
        yield _counts(int(number * 0.8), int(number * 1.2) + 1, unit)


def _counts(least: int, most: int, unit: str) -> Rule:
    kind = next(kind for word, kind in WORDED.items() if unit.lower().startswith(word))

    def wrong(answer: str) -> str:
        count = counted(answer, kind)
        if count < least or (most and count > most):
            asked = (
                f"exactly {least}"
                if least == most
                else f"at least {least}"
                if count < least
                else f"at most {most}"
            )
            return f"it has {count} {UNITS[kind]}, {asked} were asked for"
        return ""

    return Rule(wrong)


def _listed(text: str) -> list[str]:
    """The words in quotation marks, or else the plain list that follows: `salt, sand and gull`."""
    if quoted := re.findall(QUOTED, text):
        return list(quoted)
    plain = re.match(r"\s+(\w+(?:(?:,\s*(?:and |or )?|\s+and\s+|\s+or\s+)\w+){0,9})\s*(?:[.!?,;]|$)", text)
    return re.split(r",\s*(?:and |or )?|\s+and\s+|\s+or\s+", plain[1]) if plain else []


def _words_in(sentence: str) -> Iterator[Rule]:
    forbids = re.search(
        r"(?i)\b(?:do not|don't|never|without|avoid|must not|should not|not)\b[^.]*?\b(?:us\w+|includ\w+|mention\w*|contain\w*|say\w*|writ\w+|words?|keywords?)\b(?P<rest>.*)",
        sentence,
    )
    if forbids:
        yield from (Rule(_without(word)) for word in _listed(forbids["rest"]))
        return
    wants = re.search(
        r"(?i)\b(?:include|mention|contain|use)s?\b[^.]*?\b(?:words?|keywords?|phrases?|terms?)\b(?P<rest>.*)",
        sentence,
    )
    if wants:
        if re.search(rf"(?i)\b(?:than|most|exactly)\s+{COUNT}\s+times", wants["rest"]):
            return  # that is no least
        times = re.search(rf"(?i)(?:at least\s+)?{COUNT}\s+times|\b(twice)\b", wants["rest"])
        least = 1 if times is None else 2 if times[2] else _number(times[1])
        yield from (Rule(_with(word, least)) for word in _listed(wants["rest"]))


def _times(word: str, answer: str) -> int:
    return len(re.findall(rf"(?i)(?<!\w){re.escape(word)}(?!\w)", answer))


def _with(word: str, least: int) -> Callable[[str], str]:
    often = f" {least} times" if least > 1 else ""
    return lambda answer: (
        ""
        if _times(word, answer) >= least
        else f"the word {word!r} must occur{often}, it occurs {_times(word, answer)} times"
    )


def _without(word: str) -> Callable[[str], str]:
    return lambda answer: f"the word {word!r} must not occur" if _times(word, answer) else ""


def _case(sentence: str) -> Iterator[Rule]:
    if re.search(
        r"(?i)\b(?:all|only|entirely)\b[^.]{0,12}\b(?:lower[- ]?case|small letters)\b|\bno capital letters\b"
        r"|\b(?:answer|respond|reply|write)\w*\s+in lower[- ]?case\b",
        sentence,
    ):
        yield Rule(lambda answer: "" if answer == answer.lower() else "it must be in small letters only")
    elif re.search(
        r"(?i)\b(?:all|only|entirely)\b[^.]{0,12}\b(?:capital letters|caps|upper[- ]?case|capitals)\b",
        sentence,
    ) and not re.search(r"(?i)\bwords (?:in|with) all cap", sentence):
        yield Rule(lambda answer: "" if answer == answer.upper() else "it must be in capital letters only")
    if re.search(
        r"(?i)\b(?:no|without|avoid|not use|don't use)\s+(?:any\s+|using\s+)?(?:any\s+)?commas?\b", sentence
    ):
        yield Rule(lambda answer: "there must be no comma in it" if "," in answer else "")


def _ends(sentence: str) -> Iterator[Rule]:
    tail = re.search(
        rf"(?i)\b(?:end|finish|conclude)\w*\b[^.\"“'‘]{{0,60}}?\bwith\b[^\"“'‘]{{0,40}}{QUOTED}", sentence
    )
    word = re.search(r"(?i)\b(?:end|finish)\b[^.\"]{0,40}?\bwith the word (\w+)", sentence)
    if word and not tail:
        yield must(
            lambda answer: bare(answer).split()[-1:] == [word[1].lower()], f"it must end with {word[1]}"
        )
    if tail:
        yield Rule(
            lambda answer: "" if bare(answer).endswith(bare(tail[1])) else f"it must end with {tail[1]!r}"
        )
    head = re.search(
        rf"(?i)\b(?:start|begin)\w*\b[^.\"“'‘]{{0,60}}?\bwith\b[^\"“'‘]{{0,40}}{QUOTED}", sentence
    )
    if head:
        yield Rule(
            lambda answer: "" if bare(answer).startswith(bare(head[1])) else f"it must begin with {head[1]!r}"
        )


def _shapes(sentence: str) -> Iterator[Rule]:
    if re.search(r"(?i)\b(?:in|as|with|only|valid|return|output)\b[^.]{0,20}\bjson\b", sentence):
        yield Rule(_not_json)
    if re.search(r"(?i)\bwrap\b[^.]*\b(?:double )?quotation marks\b|\bin double quotes\b", sentence):
        quoted = re.compile(r"\s*[\"“].*[\"”]\s*", re.DOTALL)
        yield must(quoted.fullmatch, "it must stand in double quotation marks")
    if re.search(r"(?i)\btitle\b[^.]*(?:<<|double angular brackets)", sentence):
        yield must(re.compile(r"<<[^\n<>]+>>").search, "it needs a title like <<this>>")
    if re.search(r"(?i)\b(?:answer|respond|reply)\b[^.]*?\bwith[^.]*?\byes\b\W+or\W+no\b", sentence):
        yield must(re.compile(r"(?i)\W*(?:yes|no)\b").match, "it must say yes or no first")


def _amounts(sentence: str) -> Iterator[Rule]:
    if found := re.search(rf"(?i)\bat least\s+{COUNT}\s+placeholders?\b", sentence):
        yield often(r"\[[^\]\n]+\]", _number(found[1]), "placeholders such as [name]")
    if found := re.search(
        rf"(?i)\bhighlight\w*\s+(?:at least\s+)?{COUNT}\s+(?:sections?|parts?|phrases?|words?)", sentence
    ):
        yield often(r"\*[^\s*][^*\n]*\*", _number(found[1]), "parts in *asterisks*")
    if found := re.search(
        rf"(?i)\bletter\s+[\"“']?([a-z])[\"”']?\s[^.]*?\b(?:at least|appears?)\s+(?:at least\s+)?{COUNT}\s+times",
        sentence,
    ):
        yield often(f"(?i){found[1]}", _number(found[2]), f"letters {found[1].lower()!r}")


def _not_json(answer: str) -> str:
    try:
        document(within(answer))
    except ValueError as failure:
        return f"it must be JSON: {failure}"
    return ""


FINDERS: tuple[Callable[[str], Iterator[Rule]], ...] = (
    _bounds,
    _words_in,
    forbidden,
    _case,
    _ends,
    _shapes,
    _amounts,
    marks,
)
