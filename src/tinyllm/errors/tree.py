"""The tree of failures: four classes that users know, one policy each.

TinyError
├── TimedOut            nobody answered in time; the outcome is unknown
├── Invalid             the data is wrong; the same input will fail again
│   ├── UsageError      … on the command line or in a call
│   ├── GraphError      … in a graph file or the configuration
│   └── BadReply        … in what a model or a tool said
├── Retryable           the same request may work later
│   ├── Unavailable     a backend does not answer
│   └── CircuitOpen     a backend is resting after failures
├── Permanent           needs a change by a person
│   ├── NotAnswered     no answer met the standard, or a solver declined
│   ├── OutOfBudget     a budget or loop guard ended the run
│   ├── Regressed       an eval got worse
│   └── Bug             ours
└── Stopped             not an error: someone wanted it to stop
    ├── Waiting         … for a person
    └── Interrupted     … by a signal
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

Kind = Literal["timeout", "validation", "retryable", "permanent", "cancelled"]
Retry = Literal[
    "none",
    "backoff",
    "backoff_if_idempotent",
    "backoff_long",
    "retry_after",
    "reread",
    "repair",
    "new_connection",
    "fallback_model",
    "after_action",
    "after_cooldown",
]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a failure deserves."""

    kind: Kind
    retry: Retry = "none"
    breaker: bool = False
    falls_back: bool = False
    exit_code: int = 1


class TinyError(Exception):
    """A failure with a class, a policy, a hint and a place."""

    policy: ClassVar[Policy] = Policy("permanent")
    default_code: ClassVar[str] = "FAILED"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        where: str = "",
        code: str | None = None,
        retry: Retry | None = None,
        breaker: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where
        self.code = code or self.default_code
        self.retry_after = retry_after
        self.deserves = self.policy
        if retry is not None:
            self.deserves = replace(self.deserves, retry=retry)
        if breaker is not None:
            self.deserves = replace(self.deserves, breaker=breaker)

    @property
    def kind(self) -> Kind:
        return self.deserves.kind

    @property
    def exit_code(self) -> int:
        return self.deserves.exit_code

    def at(self, where: str) -> "TinyError":
        """The same failure, placed: the innermost place wins."""
        self.where = self.where or where
        return self

    def as_dict(self) -> dict[str, str]:
        return {
            "kind": self.kind,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "where": self.where,
        }

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def __repr__(self) -> str:
        # From the message as it is now: LangGraph keeps this text, and the message may have lost its secrets since.
        return f"{type(self).__name__}({self.message!r})"


class TimedOut(TinyError):
    policy = Policy("timeout", retry="backoff", breaker=True, falls_back=True, exit_code=124)
    default_code = "TIMEOUT"


class Invalid(TinyError):
    policy = Policy("validation", retry="repair")
    default_code = "INVALID"


class UsageError(Invalid):
    policy = Policy("validation", exit_code=2)
    default_code = "USAGE"


class GraphError(Invalid):
    policy = Policy("validation", exit_code=3)
    default_code = "GRAPH_INVALID"


class BadReply(Invalid):
    policy = Policy("validation", retry="repair", falls_back=True)
    default_code = "BAD_REPLY"


class Retryable(TinyError):
    policy = Policy("retryable", retry="backoff", breaker=True, falls_back=True, exit_code=4)
    default_code = "RETRYABLE"


class Unavailable(Retryable):
    """A refused connection is an answer: the next target, not the same one again."""

    policy = Policy("retryable", retry="fallback_model", breaker=True, falls_back=True, exit_code=4)
    default_code = "UNAVAILABLE"


class CircuitOpen(Retryable):
    policy = Policy("retryable", retry="after_cooldown", falls_back=True, exit_code=4)
    default_code = "CIRCUIT_OPEN"


class Permanent(TinyError):
    policy = Policy("permanent", falls_back=True)
    default_code = "PERMANENT"


class NotAnswered(Permanent):
    policy = Policy("permanent", exit_code=5)
    default_code = "NOT_ANSWERED"


class OutOfBudget(Permanent):
    policy = Policy("permanent", exit_code=7)
    default_code = "OUT_OF_BUDGET"


class Regressed(Permanent):
    policy = Policy("permanent", exit_code=8)
    default_code = "REGRESSED"


class Bug(Permanent):
    policy = Policy("permanent", exit_code=70)
    default_code = "BUG"


class Stopped(TinyError):
    policy = Policy("cancelled", exit_code=130)
    default_code = "CANCELLED"


class Waiting(Stopped):
    policy = Policy("cancelled", exit_code=6)
    default_code = "WAITING"


class Interrupted(Stopped):
    default_code = "INTERRUPTED"
