"""Numbers in words: `three hundred and five`, `two thirds`, `fourth`, `tens`."""

from fractions import Fraction

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SMALL = {word: n for n, word in enumerate(_ONES)} | {word: 20 + 10 * n for n, word in enumerate(_TENS)}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ORDINALS = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]
ORDINALS = {word: n for n, word in enumerate(_ORDINALS)}
PARTS = (
    {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
    | {word: n for word, n in ORDINALS.items() if n > 2}
    | {f"{word}s": n for word, n in ORDINALS.items() if n > 2}
    | {"hundredth": 100, "hundredths": 100, "thousandth": 1000, "thousandths": 1000}
)
PLACES = {
    name: power
    for power, names in enumerate(
        [
            "ones unit",
            "tens",
            "hundreds",
            "thousands",
            "ten thousands",
            "hundred thousands",
            "millions",
            "ten millions",
            "hundred millions",
            "billions",
        ]
    )
    for name in ([names] if power else ["ones", "one", "unit", "units"])
}
PLACES |= {"tenths": -1, "hundredths": -2, "thousandths": -3, "ten thousandths": -4}
WORDS = frozenset(SMALL) | frozenset(SCALES) | frozenset(ORDINALS) | frozenset(PARTS) | {"hundred", "dozen"}


def ordinal(word: str) -> int | None:
    """4 for `fourth` and `4th`."""
    word = word.lower()
    if word in ORDINALS:
        return ORDINALS[word]
    if word[:-2].isdigit() and len(word) < 8 and word[-2:] in ("st", "nd", "rd", "th"):
        return int(word[:-2])
    return None


def number_words(words: list[str]) -> tuple[int, Fraction]:
    """How many of the first words are one number, and which: `a dozen`, `2.5 million`, `two and a half`."""
    if not words or not _opens(words):
        return 0, Fraction(0)
    taken, value = _cardinal(words)
    rest = words[taken:]
    if rest and taken and rest[0] in PARTS:
        return taken + 1, value / PARTS[rest[0]]
    if taken and rest[:3] == ["and", "a", "half"]:
        return taken + 3, value + Fraction(1, 2)
    if taken == 1 and words[0][0].isdigit():
        return 0, Fraction(0)
    return taken, value


def _opens(words: list[str]) -> bool:
    first, then = words[0], words[1] if len(words) > 1 else ""
    if first in ("a", "an") or first[:1].isdigit():
        return then in SCALES or then in PARTS or then in ("hundred", "dozen") or then == "and"
    return _small(first) is not None


def _small(word: str) -> int | None:
    """23 for `twenty-three`."""
    tens, _, ones = word.partition("-")
    if ones:
        both = SMALL.get(tens, 0), SMALL.get(ones, 0)
        return sum(both) if both[0] >= 20 and 0 < both[1] < 10 else None
    return SMALL.get(word)


def _cardinal(words: list[str]) -> tuple[int, Fraction]:
    total, group, scale, place = Fraction(0), None, 10**15, 0
    while place < len(words):
        word = words[place]
        joined = _grown(group, word) if place or word not in ("a", "an") else Fraction(1)
        if joined is not None:
            group = joined
        elif group is not None and SCALES.get(word, scale) < scale:
            scale = SCALES[word]
            total, group = total + group * scale, None
        elif not (
            word == "and" and _small((words[place + 1 : place + 2] or [""])[0]) and _round(group, place)
        ):
            break
        place += 1
    return place, total + (group or 0)


def _round(group: Fraction | None, place: int) -> bool:
    return place > 0 and (group is None or group % 100 == 0)


def _grown(group: Fraction | None, word: str) -> Fraction | None:
    """The number that a group becomes with one more word, or None when the word does not belong to it."""
    small = _small(word)
    if group is None:
        digits = word[:1].isdigit() and word[-1:].isdigit()
        return (
            Fraction(word.replace(",", ""))
            if digits and len(word) < 40
            else None
            if small is None
            else Fraction(small)
        )
    if small is not None and (
        (group % 100 == 0 and group) or (group % 10 == 0 and group % 100 >= 20 and small < 10)
    ):
        return group + small
    if word == "hundred" and 0 < group < 100:
        return group * 100
    return group * 12 if word == "dozen" else None
