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
AGREED, EXECUTED, CLOSE, LOOSE, UNSURE = 0.9, 0.95, 0.75, 0.6, 0.4
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
    default: str = "",
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
    votes.default = services.guard.entry(default).name if default else ""
    fresh = _Fresh(judged, services, votes, afresh)
    found = await fresh.settled(near=MUTE)
    for key, program in _order(judged, services, asks, programs):
        if found is None and services.guard.entry(key).tier >= STRONG_FROM:
            found = await fresh.settled()
        if found is not None:
            return found
        votes.others.append(await _asked(judged, services, key, program=program))
        found = await fresh.settled(near=MUTE)
    bigger = any(services.guard.entry(key).tier >= STRONG_FROM for key in asks)
    if found is not None or not (judged.last or bigger):
        return found or votes.undecided()
    return await fresh.settled(both=votes.small) or votes.at_last()


class _Fresh:
    """Those who are asked afresh: who answered, and where nobody bigger is there the default model too."""

    def __init__(self, judged: Judged, services: Services, votes: "_Votes", times: int) -> None:
        self.judged, self.services, self.votes, self.times = judged, services, votes, times
        self._own = self._voice(Candidate(judged.answer, judged.model))
        self._second: AsyncIterator[list[Candidate]] | None = None

    async def settled(self, near: float = 0.0, *, both: bool = False) -> Verdict | None:
        """The verdict, if there is one; when it is so near, who answered is asked afresh, or both are."""
        votes = self.votes
        while (found := votes.verdict()) is None and votes.told and lead(votes.ranked) >= near:
            if not votes.over:
                votes.hear(await anext(self._own, None))
            elif not both or not await self._more():
                break
        return found

    def _voice(self, first: Candidate) -> AsyncIterator[list[Candidate]]:
        return again(self.judged, self.services, AFRESH, first, of=NAME, times=self.times)

    async def _more(self) -> bool:
        """Has the default model said more?"""
        if (first := self.votes.plain) is None:
            return False
        self._second = self._second or self._voice(replace(first, answer=first.said))
        said = await anext(self._second, None)
        self.votes.second = self.votes.second if said is None else [_as_result(each) for each in said]
        return said is not None


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
        self.default = ""  # the model that would answer alone
        self.afresh: list[Candidate] = []
        self.second: list[Candidate] = []  # what the default model says afresh
        self.over = tiers.get(own.model, 1) >= STRONG_FROM  # the one who answered is asked no more

    def hear(self, said: Sequence[Candidate] | None) -> None:
        """What the one who answered says when it is asked afresh, all of it; None when there is no more."""
        self.over = said is None
        self.afresh = self.afresh if said is None else [_as_result(each) for each in said]

    @property
    def heard(self) -> tuple[Candidate, ...]:
        return (*self.others, *self.afresh, *self.second)

    @property
    def plain(self) -> Candidate | None:
        """What the default model answered without a program, when it is another than the one who answered."""
        said = [each for each in self.others if each.model == self.default != self.own.model and not each.ran]
        return next((each for each in said if each.of == NAME and numbers(each.answer)), None)

    @property
    def told(self) -> bool:
        """Did anybody else find a number?"""
        return any(numbers(each.answer) for each in self.others)

    @property
    def mute(self) -> bool:
        """Was it of no use to ask afresh?"""
        return self.over and not self.afresh and not self.second

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
        party = elected(self.ranked, ahead=MUTE if self.mute else SURE)
        return self._believed(party, EXECUTED if party.ran else AGREED) if party else None

    def at_last(self) -> Verdict:
        """Nobody else will answer."""
        if self.small and self.told:
            return self.ahead()
        party = elected(self.ranked, ahead=ENOUGH)
        return self._believed(party, CLOSE) if party else self.undecided()

    def ahead(self) -> Verdict:
        """The one that is ahead, though nobody bigger was there to ask; without a word afresh the default's is as good."""
        ranked = self.ranked
        plain = self.plain if self.mute else None
        if ranked[0].worth > 1 and lead(ranked) >= (SMALL if self.afresh or self.second or plain else BEST):
            return self._believed(ranked[0], LOOSE)
        mine = next((each for each in ranked if plain is not None and each.has(plain)), None)
        near = mine is not None and ranked[0].worth - mine.worth <= BEST
        return self._believed(mine, UNSURE) if mine is not None and near else self.undecided()

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
