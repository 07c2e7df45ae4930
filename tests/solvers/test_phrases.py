"""The language of phrases: all of a question is understood, or none of it."""

import random
import re
from importlib import import_module
from pathlib import Path

import pytest

from tinyllm.solvers.phrases import Found, Phrasebook, Unsure, tidy
from tinyllm.solvers.solution import Question, Solution

BOOKS = (
    *(
        "chance",
        "clocks",
        "counting",
        "dates",
        "interest",
        "logic",
        "money",
        "regression",
        "sets",
        "statistics",
    ),
    *("years", "zones"),
)
SAMPLES = [
    *(
        "2",
        "3",
        "10",
        "0",
        "7,000",
        "-4",
        "0.5",
        "1/2",
        "5%",
        "$1,200",
        "1, 2, 3",
        "[1, 2, 3, 4]",
        "{1, 2}",
        "(1, 2), (3, 5)",
    ),
    *(
        "2024-02-29",
        "March 1, 2026",
        "3/4/2026",
        "May 5",
        "2026-02-30",
        "9:40",
        "3 pm",
        "noon",
        "25:00",
        "15:03",
    ),
    *(
        "2 hours",
        "3 days",
        "1 month",
        "2 weeks and 1 day",
        "London",
        "Tokyo",
        "EST",
        "UTC+2",
        "Nowhere",
        "p",
        "p -> q",
    ),
    *(
        "not p or q",
        "((p",
        "p is true",
        "Monday",
        "March",
        "2024",
        "99999999",
        "monthly",
        "years",
        "hours and minutes",
    ),
    *(
        "an ace",
        "a 6",
        "doubles",
        "first",
        "31st",
        "mean",
        "BANANA",
        "true",
        "1700000000",
        "A",
        "-",
        "∪",
        "0.3",
        "two",
    ),
]


def book() -> Phrasebook[Solution]:
    made: Phrasebook[Solution] = Phrasebook({"fruit": "apple|pear"}, {"is": "(is|was)"})

    @made.says("who <is> [the] {fruit} [of {n}]", "how many {fruit} and {fruit2}")
    def _read(found: Found) -> Solution:
        return Solution(found["fruit"], found.get("n", ""), (), "fruit")

    return made


def read(text: str) -> Solution | None:
    return book().solve(Question.of(text))


def test_optional_words_and_alternatives_fit() -> None:
    assert read("Who is the apple of 3?") == Solution("apple", "3", (), "fruit")
    assert read("Who was pear?") == Solution("pear", "", (), "fruit")
    assert read("How many apple and pear") == Solution("apple", "", (), "fruit")


def test_one_word_too_many_is_a_decline() -> None:
    assert read("Who is the apple of 3 doing?") is None
    assert read("Who is the big apple?") is None


def test_politeness_is_not_a_word_too_many() -> None:
    assert tidy("Hi, could you please tell me what is the mean of 1,  2, please?") == "mean of 1, 2"
    assert tidy("Calculate 3 − 2!") == "3 - 2"


def test_what_an_answer_needs_and_nobody_said_is_a_decline() -> None:
    made: Phrasebook[Solution] = Phrasebook({})

    @made.says("how many [{n}] are there")
    def _read(found: Found) -> Solution:
        return Solution(found["n"], found["n"], (), "any")

    assert made.solve(Question.of("How many are there?")) is None
    assert made.solve(Question.of("How many 3 are there?")) is not None


def test_a_reader_that_is_unsure_declines() -> None:
    made: Phrasebook[Solution] = Phrasebook({})

    @made.says("anything {n}")
    def _read(found: Found) -> Solution:
        raise Unsure(found["n"])

    assert made.solve(Question.of("anything 3")) is None


def sample(slot: str, said_in: Phrasebook[object], chance: random.Random) -> str:
    """Mostly what fits the slot."""
    pattern = re.compile(said_in.slots[slot.rstrip("0123456789")], re.IGNORECASE)
    fitting = [text for text in SAMPLES if pattern.fullmatch(text)] or pattern.pattern.split("|")
    return chance.choice(fitting if chance.random() < 0.9 else SAMPLES)


def spoken(text: str, said_in: Phrasebook[object], chance: random.Random) -> str:
    """A question that the phrase may have been written for, or something near it."""
    pieces = re.findall(r"[\[\]()|]|[{<]\w+[}>]|[^\s\[\]()|{}<>]+", text)

    def sequence(place: int) -> tuple[str, int]:
        options, said = [], ""
        while place < len(pieces) and pieces[place] not in "])":
            piece = pieces[place]
            if piece in "[(":
                inner, place = sequence(place + 1)
                said += inner if piece == "(" or chance.random() < 0.5 else ""
            elif piece == "|":
                options.append(said)
                said = ""
            elif piece == "<asking>":
                said += "what is the "
            elif piece.startswith("<"):
                said += spoken(said_in.parts[piece[1:-1]], said_in, chance)
            else:
                said += f"{sample(piece[1:-1], said_in, chance) if piece.startswith('{') else piece} "
            place += 1
        return chance.choice([*options, said]), place

    return sequence(0)[0]


@pytest.mark.parametrize("name", BOOKS)
def test_no_question_makes_a_field_stumble(name: str) -> None:
    field = import_module(f"tinyllm.solvers.{name}")
    chance = random.Random(name)
    for phrase in field.BOOK.phrases:
        for _ in range(60):
            found = field.solve(Question.of(spoken(phrase.text, field.BOOK, chance)))
            assert found is None or isinstance(found, Solution)


def test_no_question_makes_a_table_stumble(tmp_path: Path) -> None:
    table = import_module("tinyllm.solvers.table")
    path = tmp_path / "t.csv"
    path.write_text("name,mean,A\nLondon,2,1\nTokyo,,x\n")
    chance = random.Random(5)
    for phrase in table.BOOK.phrases:
        for _ in range(40):
            found = table.solve(Question.of(spoken(phrase.text, table.BOOK, chance), [path]))
            assert found is None or isinstance(found, Solution)
