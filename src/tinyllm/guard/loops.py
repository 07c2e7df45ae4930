"""A model that says the same thing over and over is stopped while it does."""

TAIL = 900  # characters looked at
EVERY = 120  # new characters between two looks
WORDS_TIMES, WORDS_LENGTH = 8, 240  # a phrase repeated so often, over so much text
SIGNS_LENGTH = 500  # signs and digits alone repeat in tables and numbers: more of them is needed


class Loops:
    """Watches a text grow."""

    def __init__(self) -> None:
        self.tail = ""
        self.fresh = 0

    def heard(self, text: str) -> bool:
        """More text came; is it going round in circles?"""
        self.tail = (self.tail + text)[-TAIL:]
        self.fresh += len(text)
        if self.fresh < EVERY:
            return False
        self.fresh = 0
        return looping(self.tail)


def looping(text: str) -> bool:
    """Does the end of the text consist of one piece, repeated?"""
    tail = text[-TAIL:]
    period = _period(tail[::-1])
    if period == 0:
        return False
    covered = _covered(tail, period)
    if any(sign.isalpha() for sign in tail[-period:]):
        return covered >= WORDS_LENGTH and covered >= WORDS_TIMES * period
    return covered >= SIGNS_LENGTH


def _covered(tail: str, period: int) -> int:
    """How far back from the end the piece repeats."""
    length = period
    while length < len(tail) and tail[-1 - length] == tail[-1 - length + period]:
        length += 1
    return length


def _period(text: str) -> int:
    """The length of the piece that the text begins with and repeats most; 0 when there is none."""
    longest, found = WORDS_LENGTH - 1, 0
    # Each border of a prefix is a repetition: the failure function finds them all in one pass.
    border = [0] * len(text)
    for index in range(1, len(text)):
        match = border[index - 1]
        while match and text[index] != text[match]:
            match = border[match - 1]
        border[index] = match + (text[index] == text[match])
        if border[index] > longest and index + 1 - border[index] <= TAIL // WORDS_TIMES:
            longest, found = border[index], index + 1 - border[index]
    return found
