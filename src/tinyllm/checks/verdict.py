"""An answer as a check sees it, and what the check says of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tinyllm.state import Message

Evidence = Literal["proved", "executed", "agreed", "judged", "unchecked"]
EVIDENCE: tuple[Evidence, ...] = (
    "unchecked",
    "judged",
    "agreed",
    "executed",
    "proved",
)  # from weak to strong


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer to the question: who gave it, for which check, and whether a program computed it."""

    answer: str
    model: str = ""
    of: str = ""
    ran: bool = False
    said: str = ""  # all of it, where the answer is only the result
    again: bool = False  # said by somebody who had answered already, asked afresh

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer as a gate sees it."""

    question: str
    answer: str
    done_reason: str = "stop"
    model: str = ""  # who answered: never asked about its own answer
    chatter: Sequence[Message] = ()  # the tool calls and results that led to it
    others: Sequence[Candidate] = ()  # what was answered before, and what others said when they were asked
    asks: Sequence[str] = ()  # the models that may be asked, those to ask first in front
    value: Any = None  # the answer as data, where the node gave data
    window: Sequence[Message] = ()  # the conversation that ends in the question
    seconds: float = 0.0  # what the answer took
    mends: bool = False  # told what is wrong, the one who answered will answer again
    heirs: Sequence[str] = ()  # the models that may answer when this answer is not believed

    @property
    def structured(self) -> bool:
        """Data that the graph asked for by a schema: what is said of texts does not hold for it."""
        return self.value is not None and not isinstance(self.value, str)

    def last(self, others: Sequence[Candidate]) -> bool:
        """Will nobody answer any more once these gave an opinion? What can be found out is then worth its price."""
        return not set(self.heirs) - {each.model for each in others}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says: it passed on some evidence, it failed for a reason, or it has nothing to say."""

    passed: bool | None = None
    because: str = ""
    evidence: Evidence = "unchecked"
    confidence: float = 0.0  # how likely it is that the verdict is right, as far as the check knows
    instead: Any = None  # a better answer that was found on the way, on the same evidence
    mends: bool = True  # told what is wrong, the same model may well do better
    others: tuple[Candidate, ...] = field(default=())  # what others said when they were asked
    skipped: str = ""  # why it could not look

    @classmethod
    def good(cls, evidence: Evidence = "unchecked", confidence: float = 0.0, **more: Any) -> "Verdict":
        return cls(True, evidence=evidence, confidence=confidence, **more)

    @classmethod
    def bad(cls, because: str, evidence: Evidence = "unchecked", **more: Any) -> "Verdict":
        return cls(False, because=because, evidence=evidence, **more)


NOTHING = Verdict()
