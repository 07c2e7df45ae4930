"""The number that an answer comes to, in whatever form it was written."""

import re
from collections.abc import Iterator
from fractions import Fraction

SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
LONGEST = 20_000  # characters of an answer that are looked at, from its end
DIGITS = 60

# Said in so many words, the last time counts.
SAID = (
    re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}"),
    re.compile(r"####\s*(.+)"),
    re.compile(
        r"\b(?:answer|result|total|solution)\b[*_`]*\s*(?:is|are|was|=|:|comes to)[*_`:]*\s*([^\n]+)",
        re.IGNORECASE,
    ),
    re.compile(r"\*\*([^*\n]*\d[^*\n]*)\*\*"),
)
PLAIN = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d{1,3})?(?:/\d+)?", re.IGNORECASE)
NUMBER = re.compile(
    r"(?P<sign>(?<![\w)\]])-\s?)?(?:[$€£¥]\s?)?(?P<sign2>-)?"
    r"(?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d+|(?=\.\d))(?P<part>\.\d+)?"
    r"(?:e(?P<power>[-+]?\d{1,3})\b|\s?(?:×|x|\*|\\times)\s?10(?:\^|\*\*)\{?(?P<ten>-?\d{1,3})\}?)?"
    r"(?:\s(?P<over>\d+)\s?/\s?(?P<under>\d+)|\s?/\s?(?P<below>\d+)(?![\d.]))?"
    r"(?:\s?(?P<percent>%|percent\b|per cent\b)|\s(?P<scale>thousand|million|billion|trillion)\b)?",
    re.IGNORECASE,
)
# 1.234,50 and 1.234.567, where nothing but a thousand can be meant; 1 000 000 and 1 234,5.
DOTTED = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:\.\d{3})+)(?:,(\d+)(?![\d.,]*\d)|(?<=\.\d{3}\.\d{3})(?![\d.,]*\d))"
)
SPACED = re.compile(r"(?<![\w.,/])(?<![\d.,] )(\d{1,3}(?: \d{3})+)(?:[.,](\d+))?(?![\d/])(?! \d)")
WORDED = re.compile(
    r"\b(?:is|are|makes?|equals?|gives?|be|becomes?|comes to|leaves?)[:*_]*\s+[*_]*([a-z][a-z -]*[a-z])[*_]*\s*[.!]*\s*$",
    re.IGNORECASE,
)
FRACTION = re.compile(r"\\d?frac\s*\{(-?\d+)\}\s*\{(\d+)\}")


def exactly(text: str) -> Fraction | None:
    """A number as a suite's writer gives it."""
    text = text.strip().replace(",", "").replace("−", "-").replace("_", "")
    if len(text) > DIGITS or not PLAIN.fullmatch(text):
        return None
    whole, _, below = text.partition("/")
    if below and not int(below):
        return None
    return Fraction(whole) / int(below or 1)


def last(answer: str) -> tuple[Fraction, ...]:
    """What the number that an answer comes to may be: the one that it says so of, or its last."""
    text = SPACED.sub(_grouped, DOTTED.sub(_grouped, tidy(answer)))
    for pattern in SAID:
        said = [match[1] for match in pattern.finditer(text)]
        if said and (found := list(numbers(said[-1]))):
            # "The answer is 3 + 4 = 7.": what stands behind the last sign; else the first number said.
            after = list(numbers(said[-1].rsplit("=", 1)[1])) if "=" in said[-1] else []
            return (after or found)[0]
    found = list(numbers(text))
    worded = WORDED.search(text[-100:])  # "The sum of 3 and 4 is seven."
    return (
        _all_words(worded[1]) if worded and _all_words(worded[1]) else found[-1] if found else _in_words(text)
    )


def every(answer: str) -> list[tuple[Fraction, ...]]:
    """All numbers of the last line that has one."""
    for line in reversed(tidy(answer).splitlines()):
        boxed = SAID[0].findall(line)
        text = boxed[-1] if boxed else line.rsplit(":", 1)[-1]
        if found := list(numbers(text)) or list(numbers(line)):
            return found
    return []


def numbers(text: str) -> Iterator[tuple[Fraction, ...]]:
    """Each number that stands there; a percentage is its figure and its part of one."""
    for match in NUMBER.finditer(text):
        if len(match[0]) > DIGITS or not (match["whole"] or match["part"]):
            continue
        yield _values(match)


def tidy(answer: str) -> str:
    """The end of an answer with one kind of minus, and fractions on one line."""
    text = answer[-LONGEST:].replace("−", "-").replace("\u00a0", " ").replace("\u202f", " ")
    text = text.replace("\\%", "%").replace("\\$", "$").replace("\\,", "").replace("{,}", ",")
    return FRACTION.sub(r"\1/\2", text)


def _values(match: re.Match[str]) -> tuple[Fraction, ...]:
    value = Fraction((match["whole"] or "0").replace(",", "") + (match["part"] or ""))
    value *= Fraction(10) ** int(match["power"] or match["ten"] or 0)
    if match["under"] and int(match["under"]):
        value += Fraction(int(match["over"]), int(match["under"]))
    if match["below"] and int(match["below"]):
        value /= int(match["below"])
    value *= SCALES.get((match["scale"] or "").lower(), 1)
    value = -value if match["sign"] or match["sign2"] else value
    return (value, value / 100) if match["percent"] else (value,)


def _grouped(match: re.Match[str]) -> str:
    whole = re.sub(r"[ .]", "", match[1])
    return f"{whole}.{match[2]}" if match[2] else whole


def _all_words(text: str) -> tuple[Fraction, ...]:
    """The number, where every word belongs to it."""
    from tinyllm.solvers.mathematics.numerals import number_words

    words = re.findall(r"[a-z]+(?:-[a-z]+)?", text.lower())
    taken, value = number_words(words)
    return (value,) if words and taken == len(words) else ()


def _in_words(text: str) -> tuple[Fraction, ...]:
    """`twelve` and `two thirds`, where there is no figure at all."""
    from tinyllm.solvers.mathematics.numerals import number_words

    words = re.findall(r"[a-z]+(?:-[a-z]+)?", text.lower())
    found: tuple[Fraction, ...] = ()
    place = 0
    while place < len(words):
        taken, value = number_words(words[place:])
        found = (value,) if taken else found
        place += taken or 1
    return found


def near(value: Fraction, wanted: Fraction, within: float, share: float | None) -> bool:
    if share is None:  # a whole number is right or wrong; others were rounded somewhere
        share = 0.0 if value.denominator == wanted.denominator == 1 else 1e-6
    return abs(value - wanted) <= max(Fraction(within), abs(wanted) * Fraction(share))
