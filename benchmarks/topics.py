"""What failed questions are about: how well they are grouped by their words, and by their meaning.

`python benchmarks/topics.py` prints one line of JSON. From 96 questions of eight topics that share hardly a word, some of one,
two or three topics are drawn as those that failed, and some of other topics as those that passed. `placed` is the share of the
failed ones that stand in the one group of their topic; `purity` the share of those in a group that belong to its topic.
By meaning it is measured where a small embedding model is installed (`make embedder`).
"""

import argparse
import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tinyllm.growth.meaning import ANYTHING, meant
from tinyllm.growth.words import Group, groups, words
from tinyllm.memory.embedding import Embedder
from tinyllm.settings import Settings
from tinyllm.testing.minilm import INSTALL, MiniLM, weights
from tinyllm.testing.simulator import Simulator

ROWS = [json.loads(line) for line in (Path(__file__).parent / "topics.jsonl").open(encoding="utf-8")]
TOPIC = {row["question"]: row["topic"] for row in ROWS}
KINDS = ((1, 10), (2, 8), (3, 6))  # topics that fail, and questions of each
Grouping = Callable[[Sequence[str], Sequence[str]], Awaitable[list[Group]]]


def drawn(draws: int) -> Iterator[tuple[list[str], list[str]]]:
    for seed in range(draws):
        for topics, each in KINDS:
            chance = random.Random(seed)
            names = chance.sample(sorted({*TOPIC.values()}), topics + 1)
            of = {name: [question for question in TOPIC if TOPIC[question] == name] for name in names}
            failed = [question for name in names[:topics] for question in chance.sample(of[name], each)]
            chance.shuffle(failed)
            yield failed, of[names[-1]][:6]


async def measured(grouping: Grouping, draws: int) -> dict[str, float]:
    placed = right = grouped = failing = 0
    for failed, passed in drawn(draws):
        largest: Counter[str] = Counter()
        for group in await grouping(failed, passed):
            topic, count = Counter(TOPIC[question] for question in group.questions).most_common(1)[0]
            right, grouped = right + count, grouped + len(group.questions)
            largest[topic] = max(largest[topic], count)
        placed, failing = placed + largest.total(), failing + len(failed)
    return {"placed": round(placed / failing, 3), "purity": round(right / grouped, 3)}


def beforehand(embed: Callable[[list[str]], list[list[float]]]) -> Callable[[list[str]], list[list[float]]]:
    """Everything that will be asked is embedded before: the model is slow here, and a server is not waited for long."""
    texts = dict.fromkeys([*ANYTHING, *TOPIC, *(word for question in TOPIC for word in words(question))])
    known = dict(zip(texts, embed(list(texts)), strict=True))
    return lambda asked: [known[text] for text in asked]


async def main(draws: int) -> dict[str, Any]:
    async def by_words(failed: Sequence[str], passed: Sequence[str]) -> list[Group]:
        return groups(failed, passed)

    found: dict[str, Any] = {"draws": draws * len(KINDS), "words": await measured(by_words, draws)}
    place = weights()
    if place is None:
        return {**found, "meaning": "unmeasured", "because": INSTALL}
    with Simulator() as simulator:
        simulator.world.embed = beforehand(MiniLM(place))
        embedder = Embedder(Settings(embedder="all-minilm", ollama_host=simulator.url))
        by_meaning = await measured(lambda failed, passed: meant(embedder, failed, passed), draws)
    return {**found, "meaning": by_meaning}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=4)
    print(json.dumps(asyncio.run(main(parser.parse_args().draws))))
