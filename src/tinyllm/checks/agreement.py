"""Do different models give the same short answer when each is asked by itself?"""

import re
from collections.abc import Sequence

from tinyllm.checks.asking import opinion, to_ask
from tinyllm.checks.blocks import blocks
from tinyllm.checks.figures import numbers
from tinyllm.checks.registry import check
from tinyllm.checks.results import result
from tinyllm.checks.sameness import same
from tinyllm.checks.verdict import NOTHING, Candidate, Judged, Verdict
from tinyllm.checks.votes import elected, parties
from tinyllm.services import Services

NAME = "agreement"
SHORT = 12  # words: more can be said in too many ways to be compared
AGREED = 0.8
FILLING = re.compile(
    r"\b(?:the|a|an|is|was|are|were|it|its|answer|of|by|in|that|this|so|i|think|believe|would|be)\b|[^\w\s]"
)


@check(asks=True)
async def agreement(
    judged: Judged, services: Services, *, asks: Sequence[str] = (), least: int = 2
) -> Verdict:
    """So many different models give the same short answer, none of which has seen another's."""
    if blocks(judged.answer) or len(_key(judged.answer).split()) > SHORT:
        return NOTHING
    own = Candidate(judged.answer, judged.model, NAME)
    votes = [own, *(each for each in judged.others if each.of in (NAME, ""))]
    waiting = to_ask(judged, services, asks, NAME)
    while True:
        party = elected(parties(votes, alike), least)
        if party is not None:
            break
        if not waiting:
            return Verdict(others=tuple(votes[1:]))
        said = await opinion(judged, services, "general.md", [waiting.pop(0)], of=NAME)
        if said is not None:
            votes.append(said)
    others = tuple(each for each in votes[1:] if each.of)
    if party.has(own):
        return Verdict.good("agreed", AGREED, others=others)
    because = f"{party.models} other models say {party.members[0].answer[:80]!r}"
    return Verdict.bad(because, "agreed", confidence=AGREED, instead=party.members[0].answer, others=others)


def alike(one: str, other: str) -> bool:
    """The same short answer: equal numbers, or the words of one within the other."""
    if numbers(one) or numbers(other):
        return same(result(one), result(other))
    left, right = set(_key(one).split()), set(_key(other).split())
    if not left or not right or (_negated(one) != _negated(other)):
        return False
    return left == right or (min(len(left), len(right)) <= SHORT and (left <= right or right <= left))


def _key(text: str) -> str:
    return " ".join(FILLING.sub(" ", text.lower()).split())


def _negated(text: str) -> bool:
    return re.search(r"(?i)\b(?:no|not|never|none|nobody|false)\b|n't\b", text) is not None
