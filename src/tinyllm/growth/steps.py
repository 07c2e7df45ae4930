"""The steps of the growth graph: watch, diagnose, propose, test, decide; each reads what the one before it left."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tinyllm.engine import Engine
from tinyllm.grades import Outcome, outcomes, read_grades
from tinyllm.growth.candidates import candidates
from tinyllm.growth.diagnosis import Domain, domains
from tinyllm.growth.evidence import LEAST, Judge, Trials, best, cases, gate_knows, shown
from tinyllm.growth.probation import live, pruned
from tinyllm.growth.replay import Budget, Replays
from tinyllm.growth.trigger import Need, needs
from tinyllm.overlay import Decision, Patch, grown, read_beside, read_history, together
from tinyllm.running import current, emit
from tinyllm.spec import GraphSpec
from tinyllm.state import State as RunState


@dataclass(frozen=True)
class Known:
    """What the store says of a graph: how its nodes did, what was decided, and how it stands."""

    outcomes: list[Outcome]
    history: list[Decision]
    base: GraphSpec
    spec: GraphSpec  # with what was accepted
    files: list[Patch]  # what the file beside the graph says
    patches: list[Patch]

    def under(self, patch: Patch) -> GraphSpec:
        """The graph that a patch lies over: with what was accepted before it, without it."""
        earlier = [p for p in self.patches if p.state == "accepted" and p.number < patch.number]
        return grown(self.base, [*self.files, *earlier])


@dataclass
class Steps:
    """One round of growing one graph. What a step leaves is plain, so that a round can be resumed."""

    engine: Engine  # of the graph that grows
    budget: Budget = field(default_factory=lambda: Budget(0))

    async def __call__(self, step: str, state: RunState) -> tuple[bool, Any]:
        known = await self.known()
        if step == "watch":
            return self._watch(known)
        need = _need(known, state["outputs"])
        if step == "diagnose":
            return await self._diagnose(need)
        if step == "propose":
            return self._propose(known, need, state["outputs"])
        if step == "test":
            return await self._test(known, need, state["outputs"])
        return self._settle(known, state["outputs"])

    async def known(self) -> Known:
        """In a thread: it opens a database and reads files, and Studio's loop may not wait for either."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Known:
        base = self.engine.base
        store = self.engine.transactions.store
        grades, history = store.read_now(
            lambda db: (read_grades(db, graph=base.name), read_history(db, base.name))
        )
        table = list({decision.patch.number: decision.patch for decision in history}.values())
        everything = together(table, read_beside(base, self.engine.tools))
        accepted = [patch for patch in everything if patch.state == "accepted"]
        files = [patch for patch in everything if not patch.number]
        return Known(outcomes(grades), history, base, grown(base, accepted), files, table)

    def _watch(self, known: Known) -> tuple[bool, Any]:
        """Decide what is on probation, prune what nobody asks, and look for a node that should grow."""
        said = []
        for patch in known.patches:
            if patch.state == "probation":
                said.append(self._judged(patch, known))
            elif patch.state == "accepted" and (slim := pruned(patch, known.outcomes, known.spec)):
                gone = ", ".join(sorted({*patch.nodes} - {*slim.nodes}))
                self._decide(slim, f"pruned: nobody asked {gone}", key=f"prune:{patch.number}")
                said.append(f"patch {patch.number}: pruned {gone}")
        found = needs(known.spec, known.outcomes, known.history)
        if not found:
            said = said or ["nothing should grow"]
            return False, {"said": said, "node": ""}
        ready = [need for need in found if len(cases(need)) >= LEAST]
        for need in found if not ready else ():
            said.append(
                f"{need.node} {need.why}; {LEAST} different questions are needed, {len(cases(need))} are known"
            )
        if not ready:
            return False, {"said": said, "node": ""}
        said.append(f"{ready[0].node} {ready[0].why}")
        return True, {"said": said, "node": ready[0].node, "why": ready[0].why}

    def _judged(self, patch: Patch, known: Known) -> str:
        found = live(patch, known.outcomes)
        name = f"patch {patch.number} ({patch.strategy} of {patch.node})"
        if not found.verdict:
            return f"{name} is on probation: {found.said}"
        evidence = {**patch.evidence, "live": found.as_dict()}
        decided = replace(patch, evidence=evidence, state=found.verdict)  # type: ignore[arg-type]
        self._decide(decided, found.said, key=f"probation:{patch.number}")
        return f"{name} is {found.verdict}: {found.said}"

    async def _diagnose(self, need: Need) -> tuple[bool, Any]:
        """What the failed questions are about."""
        guard = self.engine.services.guard
        failed = [outcome.question for outcome in reversed(need.failed)]
        passed = [outcome.question for outcome in reversed(need.passed)]
        self.budget.spent += 1
        by, found = await domains(guard, failed, passed, self.engine.services.memory.embedder)
        names = ", ".join(domain.name for domain in found) or "nothing in common"
        said = [f"{len(failed)} questions failed; they are about {names} (told by {by})"]
        return True, {"said": said, "by": by, "domains": [[d.name, list(d.terms)] for d in found]}

    def _propose(self, known: Known, need: Need, outputs: Mapping[str, Any]) -> tuple[bool, Any]:
        """Candidates that build and check."""
        named = [Domain(name, tuple(terms)) for name, terms in outputs["diagnose"]["domains"]]
        tools = self.engine.tools
        found = candidates(known.spec, need, named, known.history, tools)
        said = [f"candidate: {patch.strategy} ({patch.why})" for patch in found.patches]
        said += [f"left out: {text}" for text in found.dropped]
        made = [patch.body() for patch in found.patches]
        return bool(made), {"said": said or ["there is no way left to try"], "patches": made}

    async def _test(self, known: Known, need: Need, outputs: Mapping[str, Any]) -> tuple[bool, Any]:
        """Old and new on the same questions."""
        chosen = cases(need)
        replays = Replays(self.engine, self.budget)
        judge = Judge(self.engine.services.guard, self.budget)
        trials = Trials(replays, judge, known.spec, gate_knows(need))
        found = []
        for body in outputs["propose"]["patches"]:
            patch = Patch(graph=known.spec.name, **body)
            found.append(await trials.compare(patch, chosen, need.rate))
        one = best(found)
        results = [comparison.as_dict(len(found)) for comparison in found]
        said = [
            f"{comparison.patch.strategy}: {result['verdict']} ({shown(result)})"
            for comparison, result in zip(found, results, strict=True)
        ]
        return True, {
            "said": [*said, f"{self.budget.spent} calls"],
            "evidence": results,
            "best": -1 if one is None else found.index(one),
        }

    def _settle(self, known: Known, outputs: Mapping[str, Any]) -> tuple[bool, Any]:
        """The best goes on probation, or waits for a person; the others are rejected."""
        tested, said = outputs["test"], []
        settings = self.engine.settings
        for index, body in enumerate(outputs["propose"]["patches"]):
            evidence = tested["evidence"][index]
            patch = Patch(graph=known.spec.name, **{**body, "evidence": evidence})
            if index == tested["best"]:
                propose = settings.growth_mode == "propose"
                share = min(0.95, settings.growth_share)
                patch = replace(patch, state="proposed" if propose else "probation", share=share)
                waits = "waits for a person" if propose else f"serves {share:.0%} of the runs"
                said.append(f"{patch.strategy} of {patch.node} {waits}: {shown(evidence)}")
            else:
                verdict = evidence["verdict"]
                patch = replace(patch, state="rejected")
                said.append(f"{patch.strategy} of {patch.node} is rejected: {verdict}")
            why = shown(evidence) if index == tested["best"] else evidence["verdict"]
            if evidence["verdict"] == "better" and index != tested["best"]:
                why = "another candidate was better"
            self._decide(patch, why, key=f"decide:{index}")
        return True, {"said": said}

    def _decide(self, patch: Patch, why: str, key: str) -> None:
        """Written with the run's events, and only if it commits."""
        emit(
            "decision",
            key=f"{current().node}:{key}",
            patch=patch.number,
            graph=patch.graph,
            state=patch.state,
            why=why,
            body=patch.body(),
        )


def _need(known: Known, outputs: Mapping[str, Any]) -> Need:
    """The node that was found, as it is now: grades only come to it, and go with runs that are taken back."""
    node, why = outputs["watch"]["node"], outputs["watch"]["why"]
    own = [o for o in known.outcomes if o.node == node and o.fingerprint == known.spec.mark(node)]
    failed = tuple(outcome for outcome in own if not outcome.passed)
    passed = tuple(outcome for outcome in own if outcome.passed)
    return Need(node, why, failed, passed, len(failed) / max(1, len(own)))
