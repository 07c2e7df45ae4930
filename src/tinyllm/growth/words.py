"""What questions have in common: words weighed by how rare they are, and groups of questions that share them."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WORD = re.compile(r"[^\W\d_]{3,24}")
ALIKE = 0.12  # cosine from which two groups are one
STOP = frozenset(
    [
        "the",
        "and",
        "for",
        "are",
        "was",
        "were",
        "what",
        "which",
        "who",
        "whom",
        "how",
        "why",
        "when",
        "where",
        "that",
        "this",
        "these",
        "those",
        "with",
        "from",
        "into",
        "than",
        "then",
        "does",
        "did",
        "has",
        "have",
        "had",
        "not",
        "can",
        "could",
        "will",
        "would",
        "shall",
        "should",
        "may",
        "might",
        "must",
        "you",
        "your",
        "our",
        "their",
        "his",
        "her",
        "its",
        "there",
        "here",
        "all",
        "any",
        "each",
        "many",
        "much",
        "more",
        "most",
        "some",
        "such",
        "only",
        "other",
        "please",
        "give",
        "tell",
        "find",
        "compute",
        "write",
        "answer",
        "question",
        "following",
        "about",
        "between",
        "been",
        "being",
        "also",
        "very",
        "just",
        "one",
        "two",
        "three",
    ]
)


def words(text: str) -> list[str]:
    """The words that may tell what a text is about."""
    return [word for word in WORD.findall(text.casefold()) if word not in STOP]


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are alike, and the words that tell them from the others."""

    questions: tuple[str, ...]
    terms: tuple[str, ...]


def groups(questions: Sequence[str], others: Sequence[str] = (), most: int = 3) -> list[Group]:
    """The largest groups of questions that share words, told apart from each other and from the others."""
    if not questions:
        return []
    vectors = _weighed(list(questions), list(others))
    parts = clustered(len(questions), lambda i, j: _cosine(vectors[i], vectors[j]), ALIKE, most)
    found = []
    for part in parts:
        inside = [questions[index] for index in part]
        outside = [each for index, each in enumerate(questions) if index not in part] + list(others)
        found.append(Group(tuple(inside), terms(inside, outside)))
    return found


def clustered(count: int, likeness: Callable[[int, int], float], least: float, most: int) -> list[list[int]]:
    """The largest groups, when the two that are most alike become one until no two are alike enough."""
    parts = [[index] for index in range(count)]
    alike = {(i, j): likeness(i, j) for i in range(count) for j in range(i)}
    while len(parts) > 1:
        score, one, other = max(
            (_between(parts[i], parts[j], alike), i, j) for i in range(len(parts)) for j in range(i)
        )
        if score < least:
            break
        parts[other] += parts[one]
        del parts[one]
    return sorted((sorted(part) for part in parts), key=lambda part: (-len(part), part[0]))[:most]


def terms(inside: Sequence[str], outside: Sequence[str], most: int = 6) -> tuple[str, ...]:
    """The words that are common inside and rare outside; of a larger group only those that come more than once."""
    here, there = _counted(inside), _counted(outside)
    least = 2 if len(inside) > 2 else 1
    scores = {
        word: count / len(inside) - there[word] / max(1, len(outside))
        for word, count in here.items()
        if count >= least
    }
    good = [word for word in sorted(scores, key=lambda word: (-scores[word], word)) if scores[word] > 0.1]
    return tuple(good[:most])


def _counted(texts: Sequence[str]) -> Counter[str]:
    return Counter(word for text in texts for word in set(words(text)))


def _weighed(questions: list[str], others: list[str]) -> list[dict[str, float]]:
    counts = _counted([*questions, *others])
    total = len(questions) + len(others)
    vectors = []
    for question in questions:
        vector = {
            word: count * (math.log((1 + total) / (1 + counts[word])) + 0.1)
            for word, count in Counter(words(question)).items()
        }
        length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
        vectors.append({word: value / length for word, value in vector.items()})
    return vectors


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(value * other.get(word, 0.0) for word, value in one.items())


def _between(one: list[int], other: list[int], alike: dict[tuple[int, int], float]) -> float:
    """The mean over all pairs."""
    total = sum(alike[max(i, j), min(i, j)] for i in one for j in other)
    return total / (len(one) * len(other))
