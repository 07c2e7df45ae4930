"""Does the code do what was asked? Run on the question's examples, and against code that others wrote for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tinyllm.checks.asking import opinion, to_ask
from tinyllm.checks.blocks import another_language, asks_for_code, blocks, needs_python
from tinyllm.checks.code.inputs import inputs
from tinyllm.checks.code.program import SECONDS, Outcome, Program, alike, observed, program_of
from tinyllm.checks.code.task import Example, Task, task_of
from tinyllm.checks.code.written import written_calls
from tinyllm.checks.registry import check
from tinyllm.checks.verdict import NOTHING, Candidate, Judged, Verdict
from tinyllm.errors import TinyError
from tinyllm.services import Services

NAME = "code_runs"
PROMPT = "code.md"
TOGETHER, ALONE, ONCE = 0.95, 0.75, 0.6
AGREE = 2  # models whose programs must do the same
TELLING = 3  # calls that must give a value before two programs can be said to agree
FIRM = 2  # examples that are believed where nobody else's code passes them


@check(asks=True)
async def code_runs(
    judged: Judged, services: Services, *, asks: Sequence[str] = (), seconds: float = SECONDS
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
        return await _Comparison(judged, services, task, own, asks, seconds).verdict()
    except TinyError as failure:
        if failure.code != "SANDBOX_MISSING":
            raise
        return Verdict(skipped=failure.message)


@dataclass(frozen=True, slots=True)
class _Rival:
    """What another model wrote for the same question."""

    candidate: Candidate
    program: Program


class _Comparison:
    """One program beside those of others."""

    def __init__(
        self,
        judged: Judged,
        services: Services,
        task: Task,
        own: Program,
        asks: Sequence[str],
        seconds: float,
    ) -> None:
        self.judged, self.services, self.task, self.own, self.asks = judged, services, task, own, asks
        self.seconds = seconds
        self.heard: list[Candidate] = [each for each in judged.others if each.of in (NAME, "")]
        self.examples = list(task.examples)
        self.calls: list[str] = []
        self.seen: dict[tuple[str, ...], list[Outcome]] = {}

    async def verdict(self) -> Verdict:
        failed = await self._failing(self.own)
        if failed and self.judged.mends:
            return Verdict.bad(failed)
        if failed and await self._misread():
            failed = await self._failing(self.own)
        programs = [each for each in map(self._rival, self.heard) if each is not None]
        rivals = [each for each in programs if not await self._failing(each.program)]
        await self._find_calls()
        return await self._compared(rivals, failed)

    async def _find_calls(self) -> None:
        header = self.task.header or self.own.header
        known = [each.call for each in self.examples]
        self.calls = inputs(known, header, self.own.name, self.judged.question)
        if len(self.calls) < TELLING:
            written = await written_calls(self.judged, self.services, self.own.name, self.asks)
            self.calls = list(dict.fromkeys([*self.calls, *written]))

    async def _failing(self, program: Program) -> str:
        """What the first example that it does not meet says of it."""
        if not self.examples:
            outcome = (await self._does(program, ["None"]))[0]
            return "" if outcome.how == "value" else f"the code fails: {outcome.text}"
        outcomes = await self._does(program, [each.call for each in self.examples])
        pairs = zip(self.examples, outcomes, strict=True)
        return next((_told(each, outcome) for each, outcome in pairs if not _meets(each, outcome)), "")

    async def _misread(self) -> bool:
        """An example that another model's program fails in the very same way was misread, or is wrong."""
        calls = [each.call for each in self.examples]
        if not calls:
            return False
        mine = await self._does(self.own, calls)
        doubtful: set[str] = set()
        for rival in filter(None, map(self._rival, self.heard)):
            theirs = await self._does(rival.program, calls)
            for example, one, other in zip(self.examples, mine, theirs, strict=True):
                if not _meets(example, one) and one.how == "value" and one.same(other):
                    doubtful.add(example.call)
        self.examples = [each for each in self.examples if each.call not in doubtful]
        return bool(doubtful)

    async def _does(self, program: Program, calls: Sequence[str]) -> list[Outcome]:
        key = (program.code, *calls)
        if key not in self.seen:
            self.seen[key] = await observed(program, calls, self.seconds)
        return self.seen[key]

    def _rival(self, candidate: Candidate) -> _Rival | None:
        if candidate.model == self.judged.model:
            return None
        program = program_of(candidate.answer, self.task)
        return _Rival(candidate, program) if program.name == self.own.name and not program.wrong else None

    async def _next(self) -> _Rival | None:
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

    async def _compared(self, rivals: list[_Rival], failed: str) -> Verdict:
        """Two that do the same on every call are believed; a third decides where two differ."""
        while True:
            groups = await self._groups(rivals, [] if failed else [None])
            best = max(groups, key=lambda group: (self._models(group), None in group), default=[])
            if self._models(best) >= AGREE:
                return self._settled(best, failed)
            more = await self._next()
            if more is None:
                return self._open(rivals, failed)
            rivals = [*rivals, more]

    def _models(self, group: Sequence[_Rival | None]) -> int:
        return len({self.judged.model if each is None else each.candidate.model for each in group})

    async def _groups(self, rivals: Sequence[_Rival], own: list[_Rival | None]) -> list[list[_Rival | None]]:
        """Those that do the same; None stands for the answer itself."""
        groups: list[list[_Rival | None]] = [own] if own else []
        for rival in rivals:
            for group in groups:
                if await self._agree(group[0], rival):
                    group.append(rival)
                    break
            else:
                groups.append([rival])
        return groups

    async def _agree(self, one: _Rival | None, other: _Rival) -> bool:
        left = await self._does(self.own if one is None else one.program, self.calls) if self.calls else []
        right = await self._does(other.program, self.calls) if self.calls else []
        told = [(a, b) for a, b in zip(left, right, strict=True) if not _silent(a, b)]
        return len(told) >= min(TELLING, max(1, len(self.calls))) and all(a.same(b) for a, b in told)

    def _settled(self, best: Sequence[_Rival | None], failed: str) -> Verdict:
        others = tuple(self.heard)
        if None in best:
            return Verdict.good("executed", TOGETHER, others=others)
        found = next(each for each in best if each is not None)
        because = failed or f"the programs of {len(best)} other models do the same, and not what it does"
        return Verdict.bad(
            because, "executed", confidence=ALONE, instead=found.candidate.answer, others=others
        )

    def _open(self, rivals: Sequence[_Rival], failed: str) -> Verdict:
        """Nobody does the same. Where nobody else met the examples, they are all there is."""
        others, examples = tuple(self.heard), len(self.examples)
        if failed:
            if self.judged.last and rivals and examples:
                instead = rivals[0].candidate.answer
                return Verdict.bad(failed, "executed", confidence=ONCE, instead=instead, others=others)
            return Verdict.bad(failed, others=others)
        alone = not any(each.answer for each in self.heard if each.model != self.judged.model)
        if not rivals and (alone or not self.calls or examples >= FIRM or self.judged.last):
            return (
                Verdict.good("executed", ALONE if alone else ONCE, others=others)
                if examples
                else Verdict(others=others)
            )
        return Verdict.bad("other models' code does something else", mends=False, others=others)


def _meets(example: Example, outcome: Outcome) -> bool:
    return outcome.how == "unclear" or (outcome.how == "value" and alike(outcome.text, example.wanted))


def _told(example: Example, outcome: Outcome) -> str:
    if outcome.how == "value":
        return f"{example.call} gives {outcome.text[:200]}, it should give {example.wanted[:200]}"
    if outcome.how == "hung":
        return f"{example.call} does not end"
    return f"{example.call} raises {outcome.text[:200]}, it should give {example.wanted[:200]}"


def _silent(one: Outcome, other: Outcome) -> bool:
    """A call that says nothing of either: neither gives a value, or one cannot be compared."""
    if "unclear" in (one.how, other.how):
        return True
    return one.how != "value" and other.how != "value"
