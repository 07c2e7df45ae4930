"""Does a text go round in circles?"""

TAIL = 1200  # characters looked at
TIMES = 8  # how often one piece must come again
LONG = 600  # how much text that must be: a person may well ask for twenty lines that are the same
_END = 40
_SIGNS = 500  # signs and digits alone repeat in tables and numbers: never less of them


def looping(text: str, least: int = LONG) -> bool:
    """Does the end of the text consist of one piece, repeated, over at least so many characters?"""
    tail = text[-TAIL:]
    # What repeats comes before its end once more: nearly all texts are done with after this look.
    if tail.find(tail[-_END:]) >= len(tail) - _END:
        return False
    period = _period(tail[::-1], least)
    if period == 0:
        return False
    covered = _covered(tail, period)
    if any(sign.isalpha() for sign in tail[-period:]):
        return covered >= least and covered >= TIMES * period
    return covered >= _SIGNS


def _covered(tail: str, period: int) -> int:
    """How far back from the end the piece repeats."""
    length = period
    while length < len(tail) and tail[-1 - length] == tail[-1 - length + period]:
        length += 1
    return length


def _period(text: str, least: int) -> int:
    """The length of the piece that the text begins with and repeats most; 0 when there is none."""
    longest, found = min(least, _SIGNS) - 1, 0
    # Each border of a prefix is a repetition: the failure function finds them all in one pass.
    border = [0] * len(text)
    for index in range(1, len(text)):
        match = border[index - 1]
        while match and text[index] != text[match]:
            match = border[match - 1]
        border[index] = match + (text[index] == text[match])
        if border[index] > longest and index + 1 - border[index] <= TAIL // TIMES:
            longest, found = border[index], index + 1 - border[index]
    return found
