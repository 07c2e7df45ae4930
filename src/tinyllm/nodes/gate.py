"""Let an answer through when it is good enough, else send it back."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from tinyllm.checks import CHECKS, EVIDENCE, Judged, Verdict
from tinyllm.kinds import Node, node
from tinyllm.plain import as_text
from tinyllm.services import Services
from tinyllm.state import END, REFUSE, RETRY, Goto, State, latest


class Gate(Node):
    """A judge of the answer that came in: checks first, and tries counted."""

    answers: ClassVar[bool] = False
    exit_fields: ClassVar[tuple[str, ...]] = ("passes", "fails", "gives_up")

    kind: Literal["gate"] = "gate"
    checks: tuple[str | dict[str, dict[str, Any]], ...] = Field(
        default=("not_empty",), description="The checks: names, or a name with its parameters."
    )
    passes: str = Field(default=END, description="Where a good answer goes.")
    fails: str = Field(default=RETRY, description="Where a poor answer goes while tries are left.")
    tries: int = Field(default=2, ge=1, le=10, description="How many answers are looked at.")
    escalates: str = Field(default="", description="The model that answers after the last try failed.")
    gives_up: str = Field(default=REFUSE, description="Where to go when nothing passed.")
    judges: tuple[str, ...] = Field(default=(), description="Filled in: the nodes whose answers it sees.")
    to: str = ""

    def exits(self) -> tuple[str, ...]:
        back = self.judges if self.fails == RETRY or self.escalates else ()
        return (*(target for target in super().exits() if target != RETRY), *back)

    def models(self) -> tuple[str, ...]:
        return (self.escalates,) if self.escalates else ()


@node
async def gate(config: Gate, state: State, services: Services) -> Goto:
    """Let an answer through when it is good enough, else send it back."""
    of = latest(state["outputs"], config.judges)
    judged = _judged(of, state)
    verdict = await _looked(config, judged, services)
    because = verdict.because
    past = state["notes"].get(of, {})
    tried = [*past.get("tried", ()), {"answer": judged.answer, "model": judged.model, "because": because}]
    said = {"of": of, "passed": not because, "because": because, "tries": len(tried)}
    said |= {"evidence": verdict.evidence, "confidence": verdict.confidence}
    if not because:
        return Goto(config.passes, said)
    if not of:  # nobody answered: there is nobody to ask again
        return Goto(config.gives_up, said)
    note = {"answer": judged.answer, "because": because, "tried": tried}
    if len(tried) < config.tries and config.fails == RETRY:
        return Goto(of, said, notes={of: note})
    if config.fails != RETRY and len(tried) < config.tries:
        return Goto(config.fails, said, notes={of: note})
    if config.escalates and not past.get("model"):
        return Goto(of, said, notes={of: {**note, "model": config.escalates, "afresh": True}})
    return Goto(config.gives_up, said, notes={of: note})


async def _looked(config: Gate, judged: Judged, services: Services) -> Verdict:
    """The first complaint, or the strongest evidence."""
    best = Verdict()
    for wanted in config.checks:
        name, parameters = (wanted, {}) if isinstance(wanted, str) else next(iter(wanted.items()))
        verdict = await CHECKS[name](judged, services, parameters)
        if verdict.passed is False:
            return verdict
        if EVIDENCE.index(verdict.evidence) > EVIDENCE.index(best.evidence):
            best = verdict
    return best


def _judged(of: str, state: State) -> Judged:
    chatter = state["scratch"].get(of, [])
    ended = next((m for m in chatter if m["role"] == "ended"), {})
    answer = state["outputs"].get(of)
    return Judged(
        question=str(state["inputs"].get("question", "")),
        answer=as_text(answer),
        done_reason=ended.get("done_reason", "stop"),
        model=ended.get("model", ""),
        chatter=[message for message in chatter if message is not ended],
        value=answer,
    )
