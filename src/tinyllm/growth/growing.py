"""A round of growing, as a run of the growth graph; and what people decide of patches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tinyllm.engine import Engine
from tinyllm.errors import TinyError, UsageError
from tinyllm.growth.candidates import fault_of
from tinyllm.growth.evidence import Judge, Trials, cases, gate_knows, shown
from tinyllm.growth.replay import Budget, Replays
from tinyllm.growth.steps import Known, Steps
from tinyllm.growth.trigger import Need
from tinyllm.overlay import Decision, Patch, State
from tinyllm.running import Event
from tinyllm.store import Database
from tinyllm.transactions.staged import decide

Listen = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of growing came to."""

    run: str
    said: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()
    calls: int = 0

    def as_dict(self) -> dict[str, Any]:
        decided = [decision.as_dict() for decision in self.decisions]
        return {"run": self.run, "said": list(self.said), "decisions": decided, "calls": self.calls}


async def grow(
    engine: Engine, *, budget: int | None = None, timeout: float | None = None, listen: Listen | None = None
) -> Round:
    """Decide what is on probation, and let the node that needs it most grow; one transaction."""
    if engine.settings.growth_mode == "off":
        return Round("", ("growing is off",))
    steps = Steps(engine, Budget(budget or engine.settings.growth_budget))
    async with Engine(
        "growth", settings=engine.settings, make=engine.models.make, clock=engine.clock, growing=steps
    ) as worker:
        answer = await worker.ask(
            inputs={"graph": engine.base.name}, timeout=timeout, listen=_told(listen), priority="background"
        )
    found = (await steps.known()).history
    said = answer.value.get("said", ()) if isinstance(answer.value, Mapping) else ()
    made = tuple(decision for decision in found if decision.run == answer.run)
    return Round(answer.run, tuple(said), made, steps.budget.spent)


def _told(listen: Listen | None) -> Listen | None:
    """Only the steps are told: what is asked in them is thousands of events."""
    if listen is None:
        return None

    def tell(event: Event) -> None:
        if event.kind in ("begin", "node"):
            listen(event)

    return tell


async def retest(engine: Engine, number: int, *, budget: int | None = None) -> Patch:
    """Ask old and new once more, and keep what came of it with the patch; its state stays."""
    steps = Steps(engine, Budget(budget or engine.settings.growth_budget))
    known = await steps.known()
    patch = patch_of(known, number)
    spec = known.spec if patch.state != "accepted" else known.under(patch)
    if not patch.stands(spec):
        raise _aside(patch)
    own = [o for o in known.outcomes if o.node == patch.node and o.fingerprint == patch.fingerprint]
    failed = tuple(outcome for outcome in own if not outcome.passed)
    passed = tuple(outcome for outcome in own if outcome.passed)
    need = Need(patch.node, "", failed, passed, len(failed) / max(1, len(own)))
    trials = Trials(
        Replays(engine, steps.budget), Judge(engine.services.guard, steps.budget), spec, gate_knows(need)
    )
    evidence = (await trials.compare(patch, cases(need), need.rate)).as_dict(1)
    tested = replace(patch, evidence={**patch.evidence, **evidence})
    await write(engine, tested, f"tested again: {evidence['verdict']} ({shown(evidence)})")
    return tested


def patch_of(known: Known, number: int) -> Patch:
    found = next((patch for patch in known.patches if patch.number == number), None)
    if found is None:
        raise UsageError(
            f"there is no patch {number} of the graph {known.base.name!r}",
            hint="`tinyllm growth list` lists them",
            code="PATCH_UNKNOWN",
        )
    return found


async def accept(engine: Engine, number: int, why: str = "") -> Patch:
    """A person's word: it takes effect with the next run."""
    known = await Steps(engine).known()
    patch = patch_of(known, number)
    if patch.state == "accepted":
        raise UsageError(
            f"the patch {number} is accepted already", hint="`tinyllm growth revert` takes it back"
        )
    fault = fault_of(known.spec, patch, [p for p in known.patches if p.number != number], engine.tools)
    if fault:
        raise UsageError(
            f"the patch {number} cannot be accepted: {fault}", hint=f"tinyllm growth show {number}"
        )
    return await _decided(engine, patch, "accepted", why or "accepted by hand")


async def revert(engine: Engine, number: int, why: str = "") -> Patch:
    """A person's word: the next run goes without it; what stands on it stands aside."""
    patch = patch_of(await Steps(engine).known(), number)
    if patch.state in ("reverted", "rejected"):
        raise UsageError(f"the patch {number} is {patch.state} already", hint="`tinyllm growth list`")
    state: State = "rejected" if patch.state == "proposed" else "reverted"
    return await _decided(engine, patch, state, why or f"{state} by hand")


async def _decided(engine: Engine, patch: Patch, state: State, why: str) -> Patch:
    decided = replace(patch, state=state)
    await write(engine, decided, why)
    return decided


async def write(engine: Engine, patch: Patch, why: str) -> None:
    """One decision by a person, in a transaction of its own; refused when somebody decided meanwhile."""
    store = engine.transactions.store

    def work(db: Database) -> None:
        last = db.execute(
            "SELECT max(at) FROM growth WHERE patch = :patch", {"patch": patch.number}
        ).fetchone()
        if last[0] and last[0] > patch.at:
            raise UsageError(
                f"the patch {patch.number} was decided on meanwhile", hint="look at it again, then decide"
            )
        decide(db, {"key": "person", "patch": patch.number, "at": store.clock.now(), "graph": patch.graph,
                    "state": patch.state, "why": why, "body": patch.body()})  # fmt: skip

    await store.write(work)


def _aside(patch: Patch) -> TinyError:
    return UsageError(
        f"the patch {patch.number} stands aside: {patch.node} is not what it was",
        hint=f"tinyllm growth show {patch.number}",
        code="PATCH_ASIDE",
    )
