"""Does the number hold? Proved by a solver, computed by a program, or found by a model that did not see it."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from tinyllm.checks.again import TIMES, again
from tinyllm.checks.asking import opinion, to_ask
from tinyllm.checks.blocks import asks_for_code, blocks
from tinyllm.checks.figures import numbers
from tinyllm.checks.registry import check
from tinyllm.checks.results import asks_for_a_quantity, result, stated
from tinyllm.checks.running import ran
from tinyllm.checks.sameness import compared, same
from tinyllm.checks.verdict import NOTHING, Candidate, Evidence, Judged, Verdict
from tinyllm.checks.votes import STRONG_FROM, Party, elected, lead, parties
from tinyllm.errors import TinyError
from tinyllm.running import emit
from tinyllm.services import Services

NAME, PROGRAMS = "numbers_agree", "numbers_agree.programs"
PROGRAM, AFRESH = "verify_program.md", "math.md"
AGREED, EXECUTED, CLOSE, LOOSE = 0.9, 0.95, 0.75, 0.6
# How far ahead of any other result one must be: two votes to one are right in seven cases of ten only, and of many
# different wrong results two meet easily. Two to none are wrong in one case of twenty: then, and before a bigger model
# is asked, the one who answered is asked afresh; where that tells nothing, two to none must do. When nobody is left to
# ask, less will do; when nobody bigger is there, less still, and least where nothing was told afresh.
SURE, MUTE, ENOUGH, SMALL, BEST = 2.5, 2.0, 1.5, 1.0, 0.5
SECONDS = 5.0


@check(asks=True)
async def numbers_agree(
    judged: Judged,
    services: Services,
    *,
    asks: Sequence[str] = (),
    programs: Sequence[str] = (),
    afresh: int = TIMES,
) -> Verdict:
    """The number is the one that a solver proves, a program computes, or another model finds."""
    if not _is_about_a_number(judged):
        return NOTHING
    if (proved := await _proved(judged)) is not None:
        return proved
    own = Candidate(result(judged.answer), judged.model, NAME)
    if not numbers(own.answer):
        return Verdict.bad("it gives no number as its result; end with a line `Answer: <the result>`")
    votes = _Votes(own, _heard(judged), {each.name: each.tier for each in services.guard.entries.values()})
    more = again(judged, services, AFRESH, of=NAME, times=afresh)
    found = await _found(votes, more)
    for key, program in _order(judged, services, asks, programs):
        if found is None and services.guard.entry(key).tier >= STRONG_FROM:
            found = await _found(votes, more, near=0.0)
        if found is not None:
            return found
        votes.others.append(await _asked(judged, services, key, program=program))
        found = await _found(votes, more)
    bigger = any(services.guard.entry(key).tier >= STRONG_FROM for key in asks)
    if found is not None or not (judged.last or bigger):
        return found or votes.undecided()
    return await _found(votes, more, near=0.0) or votes.at_last()


async def _found(votes: "_Votes", more: AsyncIterator[list[Candidate]], near: float = MUTE) -> Verdict | None:
    """The verdict, if there is one; when it is so near, the one who answered is asked afresh."""
    while (found := votes.verdict()) is None and votes.open and lead(votes.ranked) >= near:
        votes.hear(await anext(more, None))
    return found


def _is_about_a_number(judged: Judged) -> bool:
    if asks_for_code(judged.question):
        return False
    return asks_for_a_quantity(judged.question) or bool(numbers(stated(judged.answer)))


def _heard(judged: Judged) -> list[Candidate]:
    """What was answered before, and what others found."""
    whole = [
        replace(each, answer=result(each.answer), of=NAME, said=each.answer)
        for each in judged.others
        if not each.of
    ]
    return [*whole, *(each for each in judged.others if each.of in (NAME, PROGRAMS))]


async def _proved(judged: Judged) -> Verdict | None:
    from tinyllm import solvers

    found = await solvers.asolve(judged.question)
    if found is None:
        return None
    told = compared(result(judged.answer), found.answer)
    if told is None:
        return None  # it cannot be told: others are asked
    if told:
        return Verdict.good("proved", 1.0)
    because = f"the exact result is {found.answer}"
    return Verdict.bad(because, "proved", confidence=1.0, instead=found.answer)


def _order(
    judged: Judged, services: Services, asks: Sequence[str], programs: Sequence[str]
) -> list[tuple[str, bool]]:
    """Cheap ones first; of a tier one answers plainly, then programs are written, then the others answer plainly."""
    entry = services.guard.entry
    written = {each.model for each in judged.others if each.of == PROGRAMS}
    writing = [key for key in programs if entry(key).name not in written]
    plain = [key for key in to_ask(judged, services, asks, NAME) if asks or key not in writing[:1]]
    found: list[tuple[str, bool]] = []
    for tier in sorted({entry(key).tier for key in (*plain, *writing)}):
        first, *rest = [(key, False) for key in plain if entry(key).tier == tier] or [("", False)]
        found += [first, *((key, True) for key in writing if entry(key).tier == tier), *rest]
    return [each for each in found if each[0]]


async def _asked(judged: Judged, services: Services, key: str, *, program: bool) -> Candidate:
    """What this model finds; of a program, what it prints; nothing when it could not be asked."""
    of = PROGRAMS if program else NAME
    said = await opinion(judged, services, PROGRAM if program else AFRESH, [key], of=of)
    if said is None:
        return Candidate("", services.guard.entry(key).name, of)
    if program and (code := "\n".join(block.code for block in blocks(said.answer) if block.python)):
        return replace(said, answer=await _printed(code, services), ran=True)
    return _as_result(said)


def _as_result(said: Candidate) -> Candidate:
    """What it comes to; the numbers of a program that nobody ran are no result."""
    code = not stated(said.answer) and any(block.python for block in blocks(said.answer))
    return replace(said, answer="" if code else result(said.answer), said=said.answer)


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

    def __init__(self, own: Candidate, others: Sequence[Candidate], tiers: Mapping[str, int]) -> None:
        self.own, self.others, self.tiers = own, list(others), tiers
        self.afresh: list[Candidate] = []
        self.over = tiers.get(own.model, 1) >= STRONG_FROM  # the one who answered is asked no more

    def hear(self, said: Sequence[Candidate] | None) -> None:
        """What the one who answered says when it is asked afresh, all of it; None when there is no more."""
        self.over = said is None
        self.afresh = self.afresh if said is None else [_as_result(each) for each in said]

    @property
    def heard(self) -> tuple[Candidate, ...]:
        return (*self.others, *self.afresh)

    @property
    def told(self) -> bool:
        """Did anybody else find a number?"""
        return any(numbers(each.answer) for each in self.others)

    @property
    def open(self) -> bool:
        """May the one who answered tell more, where another one differs or agrees?"""
        return self.told and not self.over

    @property
    def small(self) -> bool:
        """Is nobody of a higher tier among those who found anything?"""
        heard = [self.own, *(each for each in self.others if each.answer)]
        return max(self.tiers.get(each.model, 1) for each in heard) < STRONG_FROM

    @property
    def ranked(self) -> list[Party]:
        # A program that printed no number is remembered, and no vote; nor is what a model says once more.
        found: list[Candidate] = []
        for each in (self.own, *self.heard):
            said = [other for other in found if (other.model, other.ran) == (each.model, each.ran)]
            known = not each.again and any(same(other.answer, each.answer) for other in said)
            if numbers(each.answer) and not known:
                found.append(each)
        return parties(found, same, self.tiers)

    def verdict(self) -> Verdict | None:
        """Models that find the same are believed, when no others come near."""
        party = elected(self.ranked, ahead=MUTE if self.over and not self.afresh else SURE)
        return self._believed(party, EXECUTED if party.ran else AGREED) if party else None

    def at_last(self) -> Verdict:
        """Nobody else will answer."""
        if self.small and self.told:
            return self.ahead(SMALL if self.afresh else BEST)
        party = elected(self.ranked, ahead=ENOUGH)
        return self._believed(party, CLOSE) if party else self.undecided()

    def ahead(self, least: float) -> Verdict:
        """The one that is ahead, though nobody bigger was there to ask."""
        ranked = self.ranked
        enough = ranked[0].worth > 1 and lead(ranked) >= least
        return self._believed(ranked[0], LOOSE) if enough else self.undecided()

    def _believed(self, party: Party, confidence: float) -> Verdict:
        others = self.heard
        evidence: Evidence = "executed" if party.ran else "agreed" if party.models > 1 else "unchecked"
        if party.has(self.own):
            return Verdict.good(evidence, confidence, others=others)
        found = party.members[0].answer[:60]
        because = f"it says {self.own.answer[:60]}, {party.models} other models find {found}"
        return Verdict.bad(because, evidence, confidence=confidence, instead=party.whole, others=others)

    def undecided(self) -> Verdict:
        others = self.heard
        told = "; ".join(f"{each.model} finds {each.answer[:60]}" for each in self.others if each.answer)
        if not told:
            return Verdict(others=others)
        because = f"too few others find {self.own.answer[:60]}: {told}"
        return Verdict.bad(because, mends=False, others=others)
