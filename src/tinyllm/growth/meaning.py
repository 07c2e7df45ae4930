"""What questions mean: how alike two are, on one scale whatever the embedding model, and the words nearest to a group."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from tinyllm.growth.words import Group, clustered, words
from tinyllm.memory.embedding import Embedder
from tinyllm.memory.vectors import normal

ALIKE = 0.06  # likeness beyond that of any two sentences, from which two groups are one
MOST_WORDS = 400  # of the failed questions, that are compared with their groups
# What has nothing to do with each other. Some models find any two sentences half alike: that is where their scale begins.
ANYTHING = (
    "The train leaves at nine.",
    "She painted the door green.",
    "Heavy rain is expected tomorrow.",
    "The committee postponed its vote.",
    "He plays the violin in the evening.",
    "A fox crossed the road.",
    "The printer is out of paper.",
    "They won the match in extra time.",
    "Her grandmother was born in Lisbon.",
    "The museum is closed on Mondays.",
    "My knee hurts when I run.",
    "This jacket is too small.",
    "The bridge was built of steel.",
    "Please turn down the music.",
    "The moon was hidden by clouds.",
    "Prices rose again in spring.",
)

Vector = list[float]


async def meant(
    embedder: Embedder, questions: Sequence[str], others: Sequence[str] = (), most: int = 3
) -> list[Group]:
    """The largest groups of questions that mean something alike; none when there is no model that embeds."""
    asked = [*questions, *others]
    found = await embedder.documents([*ANYTHING, *asked])
    if not found or not questions:
        return []
    vectors = [normal(vector) for vector in found]
    scale = _Scale(vectors[: len(ANYTHING)])
    every = vectors[len(ANYTHING) :]
    parts = clustered(len(questions), lambda i, j: scale.likeness(every[i], every[j]), ALIKE, most)
    return await _named(embedder, parts, asked, every, len(questions))


@dataclass
class _Scale:
    """Where the likeness of two sentences about anything is 0, and that of one with itself 1."""

    anything: Sequence[Vector]

    def __post_init__(self) -> None:
        pairs = [
            _cosine(one, other) for place, one in enumerate(self.anything) for other in self.anything[:place]
        ]
        self.zero = min(0.99, sum(pairs) / len(pairs))

    def likeness(self, one: Vector, other: Vector) -> float:
        return (_cosine(one, other) - self.zero) / (1 - self.zero)


async def _named(
    embedder: Embedder,
    parts: Sequence[Sequence[int]],
    asked: Sequence[str],
    every: Sequence[Vector],
    failed: int,
) -> list[Group]:
    """Each group with its own words that are nearest to it, compared with everything that is not in it."""
    own = [sorted({word for index in part for word in words(asked[index])}) for part in parts]
    known = sorted({word for each in own for word in each})[:MOST_WORDS]
    found = dict(zip(known, map(normal, await embedder.documents(known)), strict=False))
    groups = []
    for part, said in zip(parts, own, strict=True):
        inside = _middle([every[index] for index in part])
        outside = _middle([vector for index, vector in enumerate(every) if index not in part])
        scores = {
            word: _cosine(found[word], inside) - _cosine(found[word], outside)
            for word in said
            if word in found
        }
        terms = sorted(scores, key=lambda word: (-round(scores[word], 6), word))[:6]
        groups.append(Group(tuple(asked[index] for index in part if index < failed), tuple(terms)))
    return groups


def _middle(vectors: Sequence[Vector]) -> Vector:
    return normal([math.fsum(each) for each in zip(*vectors, strict=True)]) if vectors else []


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return float(sum(map(mul, one, other)))
