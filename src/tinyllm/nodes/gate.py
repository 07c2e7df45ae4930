"""Let an answer through when it is good enough, else send it back, and in the end say honestly what was tried."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from tinyllm.checks import Candidate, Judged, Verdict, better, judge, verified
from tinyllm.kinds import Node, node
from tinyllm.nodes.escalation import Step, heirs, next_step
from tinyllm.plain import as_text
from tinyllm.services import Services
from tinyllm.state import END, REFUSE, RETRY, Goto, State, latest
from tinyllm.texts import template

Note = Mapping[str, Any]


class Gate(Node):
    """A judge of the answer that came in: checks first, and tries counted."""

    answers: ClassVar[bool] = False
    exit_fields: ClassVar[tuple[str, ...]] = ("passes", "fails", "gives_up")
    texts: ClassVar[dict[str, str]] = {"reference": "template"}

    kind: Literal["gate"] = "gate"
    checks: tuple[str | dict[str, dict[str, Any]], ...] = Field(
        default=("not_empty",), description="The checks: names, or a name with its parameters."
    )
    judge: str = Field(default="", description="The model that judges what no check could verify.")
    rubric: str = Field(
        default="", description="What the judge looks at, beside being right and to the point."
    )
    asks: tuple[str, ...] = Field(
        default=(), description="Models that checks may ask; left out, those of its tier."
    )
    reference: str = Field(
        default="", description="What a right answer says, a template, for the judge to compare with."
    )
    passes: str = Field(default=END, description="Where a good answer goes.")
    fails: str = Field(default=RETRY, description="Where a poor answer goes while tries are left.")
    tries: int = Field(
        default=2, ge=1, le=10, description="How many answers of the same model are looked at."
    )
    escalates: str | tuple[str, ...] = Field(
        default="", description="The models that answer after the last try failed, in this order."
    )
    calls: int = Field(
        default=12, ge=1, le=100, description="Answers and opinions that one question may cost."
    )
    gives_up: str = Field(default=REFUSE, description="Where to go when nothing passed.")
    judges: tuple[str, ...] = Field(default=(), description="Filled in: the nodes whose answers it sees.")
    to: str = ""

    @property
    def ladder(self) -> tuple[str, ...]:
        climbs = self.escalates
        return ((climbs,) if climbs else ()) if isinstance(climbs, str) else climbs

    def exits(self) -> tuple[str, ...]:
        back = self.judges if self.fails == RETRY or self.ladder or self.judge else ()
        return (*(target for target in super().exits() if target != RETRY), *back)

    def models(self) -> tuple[str, ...]:
        named = [
            model
            for wanted in self.checks
            for parameters in (wanted.values() if isinstance(wanted, dict) else ())
            for field in ("asks", "programs")
            for model in _strings(parameters.get(field))
        ]
        return (*self.ladder, *filter(None, (self.judge,)), *self.asks, *named)


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, (list, tuple)) else ()


@node
async def gate(config: Gate, state: State, services: Services) -> Goto:
    """Let an answer through when it is good enough, else send it back."""
    of = latest(state["outputs"], config.judges)
    past = state["notes"].get(of, {})
    judged = _judged(of, state, services)
    judged = replace(judged, asks=_asks(config, judged, services))
    judged = _ahead(config, judged, past, services)
    verdict = await verified(judged, config.checks, services)
    if verdict.passed is not False and verdict.evidence == "unchecked":
        reference = template(config.reference, config.id).render(state)
        verdict = await _judge(config, judged, verdict, past, services, reference)
    if not of:  # nobody answered: there is nobody to ask again
        return Goto(config.gives_up, _said(of, judged, verdict, past))
    if verdict.passed is not False:
        return Goto(config.passes, _said(of, judged, verdict, past))
    if verdict.instead is not None:
        settled = replace(verdict, passed=True, because="")
        said = _said(of, judged, settled, past) | {"replaced": verdict.because}
        return Goto(config.passes, said, outputs={of: verdict.instead})
    return await _sent_on(config, of, judged, verdict, past, services)


async def _sent_on(
    config: Gate, of: str, judged: Judged, verdict: Verdict, past: Note, services: Services
) -> Goto:
    """Back to whoever may do better; when nobody may, the best there is."""
    said, note = _said(of, judged, verdict, past), _noted(judged, verdict, past)
    if config.fails != RETRY and len(note["tried"]) < config.tries:
        return Goto(config.fails, said, notes={of: note})
    step = _step(config, judged, verdict, past, services)
    if step is not None:
        more = {"model": step.model, "climbed": [*past.get("climbed", ()), step.model]} if step.model else {}
        return Goto(of, said, notes={of: {**note, **more, "afresh": step.afresh}})
    if verdict.evidence == "judged" or "doubted" in past:  # a judge alone refuses nothing
        standing = {of: past["doubted"]} if "doubted" in past else {}
        passed = _said(of, judged, Verdict(), past) | {"doubts": verdict.because}
        return Goto(config.passes, passed, outputs=standing)
    return Goto(config.gives_up, said, notes={of: note}, outputs=_best(of, judged, verdict, past))


def _step(config: Gate, judged: Judged, verdict: Verdict, past: Note, services: Services) -> Step | None:
    return next_step(
        judged,
        verdict,
        past,
        services,
        tries=config.tries if config.fails == RETRY else 1,
        escalates=config.ladder,
        calls=config.calls,
    )


async def _judge(
    config: Gate, judged: Judged, verdict: Verdict, past: Note, services: Services, reference: str
) -> Verdict:
    """What no check could verify, a judge looks at; after a doubt, the new answer must beat the doubted one."""
    if not config.judge or not judged.answer.strip():
        return verdict
    if "doubted" in past:
        chosen = await better(judged, past["doubted"], services, config.judge, config.rubric)
        return replace(chosen, others=verdict.others)
    said = await judge(judged, services, config.judge, config.rubric, reference)
    return replace(said, others=verdict.others)


def _said(of: str, judged: Judged, verdict: Verdict, past: Note) -> dict[str, Any]:
    """The verdict as others read it: in the trace, in `outputs`, in the timeline."""
    return {
        "of": of,
        "passed": verdict.passed is not False and bool(of),
        "because": verdict.because,
        "tries": len(past.get("tried", ())) + 1,
        "evidence": verdict.evidence,
        "confidence": verdict.confidence,
        "model": judged.model,
        "asked": [each.model for each in verdict.others],
    }


def _noted(judged: Judged, verdict: Verdict, past: Note) -> dict[str, Any]:
    """What the next try, and the gate after it, must know."""
    tried = {
        "answer": judged.answer,
        "model": judged.model,
        "because": verdict.because,
        "open": not verdict.mends,  # nobody confirmed it, but nothing refuted it
        "seconds": judged.seconds,
    }
    doubted = {"doubted": judged.value} if verdict.evidence == "judged" else {}
    return {
        **{key: past[key] for key in ("climbed", "model", "doubted") if key in past},
        **doubted,
        "answer": judged.answer,
        "because": verdict.because,
        "tried": [*past.get("tried", ()), tried],
        "others": [each.as_dict() for each in (*verdict.others, Candidate(judged.answer, judged.model))],
    }


def _best(of: str, judged: Judged, verdict: Verdict, past: Note) -> dict[str, Any]:
    """The last answer that nothing refuted, in the place of the last one; the strongest model came last."""
    if not verdict.mends:
        return {}
    unrefuted = [each for each in past.get("tried", ()) if each.get("open")]
    return {of: unrefuted[-1]["answer"]} if unrefuted and judged.value is not None else {}


def _judged(of: str, state: State, services: Services) -> Judged:
    """The answer that came in, with all that is known of it."""
    chatter = state["scratch"].get(of, [])
    ended = next((m for m in reversed(chatter) if m["role"] == "ended"), {})
    answer = state["outputs"].get(of)
    entry = ended.get("entry", "")
    return Judged(
        question=str(state["inputs"].get("question", "")),
        answer=as_text(answer),
        done_reason=ended.get("done_reason", "stop"),
        model=services.guard.entry(entry).name if entry else ended.get("model", ""),
        chatter=[message for message in chatter if message["role"] != "ended"],
        others=[Candidate(**each) for each in state["notes"].get(of, {}).get("others", ())],
        value=answer,
        window=[message for message in state["messages"] if "node" not in message],
        seconds=float(ended.get("seconds", 0.0)),
    )


def _asks(config: Gate, judged: Judged, services: Services) -> tuple[str, ...]:
    """Whom checks may ask: those that the gate names, or the others of the same tier."""
    entries = services.guard.entries
    tier = next((each.tier for each in entries.values() if each.name == judged.model), 1)
    # An answer from above is compared with what those below have said, not asked of others as dear.
    return config.asks or tuple(key for key, each in entries.items() if each.tier == tier == 1)


def _ahead(config: Gate, judged: Judged, past: Note, services: Services) -> Judged:
    """What will come of a complaint: the same model again, somebody else, or nobody."""
    others = tuple(judged.others)
    told = _step(config, judged, Verdict(False, others=others), past, services)
    open_ = Verdict(False, mends=False, others=others)
    disputed = _step(config, judged, open_, past, services)
    left = heirs(judged, open_, past, services, config.ladder) if disputed else ()
    names = tuple(services.guard.entry(key).name for key in left)
    return replace(judged, mends=told is not None and not told.model, heirs=names)
