"""What an answer states as its result, and whether two results say the same in different forms."""

import re
from fractions import Fraction

from tinyllm.checks.blocks import ends_of
from tinyllm.solvers.mathematics.numerals import SCALES, SMALL

MARKS = (
    re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}"),
    re.compile(r"####\s*([^\n]+)"),
    re.compile(
        r"(?im)^[^\w\n]*_*(?:the\s+)?(?:final\s+)?(?:answer|result)\W*?\s*(?:[:=]|\bis\b)[ \t*_:]*([^\n]*\S)"
    ),
    re.compile(r"(?i)\b(?:final\s+)?(?:answer|result)\s*(?:is|[:=])[ \t*_:]*([^\n]*?\S)(?=\.?\s*$|\.\s|\n)"),
)
WORDS = re.compile(
    rf"\b(?:{'|'.join(sorted({*SMALL, *SCALES, 'hundred'}, key=len, reverse=True))})\b", re.IGNORECASE
)
CONCLUDES = re.compile(
    r"(?i)\b(?:so|therefore|thus|hence|makes?|equals|gives?|is|are|be|totals?|leaves?|gets?|has|have)\b"
)
PARTING = re.compile(r"(?i)\W*(?:hope|let me|feel free|if you|please|do you|would you|note|thank)\b")
SEVERAL = re.compile(r"\bor\b|\band\b|[,;]\s")
LISTED = re.compile(r"\d\s*(?:\bor\b|\band\b|[,;])\s*[-−]?\d")
TAIL, LONGEST, DIGITS = 4_000, 20_000, 400  # characters that are looked at
CLOSE = Fraction(1, 10**6)
FILLING = re.compile(
    r"\b(?:the|a|an|is|are|it|its|answer|result|final|so|therefore|thus|of|about|approximately)\b|[^\w\s+/^.%-]"
)


def stated(answer: str) -> str:
    """The part of an answer that states its result; empty when it marks none."""
    answer = answer[-TAIL:]
    for mark in MARKS:
        if found := list(mark.finditer(answer)):
            return found[-1].group(1).strip().strip("*_`$ ")
    return ""


def result(answer: str) -> str:
    """What it states, or else its last line that has a number, from the last equals sign on."""
    if marked := stated(answer):
        return marked
    answer = answer[-TAIL:]
    lines = [line for line in answer.splitlines() if not PARTING.match(line) and numbers(line)][-1:]
    if not lines:
        return " ".join(answer.split())[-200:]
    sentences = [each for each in re.split(r"(?<=[.!?])\s+(?=[A-Z])", lines[-1]) if numbers(each)]
    last = _last_side(sentences[-1] if sentences else lines[-1])
    said = [part for part in CONCLUDES.split(last) if numbers(part)] if len(numbers(last)) > 1 else []
    return said[-1].strip() if said and not LISTED.search(last) else last


def _last_side(text: str) -> str:
    """Behind the last equals sign, where there is a number behind it and it is not one of several solutions."""
    if re.search(r"=[^=]*(?:\bor\b|\band\b|,|;)[^=]*=", text):
        return text.strip()
    tail = re.split(r"[=≈]", text)[-1]
    return tail.strip() if numbers(tail) else text.strip()


def numbers(text: str) -> tuple[Fraction, ...]:
    """The numbers in a text, in whatever form they are written."""
    text = _unlatexed(text[:LONGEST])
    found = [_fraction(each) for each in re.finditer(_ANY, text)]
    return tuple(each for each in found if each is not None) or _in_words(text)


_PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_ANY = re.compile(
    rf"(?P<sign>(?:(?<=^)|(?<=[\s(\[{{=,:$€£]))[-−–]\s?[$€£]?)?(?:(?P<whole>\d+)[ ](?=\d+/\d))?(?P<up>{_PLAIN})"
    r"(?:[eE](?P<power>[-+]?\d{1,3})\b|\s?[×x*]\s?10\s?(?:\^|\*\*)\s?\(?(?P<ten>[-−]?\d{1,3})\)?)?"
    rf"(?:\s?/\s?(?P<down>{_PLAIN})(?![\d/]))?(?:\s+(?P<scale>thousand|million|billion|trillion)\b)?",
    re.MULTILINE,
)


def _fraction(found: re.Match[str]) -> Fraction | None:
    if max(len(found["up"]), len(found["down"] or "")) > DIGITS:
        return None
    value = Fraction(found["up"].replace(",", ""))
    if found["down"]:
        down = Fraction(found["down"].replace(",", ""))
        if not down:
            return None
        value /= down
    value += int(found["whole"] or 0)
    power = int((found["power"] or found["ten"] or "0").replace("−", "-"))
    value *= Fraction(10) ** power if abs(power) <= 300 else 1
    value *= SCALES.get(found["scale"] or "", 1)
    return -value if found["sign"] else value


def _unlatexed(text: str) -> str:
    """`\\frac{3}{4}` as 3/4, `\\$1{,}200` as $1,200, `\\text{cm}` as cm."""
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r" \1/\2", text)
    text = re.sub(r"\\(?:text|mathrm|mathbf)\s*\{([^{}]*)\}", r" \1", text)
    text = text.replace("{,}", ",").replace("\\%", "%").replace("\\times", "×").replace("\\cdot", "*")
    return (
        re.sub(r"\\[,;!$ ]|\\[a-z]+", " ", text)
        .replace("_", "")
        .replace("^{", "^")
        .replace("{", "")
        .replace("}", "")
    )


def _in_words(text: str) -> tuple[Fraction, ...]:
    """`twenty-four apples`, where no number is written in digits."""
    found: list[int] = []
    past = -2
    for word in WORDS.finditer(text.lower()):
        joined = word.start() - past <= 1 or text[past : word.start()].strip() in ("", "and", "-")
        value = SMALL.get(word[0])
        if value is not None:
            if joined and found:
                found[-1] += value
            else:
                found.append(value)
        elif found and joined:
            found[-1] *= SCALES.get(word[0], 100)
        past = word.end()
    return tuple(map(Fraction, found))


def same(one: str, other: str) -> bool:
    """Do two results say the same? `$1,200.00` and `1200 dollars` do, `1/3` and `0.333` do, `12` and `13` do not."""
    if _words(one) == _words(other):
        return True
    left, right = numbers(one), numbers(other)
    if not left or not right:
        return False
    if len(left) == len(right):
        listed = SEVERAL.search(one) and SEVERAL.search(other)
        ordered = (sorted(left), sorted(right)) if listed else (left, right)
        return all(_close(a, b, one, other) for a, b in zip(*ordered, strict=True))
    few, said = (left, other) if len(left) < len(right) else (right, one)
    if len(few) != 1:
        return False
    return _close(few[0], numbers(_last_side(said))[0], one, other)


def _close(a: Fraction, b: Fraction, one: str, other: str) -> bool:
    if _near(a, b):
        return True
    percents = ["%" in text or "percent" in text.lower() for text in (one, other)]
    if percents[0] != percents[1]:
        a, b = (a / 100, b) if percents[0] else (a, b / 100)
        if _near(a, b):
            return True
    return _rounded(a, b, other) or _rounded(b, a, one)


def _near(a: Fraction, b: Fraction) -> bool:
    return abs(a - b) <= CLOSE * max(abs(a), abs(b))


def _rounded(exact: Fraction, shown: Fraction, written: str) -> bool:
    """Is the one what the other is when it is rounded to the decimals that are written (two at least)?"""
    places = max((len(each) for each in re.findall(r"\d\.(\d+)", written)), default=0)
    return places >= 2 and abs(exact - shown) <= Fraction(1, 2 * 10**places) * Fraction(1001, 1000)


def _words(text: str) -> str:
    plain = " ".join(FILLING.sub(" ", _unlatexed(text).lower()).split()).rstrip(".")
    return re.sub(r"\s*([-+*/^])\s*", r"\1", plain)


QUANTITY = re.compile(
    r"(?i)\bhow (?:many|much|far|long|old|tall|fast|big|heavy|often)\b|\bcalculate\b|\bcompute\b|\bevaluate\b|\bsimplify\b"
    r"|\bsolve\b|\bpercent(?:age)?\b|\bprobability\b|\bremainder\b|\baverage\b|\bperimeter\b|\bfind the (?:value|sum|number|area|product)\b"
    r"|\b(?:what|find)\b.*\b(?:sum|difference|product|quotient|total|value|area|volume|number|cost|price|distance|speed|mean|median|ratio|age)\b"
    r"|\d\s*[-+*/^×÷]\s*\d"
)


def asks_for_a_quantity(question: str) -> bool:
    return QUANTITY.search(ends_of(question)) is not None
