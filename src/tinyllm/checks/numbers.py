"""Does the number hold? Proved by a solver, computed by a program, or found by a model that did not see it."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice

from tinyllm.checks.asking import opinion, to_ask
from tinyllm.checks.blocks import asks_for_code, blocks
from tinyllm.checks.registry import check
from tinyllm.checks.results import asks_for_a_quantity, numbers, result, same, stated
from tinyllm.checks.running import ran
from tinyllm.checks.verdict import NOTHING, Candidate, Evidence, Judged, Verdict
from tinyllm.checks.votes import Party, elected, parties
from tinyllm.errors import TinyError
from tinyllm.running import current, emit
from tinyllm.services import Services

NAME = "numbers_agree"
PROGRAM, AFRESH = "verify_program.md", "math.md"
AGREED, EXECUTED, SAMPLED = 0.9, 0.95, 0.7
SECONDS = 5.0


@check(asks=True)
async def numbers_agree(
    judged: Judged,
    services: Services,
    *,
    asks: Sequence[str] = (),
    programs: Sequence[str] = (),
    samples: int = 3,
) -> Verdict:
    """The number is the one that a solver proves, a program computes, or another model finds."""
    if not _is_about_a_number(judged):
        return NOTHING
    if (proved := await _proved(judged)) is not None:
        return proved
    own = Candidate(result(judged.answer), judged.model, NAME)
    if not numbers(own.answer):
        return Verdict.bad("it gives no number as its result; end with a line `Answer: <the result>`")
    votes = _Votes(own, _heard(judged))
    if found := votes.verdict():
        return found
    for key, program in _order(judged, services, asks, programs):
        if candidate := await _asked(judged, services, key, program=program):
            votes.add(candidate)
        if found := votes.verdict():
            return found
    again = judged.last and votes.others
    return await _sampled(services, judged, votes, samples) if again else votes.undecided()


def _is_about_a_number(judged: Judged) -> bool:
    if asks_for_code(judged.question):
        return False
    return asks_for_a_quantity(judged.question) or bool(numbers(stated(judged.answer)))


def _heard(judged: Judged) -> list[Candidate]:
    """What others found, and what was answered before."""
    whole = [
        replace(each, answer=result(each.answer), of=NAME, said=each.answer)
        for each in judged.others
        if not each.of
    ]
    found = [each for each in judged.others if each.of == NAME]
    return [*found, *(each for each in whole if numbers(each.answer))]


async def _proved(judged: Judged) -> Verdict | None:
    from tinyllm import solvers

    found = await asyncio.to_thread(solvers.solve, judged.question)
    if found is None:
        return None
    if same(result(judged.answer), found.answer):
        return Verdict.good("proved", 1.0)
    because = f"the exact result is {found.answer}"
    return Verdict.bad(because, "proved", confidence=1.0, instead=found.answer)


def _order(
    judged: Judged, services: Services, asks: Sequence[str], programs: Sequence[str]
) -> list[tuple[str, bool]]:
    """One answers plainly first, then one writes a program, then the others answer plainly."""
    plain = to_ask(judged, services, asks, NAME)
    writing = to_ask(judged, services, programs, NAME) if programs else []
    plain = [key for key in plain if key not in writing[:1]]
    if not plain and not writing:
        return []
    return [
        *((key, False) for key in plain[:1]),
        *((key, True) for key in writing[:1]),
        *((key, False) for key in plain[1:]),
    ]


async def _asked(
    judged: Judged, services: Services, key: str, *, program: bool, sample: int = 0
) -> Candidate | None:
    """What this model finds; of a program, what it prints."""
    said = await opinion(judged, services, PROGRAM if program else AFRESH, [key], of=NAME, sample=sample)
    if said is None:
        return None
    if program and (code := "\n".join(block.code for block in blocks(said.answer) if block.python)):
        printed = await _printed(code, services)
        return replace(said, answer=printed, ran=True) if printed else None
    found = result(said.answer)
    return replace(said, answer=found, said=said.answer) if numbers(found) else None


async def _printed(code: str, services: Services) -> str:
    """The last line that a program prints and that has a number; nothing when it fails."""
    try:
        done = await ran(code, SECONDS)
    except TinyError as failure:
        emit("skipped", check=NAME, because=failure.message)
        return ""
    lines = [line for line in done.stdout.splitlines() if numbers(line)] if done.ok else []
    value = str(done.value) if done.ok and done.value is not None and numbers(str(done.value)) else ""
    return re.sub(r"(?<=\d\.\d{9})\d+", "", lines[-1] if lines else value)


class _Votes:
    """The answer, and what others found."""

    def __init__(self, own: Candidate, others: Sequence[Candidate]) -> None:
        self.own = own
        self.others = list(others)

    def add(self, candidate: Candidate) -> None:
        self.others.append(candidate)

    @property
    def ranked(self) -> list[Party]:
        return parties([self.own, *self.others], same)

    def verdict(self, confidence: float = AGREED) -> Verdict | None:
        """Two different models that find the same are believed, when no other two find something else."""
        party = elected(self.ranked)
        if party is None:
            return None
        others = tuple(self.others)
        evidence: Evidence = "executed" if party.ran else "agreed"
        confidence = EXECUTED if party.ran else confidence
        if party.has(self.own):
            return Verdict.good(evidence, confidence, others=others)
        because = (
            f"it says {self.own.answer[:60]}, {party.models} other models find {party.members[0].answer[:60]}"
        )
        return Verdict.bad(because, evidence, confidence=confidence, instead=party.whole, others=others)

    def undecided(self) -> Verdict:
        if not self.others:
            return NOTHING
        told = "; ".join(f"{each.model} finds {each.answer[:60]}" for each in self.others)
        return Verdict.bad(
            f"nobody else finds {self.own.answer[:60]}: {told}", mends=False, others=tuple(self.others)
        )


async def _sampled(services: Services, judged: Judged, votes: _Votes, samples: int) -> Verdict:
    """Nobody else will answer: a result that comes again when the same are asked once more is worth more than none."""
    entries = services.guard.entries.values()
    tiers = {each.name: each.tier for each in entries}
    known = {each.name: each.key for each in entries}
    names = dict.fromkeys([votes.own.model, *(each.model for each in votes.others)])
    strongest = max((tiers[name] for name in names if name in tiers), default=0)
    keys = [known[name] for name in names if tiers.get(name) == strongest]
    for place, key in enumerate(islice(cycle(keys), samples if keys else 0), 1):
        if current().model:
            break
        if candidate := await _asked(judged, services, key, program=False, sample=place):
            votes.add(candidate)
        if found := votes.verdict(SAMPLED):
            return found
        ranked = votes.ranked
        if ranked[0].size > 1 and (len(ranked) == 1 or ranked[0].size > ranked[1].size):
            return _again(votes, ranked[0])
    return votes.undecided()


def _again(votes: _Votes, party: Party) -> Verdict:
    """One model said the same more than once, and nobody else agrees on anything."""
    others = tuple(votes.others)
    if party.has(votes.own):
        return Verdict.good("agreed", SAMPLED, others=others)
    because = f"it says {votes.own.answer[:60]}, most samples say {party.members[0].answer[:60]}"
    return Verdict.bad(because, "agreed", confidence=SAMPLED, instead=party.whole, others=others)
