"""Ways, chances and listed sets: counted."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyllm.solvers import Solution, solve


def answered(question: str) -> Solution:
    found = solve(question)
    assert found is not None, question
    return found


WAYS: list[tuple[str, object]] = [
    ("How many ways are there to choose 3 people from a group of 10?", "120"),
    ("In how many ways can a committee of 3 people be chosen from 10 people?", "120"),
    ("How many different committees of 3 can be formed from 10 people?", "120"),
    ("In how many ways can 3 students be selected from a class of 12 students?", "220"),
    ("How many ways can 5 people be arranged in a row?", "120"),
    ("In how many ways can 5 books be arranged on a shelf?", "120"),
    ("How many ways can 6 people sit around a circular table?", "120"),
    ("How many permutations of 10 things taken 3 at a time are there?", "720"),
    ("How many distinct arrangements are there of the letters in the word BANANA?", "60"),
    ("How many ways can the letters of the word MISSISSIPPI be arranged?", "34650"),
    ("How many subsets does a set with 5 elements have?", "32"),
    ("How many handshakes are there if 10 people each shake hands once?", "45"),
    ("How many binary strings of length 8 are there?", "256"),
]
CHANCES: list[tuple[str, object]] = [
    ("What is the probability of getting exactly 3 heads in 5 coin flips?", "5/16"),
    ("What is the probability of getting at least 2 heads when flipping a fair coin 4 times?", "11/16"),
    ("If you flip a fair coin 10 times, what is the probability of getting exactly 5 heads?", "63/256"),
    ("A fair coin is tossed 3 times. What is the probability of getting all heads?", "1/8"),
    ("What is the probability that flipping a fair coin three times produces fewer than two heads?", "1/2"),
    ("What is the probability of rolling a 6 on a fair six-sided die?", "1/6"),
    ("What is the probability of rolling a number greater than 4 on a six-sided die?", "1/3"),
    ("What is the probability of rolling a sum of 7 with two dice?", "1/6"),
    ("If two fair dice are rolled, what is the probability that the sum is 9?", "1/9"),
    ("What is the probability of rolling doubles with two dice?", "1/6"),
    ("What is the probability of rolling at least one six in a roll of four dice?", "671/1296"),
    ("What is the probability of rolling a 7 on a die?", "0"),
    ("What is the probability of drawing an ace from a standard deck of 52 cards?", "1/13"),
    ("What is the probability of drawing a heart or a king from a deck of cards?", "4/13"),
    ("What is the probability of drawing a face card from a standard 52-card deck?", "3/13"),
    ("What is the probability of drawing two aces in a row from a deck without replacement?", "1/221"),
    (
        "What is the probability of exactly 3 successes in 10 trials with probability of success 0.3?",
        "66706983/250000000",
    ),
]
SETS: list[tuple[str, object]] = [
    ("What is the union of {1, 2, 3} and {3, 4}?", ["1", "2", "3", "4"]),
    ("{1,2,3} ∩ {2,3,4}", ["2", "3"]),
    ("What is {1,2,3} - {2}?", ["1", "3"]),
    ("What is the symmetric difference of {1,2} and {2,3}?", ["1", "3"]),
    ("Let A = {1, 2, 3} and B = {3, 4, 5}. Find A ∩ B.", ["3"]),
    ("If A = {1, 2, 3} and B = {3, 4, 5}, what is B - A?", ["4", "5"]),
    ("Is {1, 2} a subset of {1, 2, 3}?", True),
    ("Is {1, 2} a proper subset of {1, 2}?", False),
    ("Is 3 an element of {1, 2, 3}?", True),
    ("How many subsets does {a, b, c} have?", "8"),
    ("What is the cardinality of {1, 2, 2, 3}?", "3"),
    ("What is the power set of {1, 2}?", ["∅", "{1}", "{2}", "{1, 2}"]),
    ("Are {1,2} and {3,4} disjoint?", True),
]


@pytest.mark.parametrize(("question", "value"), WAYS + CHANCES + SETS)
def test_it_is_counted(question: str, value: object) -> None:
    assert answered(question).value == value


@pytest.mark.parametrize(
    "question",
    [
        "How many ways can I choose a restaurant?",
        "How many arrangements of flowers are there?",
        "How many anagrams does the word LEVEL have?",  # with itself, or without; words, or not
        "How many ways can 5 people be arranged in a row if two refuse to sit together?",
        "How many ways are there to choose 12 people from a group of 10?",
        "What is the probability of rain tomorrow?",
        "What is the probability of rolling a 3 with two dice?",  # the sum, or one of them
        "What is the probability of drawing a joker from a deck of cards?",
        "What is the probability of drawing two aces from a deck of cards?",  # is the first put back
        "What is the probability of getting 3 heads in 5 flips of a biased coin?",
        "What is the intersection of Main Street and Broadway?",
        "What is the union of {x | x > 3} and {2}?",
        "If A = {1,2} and B = {2,3}, what is C ∪ A?",
    ],
)
def test_what_is_not_listed_is_declined(question: str) -> None:
    assert solve(question) is None


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(1, 3), st.integers(1, 18))
def test_the_sum_of_dice_is_counted_right(sides: int, dice: int, total: int) -> None:
    rolls = [sum(roll) for roll in product(range(1, sides + 1), repeat=dice)]
    found = answered(
        f"What is the probability that the sum is {total} when {dice} {sides}-sided dice are rolled?"
    )
    assert Fraction(str(found.value)) == Fraction(rolls.count(total), len(rolls))


@settings(deadline=None)
@given(st.sets(st.integers(-20, 20), max_size=8), st.sets(st.integers(-20, 20), max_size=8))
def test_sets_agree_with_python(first: set[int], second: set[int]) -> None:
    def listed(members: set[int]) -> str:
        return "{" + ", ".join(map(str, members)) + "}"

    pair = f"{listed(first)} and {listed(second)}"
    assert answered(f"What is the union of {pair}?").value == [str(n) for n in sorted(first | second)]
    assert answered(f"What is the intersection of {pair}?").value == [str(n) for n in sorted(first & second)]
