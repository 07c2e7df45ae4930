"""What a question may say: a small language of phrases, matched from the first word to the last.

A phrase is written as words with `[optional]` parts, `(one|of|these)`, `{slots}` for what varies, and `<parts>` that
several phrases share. A question fits only when all of it is consumed: a word nobody expected means a decline.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Generic, TypeVar

from tinyllm.solvers.solution import Question


class Unsure(Exception):
    """The words fit, their content does not: decline."""


Found = Mapping[str, str]
T = TypeVar("T")
Reader = Callable[[Found], T | None]

_ASK = (
    r"(?:tell me|give me|give|show me|show|calculate|compute|find|determine|evaluate|work out|figure out|get|state"
    r"|name|report|return|let me know|write down|solve for)"
)
_IS = r"(?:what[ ]?(?:is|'s|are|was|were|would be|will be)|how much (?:is|are|was))"
_OPENING = re.compile(
    rf"(?:(?:please|kindly|hi|hello|hey|ok|okay|so|now|quick question)[,!:.]? )*"
    rf"(?:(?:can|could|would|will) you (?:please |kindly )?|(?:i want|i need|i'd like|i would like) (?:you )?to (?:know )?)?"
    rf"(?:help me )?(?:{_ASK}[:,]? )?(?:{_IS} )?(?:the )?",
    re.IGNORECASE,
)
_THANKS = re.compile(r",? ?(?:please|thanks|thank you|thx)$", re.IGNORECASE)
_TIDY = str.maketrans({"−": "-", "–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " "})

# fmt: off
NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
}
# fmt: on

_DIGITS = r"\d+(?:,\d{3})*"
_MONTHS = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:[a-z]{2,6})?\.?"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?:in )?\d{4})?"
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
_DATE = (
    rf"(?:{_WEEKDAY}(?:the )?(?:\d{{4}}[-/]\d\d?[-/]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{{4}}"
    rf"|{_MONTHS} (?:the )?{_NTH}{_YEAR}|{_NTH}(?: day)?(?: of)? {_MONTHS}{_YEAR}))"
)
_CLOCK = r"(?:\d{1,2}(?::\d\d){1,2}(?: ?[ap]\.?m\.?)?|\d{1,2} ?[ap]\.?m\.?|(?:12 )?noon|(?:12 )?midnight)"
_UNIT = r"(?:business days?|working days?|work days?|workdays?|weekdays?|[a-z]+)"
_PIECE = rf"(?:{_DIGITS}(?:\.\d+)? ?|(?:{'|'.join(NUMBER_WORDS)}|an?) ){_UNIT}"
_CURRENCY = r"(?:us )?(?:dollars?|usd|euros?|eur|pounds?|gbp|bucks|yen|jpy|rupees?|inr)"

SLOTS = {
    "n": rf"[-+]?{_DIGITS}|{'|'.join(NUMBER_WORDS)}",
    "x": rf"[-+]?(?:{_DIGITS}(?:\.\d+)?|\.\d+)(?:/\d+)?%?",
    "xs": r"[\[({]? ?[-+.\d][-+\d.,;/ and&]*[\])}]?",
    "year": r"\d{1,4}",
    "month": _MONTHS,
    "date": _DATE,
    "clock": _CLOCK,
    "moment": rf"(?:{_DATE}(?:,? at |,? |t){_CLOCK}|{_CLOCK},? (?:on )?{_DATE})",
    "span": rf"{_PIECE}(?:(?:,? and |, | ){_PIECE}){{0,6}}",
    "rate": r"\d+(?:\.\d+)? ?(?:%|percent|per ?cent|pct)",
    "money": rf"(?:[$€£¥₹]|rs\.?|usd|eur|gbp)? ?{_DIGITS}(?:\.\d+)?(?:k|m| thousand| million)?(?: ?{_CURRENCY})?",
    "word": r"[\"']?[a-z]+[\"']?",
    "rest": r".+",
}
_FIGURES = frozenset(("{date", "{moment", "{money", "{rate", "{x", "{xs", "{year"))
"""Slots that are never filled without a figure."""
_PIECES = re.compile(r"[\[\]()|]|[{<]\w+[}>]|[^\s\[\]()|{}<>]+")
_MARKS = {"[": "(?:", "]": ")?", "(": "(?:", ")": ")", "|": "|"}


@lru_cache(maxsize=4)
def tidy(text: str) -> str:
    """The question without what only politeness or typing added."""
    text = " ".join(text.translate(_TIDY).split()).rstrip("?.! ")
    if thanks := _THANKS.search(text, max(0, len(text) - 15)):
        text = text[: thanks.start()].rstrip("?.! ")
    opening = _OPENING.match(text)
    return text[opening.end() :] if opening else text


@lru_cache(maxsize=4)
def _sketch(text: str) -> tuple[frozenset[str], bool]:
    """The words of a text, and whether there is a figure in it."""
    return frozenset(re.findall(r"[a-z]+", text.lower())), any(map(str.isdigit, text))


class _Pieces(dict[str, str]):
    """A piece that an answer needs and the question left out declines it."""

    def __missing__(self, slot: str) -> str:
        raise Unsure(f"{slot} is not said")


class Phrase(Generic[T]):
    """One way of asking, compiled when it is first needed: start-up stays fast."""

    def __init__(self, text: str, reader: Reader[T], book: "Phrasebook[T]") -> None:
        self.text = text
        self.reader = reader
        self.book = book
        # The slot of every group, in order: alternatives may fill the same slot, but not twice.
        self.slots: list[str] = []

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self._pattern(self.text), re.IGNORECASE)

    @cached_property
    def needed(self) -> tuple[frozenset[str], bool]:
        """Words that cannot be left out, and whether a figure cannot."""
        depth, needed = 0, set[str]()
        for piece in _PIECES.findall(self.text):
            depth += (piece in "[(") - (piece in "])")
            if not depth:
                needed.add(piece.lower().rstrip("0123456789}"))
        return frozenset(word for word in needed if word.isalpha()), not needed.isdisjoint(_FIGURES)

    def _may_fit(self, text: str) -> bool:
        """Looking for what is needed costs less than compiling the pattern."""
        words, figure = self.needed
        said, figures = _sketch(text)
        return words <= said and (figures or not figure)

    def _pattern(self, text: str) -> str:
        return "".join(map(self._piece, _PIECES.findall(text)))

    def _piece(self, piece: str) -> str:
        if piece in _MARKS:
            return _MARKS[piece]
        name = piece[1:-1]
        if piece == "<asking>":
            return rf"(?:{_ASK} )?(?:{_IS} )?(?:the )?"
        if piece.startswith("<"):
            return self._pattern(self.book.parts[name])
        if piece.startswith("{"):
            self.slots.append(name)
            return rf"({self.book.slots[name.rstrip('0123456789')]})[,:;.]? "
        return rf"{piece}[,:;.]? "

    def read(self, text: str) -> T | None:
        if not self._may_fit(text) or (match := self.pattern.fullmatch(text)) is None:
            return None
        try:
            return self.reader(self._found([match]))
        except Unsure:
            return None

    def several(self, text: str) -> Found:
        """The phrase again and again until all is consumed: clauses in any order."""
        matches, place, text = [], 0, text.strip() + " "
        while place < len(text):
            match = self.pattern.match(text, place)
            if match is None or match.end() == place:
                raise Unsure(text)
            matches.append(match)
            place = match.end()
        return self._found(matches)

    def _found(self, matches: Sequence[re.Match[str]]) -> Found:
        every = (
            (slot, piece) for match in matches for slot, piece in zip(self.slots, match.groups(), strict=True)
        )
        pieces = [(slot, piece.strip()) for slot, piece in every if piece]
        if len(dict(pieces)) < len(pieces):
            raise Unsure("the same thing is said twice")
        return _Pieces(pieces)


class Phrasebook(Generic[T]):
    """The phrases of one field."""

    def __init__(self, slots: Mapping[str, str], parts: Mapping[str, str] | None = None) -> None:
        self.phrases: list[Phrase[T]] = []
        self.slots = {**SLOTS, **slots}
        self.parts = parts or {}

    def says(self, *texts: str) -> Callable[[Reader[T]], Reader[T]]:
        """Register the ways of asking for what the function reads."""

        def register(reader: Reader[T]) -> Reader[T]:
            self.phrases.extend(Phrase(text, reader, self) for text in texts)
            return reader

        return register

    def readings(self, text: str) -> Iterator[T]:
        """What the question may mean, in the order of the phrases."""
        said = tidy(text) + " "
        return (meaning for phrase in self.phrases if (meaning := phrase.read(said)) is not None)

    def solve(self, question: Question) -> T | None:
        return next(self.readings(question.text), None)
