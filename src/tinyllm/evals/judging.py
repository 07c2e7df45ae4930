"""A judge's word on an answer: a model that had no part in it, asked in both orders."""

from dataclasses import dataclass, field, replace

from tinyllm.checks.judging import judge
from tinyllm.checks.verdict import Candidate
from tinyllm.checks.verdict import Judged as Answered
from tinyllm.engine import Engine
from tinyllm.errors import UsageError
from tinyllm.evals.case import Case, Judge
from tinyllm.models import Entry
from tinyllm.running import Event, Running, entered
from tinyllm.services import Services

OURS = "judge of the suite"  # the entry of a judge that a case names
NO_VERDICT = "there is no verdict"
NOBODY = (
    "every model had a part in the answer: name another one in the case, `judge: {rubric: …, model: NAME}`"
)


@dataclass(frozen=True)
class Judging:
    """Whoever judges the answers of a graph."""

    engine: Engine
    case: Case
    authors: tuple[str, ...] = ()  # the models that had a part in the answer
    asked: list[str] = field(default_factory=list)  # who judged

    async def __call__(self, wanted: Judge, answer: str) -> str:
        """What is wrong with the answer; a judge that changes its mind has not said that it is right."""
        because: list[str] = []

        def heard(event: Event) -> None:
            if event.kind in ("call", "cached"):
                entry = services.guard.entries.get(event.data.get("entry", ""))
                name = entry.name if entry is not None else event.data["model"]
                self.asked.extend([name] if name not in self.asked else [])
            if event.kind == "skipped":
                because.append(str(event.data.get("because", "")))

        clock = self.engine.clock
        deadline = clock.monotonic() + self.engine.settings.timeout
        services, key = self._judge(wanted)
        others = tuple(Candidate("", name) for name in self.authors)
        answered = Answered(self.case.question, answer, others=others)
        with entered(Running(node="judge", priority="batch", deadline=deadline, listen=heard, clock=clock)):
            said = await judge(answered, services, key, wanted.rubric, self.case.answer)
        if said.passed:
            return ""
        if said.passed is False:
            return said.because
        return f"{NO_VERDICT}: {(because or [NOBODY])[-1]}"

    def _judge(self, wanted: Judge) -> tuple[Services, str]:
        """The judge that the case names, or the graph's own, or its highest tier."""
        services, entries = self.engine.services, self.engine.spec.models
        if wanted.model and wanted.model not in entries:
            # Who writes a suite answers for its judge.
            known = {**entries, OURS: Entry(key=OURS, name=wanted.model, tier=3)}
            return replace(services, guard=replace(services.guard, entries=known)), OURS
        highest = max(entries.values(), key=lambda entry: entry.tier, default=None)
        key = wanted.model or ("judge" if "judge" in entries else highest.key if highest else "")
        if not key:
            raise UsageError(
                f"the graph {self.engine.spec.name!r} has no model that could judge",
                hint="name one in the case: `judge: {rubric: …, model: qwen3:14b}`",
            )
        return services, key
