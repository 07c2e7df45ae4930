"""What a question shows: its words, what they are about, and its shape."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from typing import Literal

from tinyllm.routing.concepts import CONCEPTS, FIELD_SHAPES, FIELDS, PAIRS, SAYINGS, SHAPES, TOKEN

# A request stands at the beginning or at the end of a long text; between them lies what it is about.
HEAD, TAIL = 3000, 1000
WORDS = 150
# What a formula only looks like.
LOOKALIKES = {"code", "path", "camelCase", "snake_case", "shell variable", "several lines"}
SENTENCE = re.compile(r"[.?!](?=\s|$)")
ENDINGS = (("s", ""), ("es", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"))
Features = dict[str, float]


def features(question: str) -> Features:
    """Every feature of a question with its strength; words share a strength of one between them."""
    text = question if len(question) <= HEAD + TAIL else f"{question[:HEAD]}\n{question[-TAIL:]}"
    small = text.lower()
    tokens = TOKEN.findall(small)
    if not tokens:
        return {}
    counts, found = counted(tokens)
    found |= {name for name, shape in compiled("shapes") if shape.search(text)}
    found |= {name for name, saying in compiled("sayings") if saying.search(small)}
    if "LaTeX" in found:
        found -= LOOKALIKES
    found |= {f"{a} with {b}" for a, b in PAIRS if a in counts and b in counts}
    found.update(fields(counts, found, len(tokens)))
    found.update(measures(text, tokens, counts))
    words = worded(tokens[:WORDS])
    strength = len(words) ** -0.5
    return dict.fromkeys(sorted(found), 1.0) | dict.fromkeys(sorted(words), strength)


def counted(tokens: list[str]) -> tuple[Counter[str], set[str]]:
    """How often each concept is touched, and where."""
    counts: Counter[str] = Counter()
    found = set()
    for place, token in enumerate(tokens):
        for concept in concepts(token):
            counts[concept] += 1
            if place < 6:
                found.add(f"{concept} word early")
            if not place:
                found.add(f"{concept} word first")
            if len(tokens) - place <= 8:
                found.add(f"{concept} word late")
    for concept, count in counts.items():
        found.add(f"{concept} word")
        found.update(f"{least} or more {concept} words" for least in (2, 4) if count >= least)
    return counts, found


def fields(counts: Counter[str], found: set[str], length: int) -> Iterator[str]:
    """Which field leads, by how much of the text."""
    weights = {
        field: sum(counts[concept] for concept in members)
        + 2 * sum(shape in found for shape in FIELD_SHAPES[field])
        for field, members in FIELDS.items()
    }
    for field, weight in weights.items():
        yield from (f"{least} or more signs of {field}" for least in (1, 2, 3, 5, 8) if weight >= least)
        yield from (f"{share:.0%} of it {field}" for share in (0.1, 0.2, 0.35) if weight >= share * length)
    first, second = sorted(weights, key=lambda field: -weights[field])[:2]
    if not weights[first]:
        yield "no field"
    else:
        yield f"mostly {first}"
        yield f"mostly {first}, then {second}" if weights[second] else f"only {first}"


def measures(text: str, tokens: list[str], counts: Counter[str]) -> Iterator[str]:
    """How long, how many numbers, how much of it letters."""
    numbers = sum(token[0].isdigit() for token in tokens)
    yield f"{step(numbers, (0, 1, 2, 4, 8))} numbers"
    yield f"{step(len(tokens), (4, 8, 12, 20, 40, 80))} words"
    yield f"{step(len(SENTENCE.findall(text)), (0, 1, 2, 4))} sentence ends"
    letters = sum(map(str.isalpha, text))
    yield f"{step(100 * letters // len(text), (30, 50, 65, 75))}% letters"
    if not numbers and "number" not in counts:
        yield "neither numbers nor number words"
    if "question" in counts and "speaker" not in counts and not numbers:
        yield "plain question"


def step(value: int, edges: tuple[int, ...]) -> str:
    place = bisect_left(edges, value)
    if not value:
        return "no"
    return f"more than {edges[-1]}" if place == len(edges) else f"at most {edges[place]}"


def worded(tokens: list[str]) -> set[str]:
    """The words themselves, with their neighbours; numbers count by their length."""
    plain = [f"#{min(len(token), 3)}" if token[0].isdigit() else token for token in tokens]
    return {f"“{word}”" for word in plain} | {f"“{a} {b}”" for a, b in pairwise(plain)}


@lru_cache(maxsize=4096)
def concepts(token: str) -> tuple[str, ...]:
    """The concepts of a word or of the word it is a form of."""
    lexicon = words_of_concepts()
    if token in lexicon:
        return lexicon[token]
    for ending, instead in ENDINGS:
        if token.endswith(ending) and len(token) > len(ending) + 2:
            stem = token.removesuffix(ending) + instead
            if stem in lexicon:
                return lexicon[stem]
    return ()


@cache
def words_of_concepts() -> dict[str, tuple[str, ...]]:
    lexicon: dict[str, tuple[str, ...]] = {}
    for concept, words in CONCEPTS.items():
        for word in words.split():
            lexicon[word] = (*lexicon.get(word, ()), concept)
    return lexicon


@cache
def compiled(which: Literal["shapes", "sayings"]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    # Compiled at the first question: importing stays cheap.
    patterns = SHAPES if which == "shapes" else SAYINGS
    return tuple((name, re.compile(pattern)) for name, pattern in patterns.items())
