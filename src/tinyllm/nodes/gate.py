"""Let an answer through when it is good enough, else send it back."""

from typing import ClassVar, Literal

from pydantic import Field

from tinyllm.checks import CHECKS, Judged
from tinyllm.kinds import Node, node
from tinyllm.services import Services
from tinyllm.state import END, REFUSE, RETRY, Goto, State, latest


class Gate(Node):
    """A judge of the answer that came in: checks first, and tries counted."""

    answers: ClassVar[bool] = False
    exit_fields: ClassVar[tuple[str, ...]] = ("passes", "fails", "gives_up")

    kind: Literal["gate"] = "gate"
    checks: tuple[str, ...] = Field(default=("not_empty",), description="The checks, in this order.")
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
    because = next((said for said in (CHECKS[name](judged) for name in config.checks) if said), "")
    past = state["notes"].get(of, {})
    tried = [*past.get("tried", ()), {"answer": judged.answer, "because": because}]
    verdict = {"of": of, "passed": not because, "because": because, "tries": len(tried)}
    if not because:
        return Goto(config.passes, {**verdict, "evidence": "unchecked"})
    if not of:  # nobody answered: there is nobody to ask again
        return Goto(config.gives_up, verdict)
    note = {"answer": judged.answer, "because": because, "tried": tried}
    if len(tried) < config.tries and config.fails == RETRY:
        return Goto(of, verdict, notes={of: note})
    if config.fails != RETRY and len(tried) < config.tries:
        return Goto(config.fails, verdict, notes={of: note})
    if config.escalates and not past.get("model"):
        return Goto(of, verdict, notes={of: {**note, "model": config.escalates, "afresh": True}})
    return Goto(config.gives_up, verdict, notes={of: note})


def _judged(of: str, state: State) -> Judged:
    ended = next((m for m in state["scratch"].get(of, []) if m["role"] == "ended"), {})
    return Judged(
        question=str(state["inputs"].get("question", "")),
        answer=str(state["outputs"].get(of) or ""),
        done_reason=ended.get("done_reason", "stop"),
    )
