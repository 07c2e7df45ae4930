"""The one place that knows foreign exceptions: any failure in, one of ours out."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tinyllm.errors.tree import Retry, TinyError, Unavailable

if TYPE_CHECKING:
    from tinyllm.errors.case import Case
    from tinyllm.errors.diagnosis import Diagnosis

Unknown = Callable[["Case"], None]


def classify(
    failure: BaseException, *, op: str = "", component: str = "", unknown: Unknown | None = None
) -> TinyError:
    """Ours as it is; anything else named, with its policy, its hint and itself as the cause."""
    if isinstance(failure, TinyError):
        return failure
    # The rules are read with the first failure: a start that goes well does not pay for them.
    from tinyllm.errors.case import from_exception
    from tinyllm.errors.codes import UNCLASSIFIED
    from tinyllm.errors.diagnosis import diagnose

    case = from_exception(failure, op=op, component=component)
    verdict = diagnose(case)
    if verdict.code == UNCLASSIFIED and unknown is not None:
        unknown(case)
    named = verdict.row.raises(
        _message(case),
        hint=verdict.hint,
        code=verdict.code,
        retry=_retry(verdict, case),
        breaker=verdict.breaker,
        retry_after=case.retry_after,
    )
    named.__cause__ = failure
    return named


def _retry(verdict: "Diagnosis", case: "Case") -> Retry | None:
    # A refused connection may work later, but not on the same host in the same run: the class knows.
    if issubclass(verdict.row.raises, Unavailable):
        return None
    return (
        "retry_after"
        if case.retry_after is not None and verdict.retry.startswith("backoff")
        else verdict.retry
    )


def _message(case: "Case") -> str:
    """What the library said, in one line; many timeouts say nothing."""
    line = next((line.strip() for line in case.message.splitlines() if line.strip()), "")
    return line[:300] or f"{case.leaf} without a message"
