"""Numbers in the notations of other countries and in words that stand for digits, each as a plain number."""

import re

from tinyllm.solvers.mathematics.numerals import SMALL

PARTS = {"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
COUNTS = "|".join(sorted((word for word, value in SMALL.items() if 0 < value < 20), key=len, reverse=True))
HALVED = re.compile(rf"(?i)\b({COUNTS}|\d{{1,9}}) and (?:a|one) (half|third|quarter)\b")
PART = re.compile(
    rf"(?i)\b(?:(a|one) ({'|'.join(PARTS)})|({COUNTS}) (halves|(?:{'|'.join(list(PARTS)[1:])})s))\b(?! (?:past|to|time|place|person|day|a)\b)"
)
POINTED = re.compile(r"(?<![\d.,])(\d{1,3}(?:[. ]\d{3})+),(\d{1,2})(?![\d,])")  # 1.234,56
DOTTED = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3}){2,}(?![\d.,]\d)")  # 1.234.567
LAKHS = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d\d)+,\d{3}(?![\d,])")  # 12,34,567
COMMA = re.compile(
    r"(?<![\d.,(\[{;])(?<![(\[{;,] )(\d{1,9}),(\d{1,2})(?=\s?(?:%|€|[kcm]?m\b|k?g\b|l\b|h\b|s\b))"
)  # 3,5 kg
SHORT = re.compile(r"(?<=\d)(k|K|M|bn|B)(?![\w/^²³])")
SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}
RAISED = re.compile("(?<=\\d)[⁰¹²³⁴-⁹]+")
CLOCK = re.compile(r"(?<=\d)\s?h\s?([0-5]\d)(?!\d)")
DEGREES = re.compile(r"(?i)\s?(?:degrees?|°)\s?(c|f)(?:elsius|ahrenheit)?\b")
ONE = re.compile(r"(?i)\b(half )?a(?= (?:hundred|thousand|million|billion)\b)")
TOLD = re.compile(
    r"\d[kKMBh,.⁰¹²³⁴-⁹]|(?i:\b(?:hal|third|quarter|fourth|fifth|sixth|eighth|tenth)|degree|hundred|thousand|million|billion)|°|¢"
)


def plain(text: str) -> str:
    """`1.234,56 €` as 1234.56 €, `two thirds` as 2/3, `45k` as 45 thousand, `10⁶` as 10^6."""
    if not TOLD.search(text):
        return text
    text = POINTED.sub(lambda each: f"{each[1].replace('.', '').replace(' ', '')}.{each[2]}", text)
    text = DOTTED.sub(lambda each: each[0].replace(".", ""), text)
    text = LAKHS.sub(lambda each: each[0].replace(",", ""), text)
    text = COMMA.sub(r"\1.\2", text)
    text = RAISED.sub(lambda each: "^" + "".join(str("⁰¹²³⁴⁵⁶⁷⁸⁹".index(sign)) for sign in each[0]), text)
    text = CLOCK.sub(r" hours \1 minutes", text)
    text = SHORT.sub(lambda each: f" {SCALES[each[0].lower()]}", text)
    text = DEGREES.sub(lambda each: f" °{each[1].upper()}", text).replace("¢", " cents")
    text = HALVED.sub(lambda each: f"{_count(each[1])} 1/{PARTS[each[2].lower()]}", text)
    text = ONE.sub(lambda each: "0.5" if each[1] else "one", text)
    return PART.sub(_part, text)


def _count(word: str) -> int:
    return int(word) if word.isdigit() else SMALL[word.lower()]


def _part(found: re.Match[str]) -> str:
    if found[1]:
        return f"1/{PARTS[found[2].lower()]}"
    name = found[4].lower()
    return f"{_count(found[3])}/{PARTS['half' if name == 'halves' else name.removesuffix('s')]}"
