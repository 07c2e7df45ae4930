"""What a question quotes is what it is about: an order in it is nobody's to follow."""

import re

from tinyllm.checks.blocks import fenced

FEWEST = 3  # words of a passage; a word or two in quotation marks are named, not quoted
PASSAGE = re.compile(
    r"(?<![\w\"])\"(?=\S)[^\"]{1,4000}\"(?!\w)|“[^”]{1,4000}”|«[^»]{1,4000}»|„[^“”]{1,4000}[“”]"
)
# Behind these stands what the answer itself is to say.
NAMES = re.compile(
    r"(?i)(?:\b(?:with|words?|phrases?|sentences?|terms?|keywords?|keys?|says?|saying|exactly|include|mention|contain|contains|use|"
    r"avoid|than|to|and|or|titled|named|called|without|print|output|reply|answer|respond)\b|,)[^\w\"“«„]{0,3}$"
)
LINE = re.compile(r"(?m)^[ \t]{0,3}>.*$")


def unquoted(question: str) -> str:
    """The question without the passages that it quotes: those in quotation marks, behind `>`, and between fences."""
    text = LINE.sub("", fenced(question)[1])
    return PASSAGE.sub(lambda found: _kept(found, text), text)


def _kept(found: re.Match[str], text: str) -> str:
    said = found[0]
    named = len(said.split()) < FEWEST or NAMES.search(text[max(0, found.start() - 40) : found.start()])
    return said if named else said[0] + said[-1]
