"""The one place that knows foreign exceptions: any failure in, one of ours out."""

import re
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
        _message(verdict, case),
        hint=_hint(verdict, case),
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


_NAMED = re.compile(r"""(?:model|manifest) [\\]*['"]([\w./:-]+?)[\\]*['"]""")


def _hint(verdict: "Diagnosis", case: "Case") -> str:
    """The advice, with the model's name in it where the server said which."""
    found = _NAMED.search(case.message)
    return verdict.hint.replace("NAME", found[1]) if found else verdict.hint


def _message(verdict: "Diagnosis", case: "Case") -> str:
    """What happened, in one line: the library's words, unless it has none or they say less than ours."""
    where = f" at {case.target}" if case.target else ""
    if verdict.code == "MODEL_SERVER_DOWN":
        return f"no answer from the model server{where}"
    line = next((line.strip() for line in case.message.splitlines() if line.strip()), "")
    silent = (
        f"no answer in time{where}" if verdict.kind == "timeout" else f"{case.leaf} without a message{where}"
    )
    return line[:300] or silent
