"""How many words, sentences, paragraphs a text has, as a person would count them."""

import re

UNITS = {
    "words": "words",
    "characters": "characters",
    "sentences": "sentences",
    "lines": "lines",
    "paragraphs": "paragraphs",
    "bullets": "bullet points",
}
BULLET = re.compile(r"^[ \t]*(?:[-*+•–]|\d+[.)])[ \t]+\S", re.MULTILINE)
ABBREVIATED = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|cf|approx|mr|mrs|ms|dr|prof|st|no|fig|inc|ltd|jr|sr|u\.s|u\.k|a\.m|p\.m)\.(?=\s+[a-z0-9(]|\s+[A-Z][a-z])",
    re.IGNORECASE,
)
ENDING = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?=\s|$)")


def counted(text: str, unit: str) -> int:
    return len(pieces(text, unit)) if unit != "characters" else len(text.strip())


def pieces(text: str, unit: str) -> list[str]:
    """The text in pieces of this kind."""
    if unit == "words":
        return re.findall(r"\w+(?:['’.-]\w+)*", re.sub(r"[*_`#]", "", text))
    if unit == "lines":
        return [line for line in text.splitlines() if line.strip()]
    if unit == "paragraphs":
        blocks = re.split(r"\n\s*(?:\*{3,}|-{3,})\s*\n|\n\s*\n", text.strip())
        return [block for block in blocks if block.strip()]
    if unit == "bullets":
        return [found[0] for found in BULLET.finditer(text)]
    return _sentences(text)


def _sentences(text: str) -> list[str]:
    """By their ends; headings and items without a full stop count as one each."""
    text = ABBREVIATED.sub(lambda found: found[0].replace(".", "·"), text)
    text = re.sub(r"(?<=\d)\.(?=\d)|^([ \t]*\d+)\.(?=\s)", r"\1·", text, flags=re.MULTILINE)
    found: list[str] = []
    for line in text.splitlines():
        found += [part for part in ENDING.split(line) if re.search(r"\w", part)]
    return found
