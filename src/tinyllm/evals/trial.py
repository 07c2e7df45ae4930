"""A suite put to graphs: several questions at once, each written down as it ends, none asked twice."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinyllm import __version__
from tinyllm import settings as settings_of
from tinyllm.answer import Answer
from tinyllm.engine import Engine
from tinyllm.errors import NotAnswered, TinyError, UsageError
from tinyllm.evals import programs
from tinyllm.evals.case import Case
from tinyllm.evals.cost import Cost
from tinyllm.evals.judging import NO_VERDICT, Judging
from tinyllm.evals.part import part
from tinyllm.evals.results import Outcome, Results, Row
from tinyllm.evals.scorers import Given, scored
from tinyllm.evals.suite import Suite, chosen, find, read
from tinyllm.guard.attempt import OF_THE_HOST
from tinyllm.models import Make
from tinyllm.settings import Settings
from tinyllm.spec import GraphSpec

PARALLEL = 4
LONGEST = 20_000  # characters of an answer that are kept
# Not the graph's doing: the case stays open, and the same command goes on with it.
OUTSIDE = (*OF_THE_HOST, "MODEL_NOT_FOUND", "SANDBOX_MISSING", "DISK_FULL")

Graph = str | Path | GraphSpec | dict[str, Any]
Tell = Callable[["Progress"], None]


@dataclass
class Progress:
    """How far a run is."""

    cases: int
    known: int = 0
    done: int = 0
    right: int = 0
    row: Row | None = None


@dataclass(frozen=True)
class Trial:
    """A suite and a graph."""

    suite: Suite
    engine: Engine
    name: str
    model: str = ""
    place: int = 0
    limits: dict[str, Any] = field(default_factory=dict)

    def fingerprint(self, case: Case) -> str:
        """Of everything that is known to decide the answer."""
        settings = self.engine.settings
        parts = (case.fingerprint, self.engine.spec.fingerprint, self.model, settings.model, __version__)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    async def row(self, case: Case) -> Row:
        """Ask, score, and account for it."""
        cost = Cost(self.engine.spec)
        clock = self.engine.clock
        started = clock.monotonic()
        about: dict[str, Any] = {
            "suite": self.suite.name,
            "graph": self.name,
            "case": case.id,
            "fingerprint": self.fingerprint(case),
            "about": case.fingerprint,
            "question": case.question,
            "tags": case.tags,
            "place": self.place,
            "number": [each.id for each in self.suite.cases].index(case.id),
            "model": self.model,
            "database": self.engine.settings.database,
        }
        try:
            answer = await self.engine.ask(
                case.question,
                inputs=case.inputs,
                attached=[self.suite.folder / name for name in case.attach],
                listen=cost.add,
                model=self.model,
                priority="batch",
                **self.limits,
            )
        except TinyError as failure:
            if self._from_outside(failure):
                raise
            found: dict[str, Any] = {
                "outcome": "refused" if failure.exit_code == NotAnswered.policy.exit_code else "failed",
                "status": "failed",
                "failure": failure.as_dict(),
                "ms": round((clock.monotonic() - started) * 1000, 1),
            }
        else:
            found = await self._found(case, answer, cost)
        return Row(**about, **found, **cost.as_dict(), at=round(clock.now(), 3))

    def _from_outside(self, failure: TinyError) -> bool:
        resting = getattr(failure, "target", "") == self.engine.settings.ollama_host
        return resting or failure.kind == "cancelled" or failure.code.startswith(("DB_", *OUTSIDE))

    async def _found(self, case: Case, answer: Answer, cost: Cost) -> dict[str, Any]:
        judging = Judging(self.engine, case, tuple(cost.authors))
        given = Given(
            case, answer.answer, answer.value, answer.status, answer.route, tuple(cost.tools), judging
        )
        scores = await scored(given)
        return {
            **judged(case, answer.status, scores),
            "scores": scores,
            "status": answer.status,
            "answer": answer.answer[:LONGEST],
            "evidence": answer.evidence,
            "route": answer.route,
            "models": answer.models,
            "judges": tuple(judging.asked),
            "ms": answer.elapsed_ms,
        }


def judged(case: Case, status: str, scores: dict[str, str]) -> dict[str, Any]:
    """Right, wrong and shipped, refused, or failed; and whether what was refused was right."""
    fine = not any(scores.values())
    outcome: Outcome
    if scores.get("judge", "").startswith(NO_VERDICT):
        return {"outcome": "failed"}
    if status == "committed" or (case.declined and status == "refused"):
        outcome = "right" if fine else "wrong"
    else:
        outcome = "refused" if status == "refused" else "failed"
    return {"outcome": outcome, "best": fine and outcome == "refused"}


async def run(
    suite: str | Path | Suite,
    graphs: Sequence[Graph] = (),
    *,
    settings: Settings | None = None,
    out: Path | None = None,
    parallel: int = PARALLEL,
    limit: int = 0,
    seed: int | None = None,
    model: str = "",
    fresh: bool = False,
    cached: bool = False,
    make: Make | None = None,
    tell: Tell | None = None,
) -> Results:
    """Put a suite to one graph or several; what the results file has already is not asked again.

    Replies that are kept are left alone unless `cached`: the second of two graphs would seem to cost less than the first.
    """
    settings = settings or settings_of.load()
    settings = settings if cached else replace(settings, cache="off")
    suite = suite if isinstance(suite, Suite) else read(find(str(suite), settings))
    named = enumerate(_engines(suite, graphs, settings, make))
    trials = [Trial(suite, engine, name, model, place) for place, (name, engine) in named]
    try:
        results = _begun(trials, suite, settings, out, fresh)
        cases = chosen(suite, limit, seed)
        await _all(trials, cases, results, parallel, tell)
    finally:
        for trial in trials:
            await trial.engine.aclose()
    return results.only(case.id for case in cases)


def folder(settings: Settings) -> Path:
    """Where results are kept."""
    return settings.data / "evals"


def _engines(
    suite: Suite, graphs: Sequence[Graph], settings: Settings, make: Make | None
) -> Iterator[tuple[str, Engine]]:
    """Each graph under a name of its own, with a database apart: a trial is no conversation of the user's."""
    apart = replace(settings, database=str(folder(settings) / "runs.db"))
    names: set[str] = set()
    for graph in graphs or (suite.graph or settings.graph,):
        whole = Engine(graph, settings=apart, make=make)
        engine = Engine(part(whole.spec, suite.only), settings=apart, make=make) if suite.only else whole
        name = whole.spec.name
        if name in names and isinstance(graph, (str, Path)):
            name = str(graph)
        if name in names:
            raise UsageError(f"the graph {name!r} is named twice", hint="compare two graphs that differ")
        names.add(name)
        yield name, engine


def _begun(
    trials: Sequence[Trial], suite: Suite, settings: Settings, out: Path | None, fresh: bool
) -> Results:
    """The results file: as told, or one for these graphs as they are now."""
    if out is None:
        prints = "".join(trial.engine.spec.fingerprint + trial.model for trial in trials)
        mark = hashlib.sha256(prints.encode()).hexdigest()[:8]
        names = "-".join(_harmless(name) for name in (suite.name, *(trial.name for trial in trials)))
        out = folder(settings) / f"{names}.{mark}.jsonl"
    results = Results.begun(out)
    results.prepare(suite.name)
    folder(settings).mkdir(parents=True, exist_ok=True)
    if fresh:
        results.rows.clear()
    return results


def _harmless(name: str) -> str:
    return "".join(char if char.isalnum() or char in "_." else "_" for char in Path(name).stem)[:60]


async def _untried(open_: Sequence[tuple[Trial, Case]], results: Results) -> Sequence[tuple[Trial, Case]]:
    """Programs, where there is no sandbox to try them in: they are left open, and nothing else is."""
    found = [(trial, case) for trial, case in open_ if case.code is not None]
    if not found or (failure := await programs.missing()) is None:
        return ()
    count = f"{len(found)} {'case' if len(found) == 1 else 'cases'}"
    failure.message = f"{count} with `code` left open: {failure.message}"
    results.stopped = failure
    for trial, case in found:
        results.rows.pop((trial.name, case.id), None)  # what it was before it changed
    return found


async def _all(
    trials: Sequence[Trial], cases: Sequence[Case], results: Results, parallel: int, tell: Tell | None
) -> None:
    """Workers that take the next case; the first failure from outside stops them all."""
    pairs = [(trial, case) for case in cases for trial in trials]
    open_ = [
        (trial, case)
        for trial, case in pairs
        if not results.known(trial.name, case.id, trial.fingerprint(case))
    ]
    untried = await _untried(open_, results)
    open_ = [pair for pair in open_ if pair not in untried]
    pairs = [pair for pair in pairs if pair not in untried]
    progress = Progress(len(pairs), known=len(pairs) - len(open_))
    waiting = iter(open_)

    async def work() -> None:
        for trial, case in waiting:
            row = await trial.row(case)
            results.add(row)
            progress.done += 1
            progress.right += row.right
            progress.row = row
            if tell is not None:
                tell(progress)

    if tell is not None:
        tell(progress)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(parallel, len(open_))):
                group.create_task(work())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
