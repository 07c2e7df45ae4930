"""Does the code do what was asked? Run on the question's examples, and against code that others wrote for it."""

from collections import Counter
from collections.abc import Sequence

from tinyllm.checks.again import TIMES, Voice
from tinyllm.checks.asking import opinion, to_ask
from tinyllm.checks.blocks import another_language, asks_for_code, blocks, needs_python
from tinyllm.checks.code.edges import edges
from tinyllm.checks.code.inputs import inputs, starts
from tinyllm.checks.code.meeting import fails, meets, told
from tinyllm.checks.code.observing import ONE, observed
from tinyllm.checks.code.program import SECONDS, Outcome, Program, program_of
from tinyllm.checks.code.rivals import Group, Rival, agree, differ, models, worth_of
from tinyllm.checks.code.task import Example, Task, task_of
from tinyllm.checks.code.written import calls_of, expected_of, written
from tinyllm.checks.registry import check
from tinyllm.checks.verdict import NOTHING, Candidate, Judged, Verdict
from tinyllm.checks.votes import STRONG_FROM
from tinyllm.errors import TinyError
from tinyllm.services import Services

NAME = "code_runs"
PROMPT = "code.md"
TOGETHER, ALONE, CLOSE, ONCE = 0.95, 0.75, 0.75, 0.6
AGREE = 2  # models whose programs must do the same
# How far ahead of any other: always; of a hard question; when nobody is left to ask; where nobody bigger is there, and
# nothing was told afresh.
SURE, SURER, ENOUGH, LEAST = 2.0, 3.0, 1.5, 1.0
MISREAD = 2  # models whose programs must fail an example in the same way, before the example is doubted
# What others' tests must be to count: so many, passed to such a part by what goes out, and so many more of them than by
# any other program; an answer that passes less than the last part of them is doubted.
FEWEST, PASSED, CLEARLY, DOUBTED = 4, 0.75, 2, 0.5
TELLING = 3  # calls that must give a value before two programs can be said to agree
FIRM = 2  # examples that are believed where nobody else's code passes them


@check(asks=True)
async def code_runs(
    judged: Judged,
    services: Services,
    *,
    asks: Sequence[str] = (),
    afresh: int = TIMES,
    default: str = "",
    seconds: float = SECONDS,
) -> Verdict:
    """The code does what the question's examples say, and what another model's code does."""
    if not asks_for_code(judged.question) or another_language(judged.question):
        return NOTHING
    task = task_of(judged.question)
    if any(block.language and not block.python for block in blocks(judged.answer)) and not task.name:
        return NOTHING
    own = program_of(judged.answer, task)
    if own.wrong:
        return Verdict.bad(own.wrong) if task.name or needs_python(judged.question) else NOTHING
    if not own.header:
        return NOTHING  # a script, or a class: nobody knows what to call
    try:
        return await _Comparison(judged, services, task, own, asks, default, afresh, seconds).verdict()
    except TinyError as failure:
        if failure.code != "SANDBOX_MISSING":
            raise
        return Verdict(skipped=failure.message)


class _Comparison:
    """One program beside those of others."""

    def __init__(
        self,
        judged: Judged,
        services: Services,
        task: Task,
        own: Program,
        asks: Sequence[str],
        default: str,
        afresh: int,
        seconds: float,
    ) -> None:
        self.judged, self.services, self.task, self.own = judged, services, task, own
        self.asks, self.afresh, self.seconds = asks, afresh, seconds
        self.default = services.guard.entry(default).name if default else ""  # it would answer alone
        self.heard: list[Candidate] = [each for each in judged.others if each.of in (NAME, "")]
        self.examples = list(task.examples)
        self.calls, self.edges = list[str](), list[str]()
        self.met = 0  # examples that it meets
        self.seen: dict[tuple[str, ...], list[Outcome]] = {}
        self.tiers = {each.name: each.tier for each in services.guard.entries.values()}
        self.tests: list[str] | None = None

    async def verdict(self) -> Verdict:
        failed = await self._failing(self.own)
        if failed and self.judged.mends:
            return Verdict.bad(failed)
        if failed and await self._misread():
            failed = await self._failing(self.own)
        programs = [each for each in map(self._rival, self.heard) if each is not None]
        self.met = await self._passed([None], self.examples)
        await self._find_calls()
        return await self._compared(
            [each for each in programs if not await self._failing(each.program)], failed
        )

    async def _find_calls(self) -> None:
        header = self.task.header or self.own.header
        known = [each.call for each in self.examples]
        self.calls = inputs(known, header, self.own.name, self.judged.question)
        self.edges = edges(starts(known, header), self.own.name, self.judged.question)
        if len(self.calls) < TELLING:
            called = calls_of(await self._written(), self.own.name)
            self.calls = list(dict.fromkeys([*self.calls, *called]))

    async def _failing(self, program: Program) -> str:
        """What the first example that it does not meet says of it."""
        if not self.examples:
            outcome = (await self._does(program, ["None"]))[0]
            return f"the code fails: {outcome.text}" if outcome.how in ("raised", "hung") else ""
        outcomes = await self._does(program, [each.call for each in self.examples])
        pairs = zip(self.examples, outcomes, strict=True)
        return next((told(each, outcome) for each, outcome in pairs if fails(each, outcome)), "")

    async def _misread(self) -> bool:
        """An example that several other models' programs fail in the very same way was misread, or is wrong."""
        calls = [each.call for each in self.examples]
        if not calls:
            return False
        mine = await self._does(self.own, calls)
        failing: Counter[str] = Counter()
        for rival in filter(None, map(self._rival, (each for each in self.heard if not each.again))):
            theirs = await self._does(rival.program, calls)
            for example, one, other in zip(self.examples, mine, theirs, strict=True):
                failing[example.call] += fails(example, one) and one.how == "value" and one.same(other)
        kept = [each for each in self.examples if failing[each.call] < MISREAD]
        found, self.examples = len(kept) < len(self.examples), kept
        return found

    async def _does(self, program: Program, calls: Sequence[str], most: float = 0.0) -> list[Outcome]:
        key = (program.code, *calls)
        if key not in self.seen:
            self.seen[key] = await observed(program, calls, most or self.seconds)
        return self.seen[key]

    def _rival(self, candidate: Candidate) -> Rival | None:
        if candidate.model == self.judged.model and not candidate.again:
            return None
        program = program_of(candidate.answer, self.task)
        return Rival(candidate, program) if program.name == self.own.name and not program.wrong else None

    async def _next(self) -> Rival | None:
        """One more program, when there is somebody left to write it: one that runs and meets the examples."""
        known = {each.model for each in self.heard}
        for key in to_ask(self.judged, self.services, self.asks, NAME):
            name = self.services.guard.entry(key).name
            if name in known:
                continue
            said = await opinion(self.judged, self.services, PROMPT, [key], of=NAME)
            self.heard.append(said or Candidate("", name, NAME))
            rival = self._rival(said) if said is not None else None
            if rival is not None and not await self._failing(rival.program):
                return rival
        return None

    async def _compared(self, rivals: list[Rival], failed: str) -> Verdict:
        """Those that do the same on every call are believed when no others come near."""
        while True:
            ranked = self._ranked(await self._groups(rivals, [] if failed else [None]))
            together = bool(ranked) and self._models(ranked[0]) >= AGREE
            if together and self._lead(ranked) >= await self._sure(ranked[0]):
                return self._settled(ranked[0], failed, TOGETHER)
            more = await self._next()
            if more is None:
                return await self._at_last(ranked, rivals, failed)
            rivals = [*rivals, more]

    async def _sure(self, group: Group) -> float:
        """How far ahead is enough: more for a hard question, or where others' tests speak against it."""
        failed_before = any(not each.of and each.model == self.judged.model for each in self.judged.others)
        if failed_before or self.examples:
            return SURER if failed_before else SURE
        tests = await self._tests()
        return SURER if await self._passed(group, tests) < DOUBTED * len(tests) else SURE

    async def _at_last(self, ranked: list[Group], rivals: list[Rival], failed: str) -> Verdict:
        """Nobody is left to write another: those far ahead go out, else those that pass the tests of others."""
        bigger = any(self.services.guard.entry(key).tier >= STRONG_FROM for key in self.asks)
        others = [each.model for each in self.heard if each.answer]
        if not others or not (self.judged.last(self.heard) or bigger):
            return self._open(rivals, failed)
        small = max(self.tiers.get(each, 1) for each in (self.judged.model, *others)) < STRONG_FROM
        more = await self._afresh() if small else []
        if more:
            rivals = [*rivals, *more]
            ranked = self._ranked(await self._groups(rivals, [] if failed else [None]))
        if not rivals:
            return self._open(rivals, failed)
        if tested := await self._tested(ranked):
            return self._settled(tested, failed, CLOSE)
        tests = await self._tests()
        fails = len(tests) >= FEWEST and await self._passed(ranked[0], tests) < PASSED * len(tests)
        backed = self._models(ranked[0]) >= AGREE or (small and bool(self.examples))
        least = LEAST if small and not more else ENOUGH
        if backed and self._lead(ranked) >= least and not fails:
            return self._settled(ranked[0], failed, ONCE if small else CLOSE)
        return self._open(rivals, failed)

    async def _afresh(self) -> list[Rival]:
        """What who answered and another one write when they are asked again, as far as it meets the examples."""
        own = Candidate(self.judged.answer, self.judged.model)
        plain = [each for each in self.heard if each.answer and each.model != own.model]
        found: list[Candidate] = []
        for first in (own, *sorted(plain, key=lambda each: each.model != self.default)[:1]):
            voice = Voice(first, self.services, PROMPT, of=NAME, times=self.afresh)
            while not voice.over:
                await voice.ask(self.judged)
            found += voice.said
        self.heard += found
        return [each for each in map(self._rival, found) if each and not await self._failing(each.program)]

    async def _tested(self, ranked: Sequence[Group]) -> Group | None:
        """The one that passes the tests of others: a wrong test fails a right program once, a wrong program often."""
        tests = await self._tests()
        counts = [(await self._passed(each, tests), -at) for at, each in enumerate(ranked)]
        passed = sorted(counts, reverse=True)
        (most, place), second = passed[0], passed[1][0] if len(passed) > 1 else 0
        clear = len(tests) >= FEWEST and most >= PASSED * len(tests) and most - second >= CLEARLY
        return ranked[-place] if clear else None

    async def _passed(self, group: Group, tests: Sequence[Example]) -> int:
        program = self.own if group[0] is None else group[0].program
        outcomes = await self._does(program, [each.call for each in tests]) if tests else []
        return sum(meets(test, outcome) for test, outcome in zip(tests, outcomes, strict=True))

    async def _tests(self) -> list[Example]:
        return expected_of(await self._written(), self.judged.question)

    async def _written(self) -> list[str]:
        if self.tests is None:
            self.tests = await written(self.judged, self.services, self.own.name, self.asks)
        return self.tests

    def _ranked(self, groups: Sequence[Group]) -> list[Group]:
        return sorted(groups, key=lambda group: (self._worth(group), None in group), reverse=True)

    def _lead(self, ranked: Sequence[Group]) -> float:
        return self._worth(ranked[0]) - (self._worth(ranked[1]) if len(ranked) > 1 else 0.0)

    def _worth(self, group: Group) -> float:
        return worth_of(group, self.judged.model, self.tiers)

    def _models(self, group: Group) -> int:
        return len(models(group, self.judged.model))

    async def _groups(self, rivals: Sequence[Rival], own: Group) -> list[Group]:
        """Those that do the same; None stands for the answer itself."""
        groups: list[Group] = [own] if own else []
        for rival in rivals:
            for group in groups:
                if await self._agree(group[0], rival):
                    group.append(rival)
                    break
            else:
                groups.append([rival])
        return groups

    async def _agree(self, one: Rival | None, other: Rival) -> bool:
        programs = (self.own if one is None else one.program, other.program)
        left, right = [await self._does(each, self.calls) if self.calls else [] for each in programs]
        if not agree(left, right, min(TELLING, max(1, len(self.calls)))):
            return False
        left, right = [await self._does(each, self.edges, ONE) if self.edges else [] for each in programs]
        return not differ(left, right)

    def _settled(self, best: Group, failed: str, confidence: float) -> Verdict:
        if None in best:
            return Verdict.good("executed", confidence, others=tuple(self.heard))
        found = next(each for each in best if each is not None)
        because = failed or f"the programs of {len(best)} other models do the same, and not what it does"
        return Verdict.bad(
            because,
            "executed",
            confidence=min(confidence, ALONE),
            instead=found.candidate.answer,
            others=tuple(self.heard),
        )

    def _open(self, rivals: Sequence[Rival], failed: str) -> Verdict:
        """Nobody does the same. Where nobody else met the examples, they are all there is."""
        others, examples = tuple(self.heard), self.met
        if failed:
            if self.judged.last(self.heard) and rivals and self.examples:
                instead = rivals[0].candidate.answer
                return Verdict.bad(failed, "executed", confidence=ONCE, instead=instead, others=others)
            return Verdict.bad(failed, others=others)
        alone = not any(each.answer for each in self.heard if each.model != self.judged.model)
        if not rivals and (alone or not self.calls or examples >= FIRM or self.judged.last(self.heard)):
            sure = ALONE if alone else ONCE
            return Verdict.good("executed", sure, others=others) if examples else Verdict(others=others)
        return Verdict.bad("other models' code does something else", mends=False, others=others)
