"""Functions to be written: what is asked, a reference, and the subtle bugs that people and models put into it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

Draw = Callable[[Random], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Task:
    """`bugs` are replacements in the source, each of which makes it wrong; `@f` is the name and `@k` a number."""

    names: tuple[str, ...]
    text: str
    source: str
    bugs: tuple[tuple[str, str], ...]
    draw: Draw
    between: tuple[int, int] = (2, 6)


def numbers(random: Random, least: int = 0, most: int = 9, low: int = -9, high: int = 12) -> list[int]:
    return [random.randint(low, high) for _ in range(random.randint(least, most))]


def letters(random: Random, among: str, least: int = 0, most: int = 12) -> str:
    return "".join(random.choice(among) for _ in range(random.randint(least, most)))


def words(random: Random, least: int = 1, most: int = 7) -> str:
    pool = ["the", "Cat", "a", "cat", "sat", "On", "dog", "and", "The", "log", "ox", "Ox", "of"]
    return " ".join(random.choice(pool) for _ in range(random.randint(least, most)))


def spans(random: Random) -> list[list[int]]:
    return [[start, start + random.randint(0, 5)] for start in numbers(random, 1, 6, 0, 20)]
