"""Old and new on the same questions: those that failed and a sample of those that passed, really asked."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

from tinyllm.errors import OutOfBudget, TinyError
from tinyllm.grades import Outcome
from tinyllm.growth.chances import Bound, overall
from tinyllm.growth.replay import Budget, Replayed, Replays
from tinyllm.growth.trigger import Need
from tinyllm.guard import Guard
from tinyllm.models import Ask, Reply
from tinyllm.overlay import Patch
from tinyllm.paired import compared
from tinyllm.redaction import safe
from tinyllm.spec import GraphSpec
from tinyllm.spec.prompts import Prompts

LEAST = 8  # paired questions; on fewer nothing is decided
FAILED, PASSED = 24, 24  # questions of each kind that are asked
FIRST = 8  # failed questions after which a hopeless candidate is left
LEVEL = 0.05  # chance that a change that helps nobody is put on probation
JUDGES = 2  # the tier from which a model is asked whether an answer is right
KNOWS = ("proved", "executed", "agreed", "judged")
NOT_BETTER, WORSE = "not better on what failed", "worse on what passed"
VERDICT = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": ["right", "wrong"]}},
    "required": ["verdict"],
}


@dataclass(frozen=True, slots=True)
class Case:
    """A question that was asked, and what is known of its answers."""

    question: str
    failed: bool
    by: str  # whose verdict it was: a gate's, a judge's, a person's
    accepted: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()


def cases(need: Need) -> list[Case]:
    """Distinct questions, each once: the newest failed ones, and a sample of the passed that is the same each time."""
    known: dict[str, list[Outcome]] = {}
    for outcome in (*need.passed, *need.failed):
        known.setdefault(" ".join(outcome.question.split()), []).append(outcome)
    found = []
    for said in known.values():
        last = max(said, key=lambda outcome: outcome.at)
        accepted = frozenset(alike(o.answer) for o in said if o.passed)
        rejected = frozenset(alike(o.answer) for o in said if not o.passed) - accepted
        found.append((last.at, Case(last.question, not last.passed, last.by, accepted, rejected)))
    found.sort(key=lambda pair: -pair[0])
    failed = [case for _, case in found if case.failed][:FAILED]
    passed = [case for _, case in found if not case.failed]
    passed.sort(key=lambda case: hashlib.sha256(case.question.encode()).digest())
    return [*failed, *passed[:PASSED]]


def alike(answer: str) -> str:
    """An answer as it is compared: case, space and a full stop at the end make no difference."""
    return " ".join(answer.casefold().split()).rstrip(" .!")


@dataclass
class Judge:
    """Who is asked where nothing else can tell: a model that answered in neither version."""

    guard: Guard
    budget: Budget
    said: dict[tuple[str, str], bool | None] = field(default_factory=dict)

    async def right(self, case: Case, replayed: Replayed, answered: set[str]) -> bool | None:
        entries = self.guard.entries.values()
        others = [entry for entry in entries if entry.name not in answered and entry.tier >= JUDGES]
        entry = max(others, key=lambda each: each.tier, default=None)
        key = (case.question, alike(replayed.answer))
        if entry is None or not replayed.answer or self.budget.left <= 0:
            return None
        if key not in self.said:
            self.budget.spent += 1
            said = Prompts(()).text("growth_judge.md").replace("QUESTION", case.question)
            messages = [{"role": "user", "content": said.replace("ANSWER", replayed.answer)}]
            ask = Ask(messages, schema=VERDICT, options={"temperature": 0})
            try:
                self.said[key] = await self.guard.ask(entry.key, ask, _verdict)
            except TinyError as failure:
                if failure.kind == "cancelled":
                    raise
                self.said[key] = None
        return self.said[key]


def _verdict(reply: Reply) -> bool:
    from tinyllm.guard import read_json

    return bool(read_json(reply, VERDICT)["verdict"] == "right")


@dataclass
class Comparison:
    """What the cases say of one patch against the graph without it."""

    patch: Patch
    share: float  # of the node's questions that failed
    pairs: list[tuple[Case, bool, bool]] = field(default_factory=list)
    unknown: int = 0  # questions of which nobody can tell whether they went well
    # Answers of which nothing is known but that they are not the rejected or the accepted one.
    guessed: int = 0
    stopped: str = ""

    @property
    def weak(self) -> bool:
        """Mostly guessed: then it is what happens on probation that counts."""
        return self.guessed > len(self.pairs) / 2

    def changes(self, failed: bool) -> list[int]:
        return [int(new) - int(old) for case, old, new in self.pairs if case.failed is failed]

    def bound(self, among: int = 1) -> Bound:
        z = NormalDist().inv_cdf(1 - LEVEL / max(1, among))
        return overall(self.changes(failed=True), self.changes(failed=False), self.share, z)

    def hopeless(self) -> bool:
        failed = self.changes(failed=True)
        return len(failed) >= FIRST and sum(failed) < len(failed) / 8

    def verdict(self, among: int) -> str:
        """Why it is not put on probation; empty when it is."""
        if self.stopped:
            return self.stopped
        failed, passed = self.changes(failed=True), self.changes(failed=False)
        if len(self.pairs) < LEAST:
            left = f"; of {self.unknown} more nobody can tell whether they went well" if self.unknown else ""
            return f"only {len(self.pairs)} paired questions, {LEAST} are needed{left}"
        if sum(failed) <= 0:
            return NOT_BETTER
        if sum(passed) < -max(1, len(passed) // 8):
            return WORSE
        bound = self.bound(among)
        if bound.low <= 0:
            return f"not surely better: {bound.difference:+.2f} of all questions, at least {bound.low:+.2f}"
        return ""

    def as_dict(self, among: int) -> dict[str, Any]:
        bound = self.bound(among)
        return {
            "pairs": len(self.pairs),
            "candidates": among,
            "difference": round(bound.difference, 3),
            "at_least": round(bound.low, 3),
            "failed": _counts(self.pairs, failed=True),
            "passed": _counts(self.pairs, failed=False),
            "unknown": self.unknown,
            "weak": self.weak,
            "verdict": self.verdict(among) or "better",
            "questions": [
                {"question": safe(case.question)[:120], "failed": case.failed, "old": old, "new": new}
                for case, old, new in self.pairs
            ],
        }


def _counts(pairs: Sequence[tuple[Case, bool, bool]], failed: bool) -> dict[str, Any]:
    chosen = [(old, new) for case, old, new in pairs if case.failed is failed]
    paired = compared(chosen)
    return {
        "questions": paired.cases,
        "old": paired.both + paired.only_a,
        "new": paired.both + paired.only_b,
        "p_better": round(paired.p_better, 4),
    }


@dataclass
class Trials:
    """All candidates of one round on the same questions; the old graph is asked once for all of them."""

    replays: Replays
    judge: Judge
    spec: GraphSpec
    gate_knows: bool  # the node's gate has sent wrong answers back: what it lets through counts
    old: dict[str, Replayed] = field(default_factory=dict)

    async def compare(self, patch: Patch, chosen: Sequence[Case], share: float) -> Comparison:
        """Case by case, the failed ones first; a candidate without hope costs no more."""
        comparison = Comparison(patch, share)
        new_spec = patch.on(self.spec)
        for index, case in enumerate(chosen):
            if comparison.hopeless():
                comparison.stopped = NOT_BETTER
                break
            try:
                await self._case(comparison, case, new_spec, f"{patch.strategy}.{index}")
            except OutOfBudget:
                comparison.stopped = "the calls for growing were used up"
                break
        return comparison

    async def _case(self, comparison: Comparison, case: Case, new_spec: GraphSpec, place: str) -> None:
        patch = comparison.patch
        old = self.old.get(case.question)
        if old is None:
            old = await self.replays.ask(self.spec, case.question, [patch.node], f"old.{place}")
            self.old[case.question] = old
        new = await self.replays.ask(new_spec, case.question, list(patch.nodes), f"new.{place}")
        answered = {*old.models, *new.models}
        was, now = await self._right(case, old, answered), await self._right(case, new, answered)
        if None in (was, now) and case.by == "person" and old.reached and new.reached:
            # Nobody can tell but the person who rated it: another answer than the bad one may be better, another one
            # than the good one is worse.
            comparison.guessed += (was is None) + (now is None)
            was, now = (case.failed if right is None else right for right in (was, now))
        if was is None or now is None:
            comparison.unknown += 1
        else:
            comparison.pairs.append((case, was, now))

    async def _right(self, case: Case, replayed: Replayed, answered: set[str]) -> bool | None:
        """What is known of the answer, else what the gate says if it can tell, else what a judge says."""
        if not replayed.reached:
            return None
        if replayed.passed is False:
            return False
        said = alike(replayed.answer)
        if said in case.accepted:
            return True
        if said in case.rejected:
            return False
        if replayed.passed and (self.gate_knows or replayed.evidence in KNOWS) and case.by != "person":
            return True
        return await self.judge.right(case, replayed, answered)


def gate_knows(need: Need) -> bool:
    """A gate that never sent anything back lets everything through, and its yes says nothing."""
    return any(outcome.by in ("gate", "judge", "complaint") for outcome in need.failed)


def best(compared: Sequence[Comparison]) -> Comparison | None:
    """The surest of those that are better; of equals the cheapest, which came first."""
    good = [each for each in compared if not each.verdict(len(compared))]
    return max(good, key=lambda each: round(each.bound(len(compared)).low, 2), default=None)


def shown(evidence: Mapping[str, Any]) -> str:
    """One line of it."""
    if not evidence.get("pairs"):
        return str(evidence.get("verdict", ""))
    failed, passed = evidence["failed"], evidence["passed"]
    return (
        f"of {failed['questions']} failed questions {failed['old']} → {failed['new']} right, of {passed['questions']}"
        f" passed {passed['old']} → {passed['new']}; {evidence['difference']:+.2f} of all, at least"
        f" {evidence['at_least']:+.2f}"
    )
