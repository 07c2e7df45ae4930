"""Does the number hold? Proved by a solver, computed by a program, or found by a model that did not see it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tinyllm.checks.again import TIMES, Voice
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
# ask, less will do, and least where nobody bigger is there and nothing was told afresh.
SURE, MUTE, ENOUGH, LEAST = 2.5, 2.0, 1.5, 1.0
FIRST = 3  # how often the one who answered is asked afresh while others are left to ask
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
    if found is not None or not (judged.last(votes.others) or bigger):
        return found or votes.undecided()
    if not votes.small:
        return await fresh.settled() or votes.at_last()
    fresh.add(services.guard.entry(default).name if default else "")
    return await fresh.settled(most=afresh) or votes.at_last()


class _Fresh:
    """Those who are asked afresh: who answered, and where nobody bigger is there another model as often."""

    def __init__(self, judged: Judged, services: Services, votes: "_Votes", times: int) -> None:
        self.judged, self.services, self.votes, self.times = judged, services, votes, times
        self._add(Candidate(judged.answer, judged.model), 0 if votes.strong else times)

    async def settled(self, near: float = 0.0, most: int = FIRST) -> Verdict | None:
        """The verdict, if there is one; when it is so near, they are asked afresh in turn."""
        votes = self.votes
        while votes.verdict() is None and votes.told and lead(votes.ranked) >= near:
            left = [each for each in votes.voices if not each.over and each.asked < most]
            if not left:
                break
            await min(left, key=lambda each: each.asked).ask(self.judged)
        return votes.verdict()

    def add(self, default: str) -> None:
        """The default model, else who answered first without a program: the first one must not outvote it."""
        plain = sorted(self.votes.plain, key=lambda each: each.model != default)
        if plain:
            self._add(replace(plain[0], answer=plain[0].said), self.times)

    def _add(self, first: Candidate, times: int) -> None:
        voice = Voice(first, self.services, AFRESH, of=NAME, times=times, read=_as_result)
        self.votes.voices.append(voice)


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
        self.voices: list[Voice] = []  # who is asked afresh
        self.strong = tiers.get(own.model, 1) >= STRONG_FROM

    @property
    def heard(self) -> tuple[Candidate, ...]:
        return (*self.others, *(said for each in self.voices for said in each.said))

    @property
    def plain(self) -> list[Candidate]:
        """What others answered without a program."""
        said = [each for each in self.others if each.of == NAME and each.model != self.own.model]
        return [each for each in said if not each.ran and numbers(each.answer)]

    @property
    def told(self) -> bool:
        """Did anybody else find a number?"""
        return any(numbers(each.answer) for each in self.others)

    @property
    def mute(self) -> bool:
        """Was it of no use to ask afresh?"""
        return all(each.mute for each in self.voices)

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
        """Nobody else will answer: less is enough, and where nobody bigger was there one model may stand for it."""
        small = self.small and self.told
        ahead = LEAST if small and self.mute else ENOUGH
        party = elected(self.ranked, least=1 if small else 2, ahead=ahead)
        if party is None or party.worth <= 1:
            return self.undecided()
        return self._believed(party, LOOSE if small else CLOSE)

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
